// `vault run` as a process of its own, whose proxy a test uses as the program in it would, and whose weight it reads from the outside.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Proxy } from "../../src/proxy/server.ts";
import { layEmptyVault } from "./empty-vault.ts";
import { NODE, RUN_JS } from "./program.ts";

export interface RunningVault extends Proxy {
  /** Of the process that the proxy lives in. */
  readonly pid: number;
  /** What the program holds instead of the value. */
  readonly placeholder: string;
  /** Everything that the process has said on stderr. */
  readonly complaints: () => string;
}

export interface RunningVaultOptions {
  readonly value: string;
  /** Such as `localhost:8443`. */
  readonly hosts: readonly string[];
  /** As `--inject` takes them. */
  readonly places: string;
  /** PEM. */
  readonly upstreamCertificate: string;
  /** Besides, in the environment of the run. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The program says what it was given, and lives until its standard input ends. */
const PROGRAM = 'printf "%s\\n" "$HTTPS_PROXY" "$SSL_CERT_FILE" "$API_KEY"; exec cat';

/** Starts a run whose one secret is `API_KEY`. Closing it ends the program, and waits for the process. */
export async function openRunningVault({ value, hosts, places, upstreamCertificate, variables = {} }: RunningVaultOptions): Promise<RunningVault> {
  const folder = mkdtempSync(join(tmpdir(), "vault-weight-"));
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault") };
  const vault = (args: readonly string[], input = ""): void => {
    const { status, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`vault ${args.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
  };
  layEmptyVault(env.VAULT_DIR);
  vault(["secrets", "create", "API_KEY", ...hosts.flatMap((host) => ["--host", host]), "--inject", places], value);
  const serverPem = join(folder, "server.pem");
  writeFileSync(serverPem, upstreamCertificate);
  const child = spawn(NODE, [RUN_JS, "run", "--upstream-ca", serverPem, "--", "sh", "-c", PROGRAM], { env: { ...env, ...variables }, stdio: "pipe" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const [url = "", caFile = "", placeholder = ""] = await firstLines(child.stdout, 3);
  if (placeholder === "") throw new Error(`vault run did not start: ${complaints}`);
  // The run's own authority is the first in the file; all the others would be read anew for each connection.
  const caCertificate = `-----BEGIN CERTIFICATE-----${readFileSync(caFile, "latin1").split("-----BEGIN CERTIFICATE-----")[1] ?? ""}`;
  return {
    pid: child.pid ?? 0,
    port: Number(new URL(url).port),
    url,
    caCertificate,
    placeholder,
    complaints: () => complaints,
    async close() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function firstLines(stream: NodeJS.ReadableStream, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream })) if (lines.push(line) === count) break;
  return lines;
}
