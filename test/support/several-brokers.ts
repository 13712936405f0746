// Three brokers on one store, each on what stands for a machine of its own, behind one name: HAProxy, which gives each connection to the next of them.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as requestPlain } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { openBrokerRelay } from "../../src/app/runs/broker-relay.ts";
import { holdSessionLine } from "../../src/app/runs/session-line.ts";
import type { BrokerClient, BrokerOrigin } from "../../src/broker/client.ts";
import { openBrokerClient } from "../../src/broker/client.ts";
import type { SessionAnswer, SessionOrder } from "../../src/broker/order.ts";
import { encodeOrder, parseAnswer } from "../../src/broker/order.ts";
import type { IdentityKey } from "../../src/identity/identity-key.ts";
import { parseIdentityKey } from "../../src/identity/identity-key.ts";
import { VaultError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { watch } from "./built-vault.ts";
import type { EnginePlace } from "./engine-places.ts";
import { NODE, RUN_JS } from "./program.ts";
import { connectTls, survive } from "./raw-sockets.ts";
import { findFreePort } from "./real-servers.ts";
import { makeServerFolder, openServedProgram } from "./served-program.ts";
import type { Machine } from "./store-machines.ts";
import { openMachine } from "./store-machines.ts";
import { makeTestCa } from "./test-ca.ts";

export interface ServingMachine extends Machine {
  /** Where this broker itself listens. */
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends the broker, and waits. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** At the same port. */
  serve(): Promise<void>;
}

export interface TestIdentity {
  readonly key: IdentityKey;
  /** By the name that all brokers have. */
  readonly client: BrokerClient;
}

export interface TestSession {
  readonly answer: SessionAnswer;
  /** Why the run's machine thinks that there is no session any more. */
  readonly lost: readonly string[];
  /** What it has heard of brokers that could not be reached, or have failed. */
  readonly troubles: readonly string[];
  /** One request of the program's, on a connection of its own. @returns `digestOf` what the server got for the placeholder; throws where the connection is cut. */
  ask(): Promise<string>;
  /** A connection of the program's that stays open. */
  hold(): Promise<HeldConnection>;
  /** Tells the end. @returns the status. */
  end(): Promise<number>;
  /** As a machine that is gone. */
  vanish(): Promise<void>;
}

export interface HeldConnection {
  readonly isCut: () => boolean;
  /** As `TestSession.ask`, on this connection. */
  ask(): Promise<string>;
  close(): void;
}

export interface SeveralBrokers {
  /** As runs know them. */
  readonly origin: BrokerOrigin;
  readonly machines: readonly ServingMachine[];
  /** A machine with an identity and nothing else. */
  readonly runner: Machine;
  readonly host: string;
  /** The server's certificate, for programs that are told of it by a file. */
  identify(handle: string): TestIdentity;
  open(identity: TestIdentity, order?: Partial<SessionOrder>): Promise<TestSession>;
  close(): Promise<void>;
}

/** The value itself would be taken out of an answer. */
export function digestOf(value: string): string {
  return hash("sha256", value, "hex");
}

export const FIRST_VALUE = "first-value-4fa09b1c";
export const ORDER: SessionOrder = { program: "sh", vault: undefined, workspace: undefined, group: undefined, selections: undefined, project: undefined, denyUnmatched: false, strict: false, freshPlaceholders: false, isWalled: false, isLogged: false, isSummed: false };

export async function openSeveralBrokers(place: EnginePlace, count = 3): Promise<SeveralBrokers> {
  const ca = makeTestCa();
  const upstream = createServer(ca.identityFor("localhost"), (request, response) => { response.end(digestOf((request.headers.authorization ?? "").replace("Bearer ", ""))); });
  // None of its connections ends by itself, just when it is asked again.
  upstream.keepAliveTimeout = 3_600_000;
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  const host = `localhost:${typeof address === "object" && address !== null ? address.port : 0}`;
  const front = await findFreePort();
  const origin = `http://127.0.0.1:${front}` as BrokerOrigin;
  const folder = makeServerFolder("brokers");
  const [root, key] = [join(folder, "root.pem"), join(folder, "kek.key")];
  writeFileSync(root, ca.certificate);
  const makeHome = (name: string): string => {
    const home = join(folder, name);
    mkdirSync(home);
    return home;
  };
  const machines: ServingMachine[] = [];
  for (let index = 0; index < count; index += 1) {
    const machine = openMachine(place, {}, makeHome(`machine-${index}`));
    requireDone(machine.vault(["init", "--store", place.url, ...(index === 0 ? ["--provider", "file", "--file-path", key] : [])]));
    if (index === 0) requireDone(machine.vault(["secrets", "create", "API_KEY", "--host", host, "--allow-private"], FIRST_VALUE));
    machines.push(await serveOn(machine, origin, root));
  }
  const balancer = await openBalancer(front, machines.map(({ port }) => port));
  const runner = openMachine({ ...place, environment: {} }, {}, makeHome("runner"));
  return {
    origin, machines, runner, host,
    identify(handle) {
      const { did } = JSON.parse(requireDone(runner.vault(["identity", "create", handle, "--json"]))) as { readonly did: string };
      requireDone(machines[0]?.vault(["identity", "accept", did]));
      const identity = parseIdentityKey(Secret.fromText(readFileSync(join(runner.folder, "identities", `${handle}.key`), "latin1")), "this test");
      return { key: identity, client: openBrokerClient(origin, identity, [], Date.now) };
    },
    // Whoever was accepted at one machine is so at the others as soon as they have heard of it.
    open: ({ client }, order = {}) => untilAccepted(() => openSession(client, { ...ORDER, ...order }, host)),
    async close() {
      for (const machine of machines) await machine.stop("SIGKILL");
      await balancer.close();
      upstream.closeAllConnections();
      upstream.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serveOn(machine: Machine, origin: string, root: string): Promise<ServingMachine> {
  const port = await findFreePort();
  let process: ChildProcess | undefined;
  const serve = async (): Promise<void> => {
    const child = spawn(NODE, [RUN_JS, "serve", "--listen", `127.0.0.1:${port}`, "--name", origin, "--upstream-ca", root], { env: machine.env, stdio: ["ignore", "pipe", "pipe"] });
    await watch(child, () => undefined).said("serving at ");
    process = child;
  };
  await serve();
  return {
    ...machine, port, serve,
    get process() {
      if (process === undefined) throw new Error("it does not run");
      return process;
    },
    async stop(signal) {
      const ending = process;
      process = undefined;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.once("close", resolve));
      ending.kill(signal);
      await ended;
    },
  };
}

function openBalancer(port: number, brokers: readonly number[]): ReturnType<typeof openServedProgram> {
  const folder = makeServerFolder("haproxy");
  const configuration = join(folder, "configuration");
  writeFileSync(configuration, `
global
  maxconn 8000
defaults
  mode tcp
  timeout client 1h
  timeout server 1h
  timeout connect 2s
  retries 3
  option redispatch 1
frontend all
  bind 127.0.0.1:${port}
  default_backend brokers
backend brokers
  balance roundrobin
  option httpchk GET /ready
  timeout check 5s
  default-server check inter 500 fall 2 rise 1
${brokers.map((broker, index) => `  server broker${index} 127.0.0.1:${broker}`).join("\n")}
`);
  return openServedProgram({ command: "haproxy", args: ["-db", "-f", configuration], port, folder, options: { env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` } }, isReady: async () => (await fetch(`http://127.0.0.1:${port}/health`).then(({ status }) => status, () => 0)) === 200 });
}

async function untilAccepted<T>(open: () => Promise<T>): Promise<T> {
  for (const startMs = performance.now(); ;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== "not-accepted" || performance.now() - startMs > 20_000) throw error;
      await wait(50);
    }
  }
}

async function openSession(client: BrokerClient, order: SessionOrder, host: string): Promise<TestSession> {
  const { status, body } = await client.ask("POST", "/v1/sessions", encodeOrder(order));
  if (status !== 201) throw new Error(`status ${status}`);
  const answer = parseAnswer(body);
  const lost: string[] = [];
  const troubles: string[] = [];
  const line = await holdSessionLine(client, answer.session, { hear: () => undefined, onLost: ({ message }) => { lost.push(message); } });
  const relay = openBrokerRelay(client, answer, ({ code, message }) => { (code === "store-unavailable" ? troubles : lost).push(message); });
  const { url } = await relay.listen();
  const close = async (): Promise<void> => {
    line.close();
    await relay.close();
  };
  return {
    answer, lost, troubles,
    async ask() {
      const held = await holdThrough(new URL(url), host, answer);
      return held.ask().finally(() => { held.close(); });
    },
    hold: () => holdThrough(new URL(url), host, answer),
    async end() {
      const ended = await client.ask("DELETE", `/v1/sessions/${answer.session}`, Buffer.from('{"kind":"exited","status":0}'));
      await close();
      return ended.status;
    },
    vanish: close,
  };
}

/** As a program does that knows the proxy by its variables: CONNECT, TLS with the run's root, and requests with the placeholder. */
function holdThrough({ hostname, port, username, password }: URL, host: string, { caCertificate, secrets }: SessionAnswer): Promise<HeldConnection> {
  return new Promise((resolve, reject) => {
    const connecting = requestPlain({ host: hostname, port, method: "CONNECT", path: host, headers: { Host: host, "Proxy-Authorization": `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` }, agent: false, timeout: PATIENCE_MS });
    connecting.once("timeout", () => connecting.destroy());
    connecting.once("error", reject);
    connecting.once("response", ({ statusCode = 0 }) => { reject(new Error(`status ${statusCode}`)); });
    connecting.once("connect", ({ statusCode = 0 }, plain: Socket) => {
      survive(plain).on("error", reject);
      if (statusCode !== 200) {
        plain.destroy();
        reject(new Error(`status ${statusCode}`));
        return;
      }
      const socket = connectTls({ socket: plain, servername: "localhost", ca: [caCertificate] });
      socket.on("error", reject);
      socket.once("close", () => { reject(new Error("the connection was cut")); });
      socket.once("secureConnect", () => { resolve(heldBy(socket, plain, host, secrets[0]?.placeholder ?? "")); });
    });
    connecting.end();
  });
}

function heldBy(socket: Socket, plain: Socket, host: string, placeholder: string): HeldConnection {
  const isCut = (): boolean => socket.destroyed || plain.destroyed;
  return {
    isCut,
    ask: () => new Promise((resolve, reject) => {
      let text = "";
      const timer = setTimeout(() => { socket.destroy(); }, PATIENCE_MS);
      const end = (): void => {
        clearTimeout(timer);
        socket.off("data", hear).off("close", fail);
      };
      const fail = (): void => {
        end();
        reject(new Error(`the connection was cut: ${text}`));
      };
      const hear = (chunk: Buffer): void => {
        text += chunk.toString("latin1");
        const digest = /[0-9a-f]{64}/.exec(text)?.[0];
        const isRefused = /^HTTP\/1\.1 (?!200)\d+ [^]*\r\n\r\n/.test(text);
        if (digest === undefined && !isRefused) return;
        end();
        if (digest === undefined) reject(new Error(text));
        else resolve(digest);
      };
      if (isCut()) fail();
      else socket.on("data", hear).once("close", fail).write(`GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${placeholder}\r\n\r\n`);
    }),
    close() {
      socket.destroy();
      plain.destroy();
    },
  };
}

const PATIENCE_MS = 60_000;

function requireDone(said: ReturnType<Machine["vault"]> | undefined): string {
  if (said?.status !== 0) throw new Error(`${String(said?.status)}: ${said?.err ?? "no machine"}`);
  return said.out;
}
