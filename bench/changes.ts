// How soon a value that was changed on one machine is what a run on another machine sends. Two data folders stand for the machines; what they share is the store's server.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ProxyAgent, request } from "undici";
import { hasPostgres, openPostgresServer } from "../test/support/postgres-server.ts";
import { NODE, RUN_JS } from "../test/support/program.ts";
import { hasRedis, openRedisServer } from "../test/support/redis-server.ts";
import { makeSelfSigned } from "../test/support/self-signed.ts";
import { cleanEnvironment } from "./clean-environment.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";

interface Store {
  readonly name: string;
  readonly url: string;
  readonly password: string;
  close(): Promise<void>;
}

/** A program on the other machine, which asks over and over. */
interface Asker {
  readonly name: string;
  /** One request. @returns the credential that the server got. */
  ask(): Promise<string>;
  close(): Promise<void>;
}

/** The program says what it was given, and lives until its standard input ends. */
const PROGRAM = 'printf "%s\\n" "$HTTPS_PROXY" "$API_KEY"; exec cat';
const PATIENCE_MS = 30_000;
const PAUSE_MS = 5;

export async function measureChanges(isQuick: boolean): Promise<Section[]> {
  const contenders: Record<string, () => Promise<Record<string, number>>> = {};
  const closers: (() => Promise<void> | void)[] = [];
  try {
    for (const store of await openStores()) {
      closers.unshift(() => store.close());
      const stage = await openStage(store);
      closers.unshift(() => stage.close());
      for (const asker of stage.askers) contenders[`vault run${asker.name}, ${store.name}`] = () => stage.measure(asker);
    }
    if (Object.keys(contenders).length === 0) return [];
    const rows = await inTurns(isQuick ? 3 : 7, contenders, 1);
    return [{ title: "A new value, on another machine", about: "From the end of `vault secrets rotate` on one machine to the first request with the new value of a run that goes on at another one, its own or through a broker there; 0 where that was sent before the command had ended. Two data folders on one machine, one store.", better: "down", unit: "ms", references: [], rows }];
  } finally {
    for (const closer of closers) await closer();
  }
}

async function openStores(): Promise<Store[]> {
  const stores: Store[] = [];
  if (hasRedis) {
    const server = await openRedisServer();
    stores.push({ name: "Redis", url: `redis://127.0.0.1:${server.port}/0/bench`, password: server.password, close: () => server.close() });
  }
  if (hasPostgres) {
    const server = await openPostgresServer({ isDurable: true });
    stores.push({ name: "PostgreSQL", url: `postgres://vault@127.0.0.1:${server.port}/vault/bench?tls=off`, password: server.password, close: () => server.close() });
  }
  return stores;
}

async function openStage({ url, password }: Store): Promise<{ readonly askers: readonly Asker[]; measure(asker: Asker): Promise<Record<string, number>>; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "vault-changes-"));
  const machineOf = (name: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
    const home = join(folder, name);
    mkdirSync(home);
    return { ...cleanEnvironment(home), VAULT_DIR: join(home, "vault"), ...more };
  };
  const [here, there] = [machineOf("here", { VAULT_STORE_PASSWORD: password }), machineOf("there", { VAULT_STORE_PASSWORD: password })];
  const upstream = await openUpstream(join(folder, "server.pem"));
  vault(here, ["init", "--store", url, "--provider", "file", "--file-path", join(folder, "kek.key")]);
  vault(here, ["secrets", "create", "API_KEY", "--host", upstream.host, "--inject", "header"], "value-0");
  vault(there, ["init", "--store", url]);

  const trusting = ["--upstream-ca", join(folder, "server.pem")];
  const own = await openAsker("", upstream, spawn(NODE, [RUN_JS, "run", ...trusting, "--", "sh", "-c", PROGRAM], { env: there }));
  const broker = spawn(NODE, [RUN_JS, "serve", "--listen", "127.0.0.1:0", ...trusting], { env: there });
  const [said = ""] = await firstLines(broker, 1);
  const [origin, runner] = [said.replace("serving at ", ""), machineOf("runner")];
  vault(runner, ["identity", "create", "bench"]);
  vault(runner, ["identity", "claim", "--broker", origin, "--identity", "bench"]);
  vault(there, ["identity", "accept", "bench"]);
  const brokered = await openAsker(" --broker", upstream, spawn(NODE, [RUN_JS, "run", "--broker", origin, "--identity", "bench", "--", "sh", "-c", PROGRAM], { env: runner }));

  let count = 0;
  return {
    askers: [own, brokered],
    async measure(asker) {
      count += 1;
      const value = `value-${count}`;
      await asker.ask();
      const rotating = spawn(NODE, [RUN_JS, "secrets", "rotate", "API_KEY"], { env: here });
      rotating.stdin.end(value);
      const ended = once(rotating, "exit").then(([status]) => {
        if (status !== 0) throw new Error(`vault secrets rotate ended with ${String(status)}`);
        return performance.now();
      });
      const [endedMs, arrivedMs] = await Promise.all([ended, askUntil(asker, value)]);
      return { ms: Math.max(0, arrivedMs - endedMs) };
    },
    async close() {
      await brokered.close();
      await own.close();
      broker.kill("SIGTERM");
      await once(broker, "close");
      upstream.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The time at which it was first answered with this value. */
async function askUntil(asker: Asker, value: string): Promise<number> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(PAUSE_MS)) {
    if ((await asker.ask()) === `Bearer ${value}`) return performance.now();
  }
  throw new Error(`the change was not seen within ${PATIENCE_MS / 1000} seconds`);
}

/** A server that remembers the last credential that it got. An answer that held it would be scrubbed. */
async function openUpstream(certificateFile: string): Promise<{ readonly host: string; readonly last: () => string; close(): void }> {
  const { certificate, key } = makeSelfSigned("localhost");
  writeFileSync(certificateFile, certificate);
  let last = "";
  const server = createServer({ cert: certificate, key }, ({ headers }, response) => {
    last = headers.authorization ?? "";
    response.end("ok");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return {
    host: `localhost:${typeof address === "object" && address !== null ? address.port : 0}`,
    last: () => last,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function openAsker(name: string, { host, last }: Awaited<ReturnType<typeof openUpstream>>, run: ChildProcessWithoutNullStreams): Promise<Asker> {
  const [proxy = "", placeholder = ""] = await firstLines(run, 2);
  const dispatcher = new ProxyAgent({ uri: proxy, requestTls: { rejectUnauthorized: false } });
  return {
    name,
    async ask() {
      const { statusCode, body } = await request(`https://${host}/`, { dispatcher, headers: { authorization: `Bearer ${placeholder}` } });
      await body.dump();
      if (statusCode !== 200) throw new Error(`a request was answered with ${statusCode}`);
      return last();
    },
    async close() {
      await dispatcher.close();
      run.stdin.end();
      await once(run, "close");
    },
  };
}

function vault(env: NodeJS.ProcessEnv, args: readonly string[], input = ""): void {
  const { status, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8" });
  if (status !== 0) throw new Error(`vault ${args.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
}

async function firstLines({ stdout, stderr }: ChildProcessWithoutNullStreams, count: number): Promise<string[]> {
  let complaints = "";
  stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const lines: string[] = [];
  for await (const line of createInterface({ input: stdout })) if (lines.push(line) === count) return lines;
  throw new Error(`a machine did not start: ${complaints}`);
}
