// A program cannot read the value, so it has the server read it out: an endpoint that echoes what it was sent, in a body, a header, a cookie, a redirect, a stream,
// compressed or encoded. And whoever runs it looks for the value wherever a program leaves traces: output, debug output, logs, files, the process list, reports
// of a crash. The value must have arrived at the server, and be nowhere else, in no guise.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import { createSecret } from "../../src/app/secrets/secrets.ts";
import { Secret } from "../../src/secret.ts";
import { makeHomeIn } from "../support/home.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import type { ReflectingServer } from "../support/reflecting-server.ts";
import { openReflectingServer } from "../support/reflecting-server.ts";
import { findReflections, reflect, REFLECTED_VALUES } from "../support/reflected-values.ts";
import { makeFolder } from "../support/temporary.ts";

const CHILD = fileURLToPath(new URL("../support/reflection-child.mjs", import.meta.url));
const NAMES = Object.keys(REFLECTED_VALUES);
/** What of the answers has every guise of a value in it: six bodies and events. Of half a body a client may drop what comes right before its end. */
const WHOLE_REFLECTIONS = 7;

const PASSPHRASE = "passphrase-of-the-environment";

let server: ReflectingServer;
beforeAll(async () => {
  server = await openReflectingServer();
});
afterAll(() => server.close());

/** Which values a text holds, and in which guises. */
function findValues(text: Buffer): string[] {
  return Object.entries(REFLECTED_VALUES).flatMap(([name, value]) => findReflections(text, value).map((guise) => `${name} as ${guise}`));
}

function findInFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true)
    .flatMap((path) => findValues(readFileSync(join(folder, path))).map((found) => `${path}: ${found}`));
}

/** What the system shows of the processes whose environment names the folder. */
function findInProcesses(folder: string): { readonly count: number; readonly found: readonly string[] } {
  const shown = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).map((pid) => ["environ", "cmdline"].map((file) => readQuietly(`/proc/${pid}/${file}`)));
  const ours = shown.filter(([environment]) => environment?.includes(folder) === true);
  return { count: ours.length, found: ours.flat().flatMap(findValues) };
}

function readQuietly(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

/** A run over all the values, with this besides in its environment. `end` is told when the program has asked for everything, and ends the run. */
async function play(folder: string, variables: Readonly<Record<string, string>>, end: (run: { readonly pid: number; readonly finish: () => void }) => Promise<void>): Promise<{ readonly stdout: Buffer; readonly stderr: Buffer }> {
  const { surroundings } = makeHomeIn(folder);
  await makeVault(surroundings, { provider: "file", path: undefined });
  for (const [name, value] of Object.entries(REFLECTED_VALUES)) {
    const places = name === "PEM" ? (["body"] as const) : (["body", "header"] as const);
    await createSecret(surroundings, { name, scope: { kind: "global" }, service: undefined, hosts: [`localhost:${server.port}`], places, allowPrivate: false }, () => Promise.resolve(Secret.fromText(value)));
  }
  writeFileSync(join(folder, "server.pem"), server.certificate);
  mkdirSync(join(folder, "tmp"));
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: join(folder, "tmp"), ...surroundings.variables, ...variables };
  const flags = ["--upstream-ca", join(folder, "server.pem"), "--log", join(folder, "run.jsonl"), "--summary"];
  // A core dump is the system's, of all memory, and no answer to any of this.
  const run = spawn("sh", ["-c", 'ulimit -c 0; exec "$@"', "sh", NODE, RUN_JS, "run", ...flags, "--", NODE, CHILD, `localhost:${server.port}`, NAMES.join(",")], { cwd: folder, env, stdio: "pipe" });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  run.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  const ready = new Promise<void>((resolve) => {
    run.stderr.on("data", (chunk: Buffer) => {
      stderr.push(chunk);
      if (/^ready$/m.test(chunk.toString("latin1"))) resolve();
    });
  });
  const ended = once(run, "close");
  await Promise.race([ready, ended]);
  await end({ pid: run.pid ?? 0, finish: () => run.stdin.end() });
  await ended;
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

describe("a value that its own server reads out", () => {
  it("arrives there, and comes back as the placeholder in every guise, wherever it stood", async () => {
    const folder = makeFolder();
    const { stdout, stderr } = await play(folder, {}, ({ finish }) => {
      if (process.platform === "linux") {
        const { count, found } = findInProcesses(folder);
        expect(count).toBeGreaterThanOrEqual(2);
        expect(found).toEqual([]);
      }
      expect(findInFiles(folder)).toEqual([]);
      finish();
      return Promise.resolve();
    });
    const placeholders = JSON.parse(stdout.toString().trimEnd().split("\n").at(-1) ?? "") as Record<string, string>;
    expect([...server.arrived()].sort()).toEqual(Object.values(REFLECTED_VALUES).sort());
    expect(findValues(stdout)).toEqual([]);
    expect(findValues(stderr)).toEqual([]);
    expect(findInFiles(folder)).toEqual([]);
    for (const [name, value] of Object.entries(REFLECTED_VALUES)) {
      const seen = stdout.toString("latin1").split(placeholders[name] ?? "none").length - 1;
      expect([name, seen >= WHOLE_REFLECTIONS * Object.keys(reflect(value)).length]).toEqual([name, true]);
    }
    expect(stderr.toString()).toContain("GITHUB");
  });

  it("is in no debug output, and in no report, trace or snapshot of a run that is looked into and then killed, nor is the passphrase", async () => {
    const folder = makeFolder();
    const reports = join(folder, "reports");
    mkdirSync(reports);
    const options = ["--report-on-signal", "--report-on-fatalerror", "--report-uncaught-exception", `--report-directory=${reports}`, `--diagnostic-dir=${reports}`, "--heapsnapshot-signal=SIGUSR2", "--trace-warnings", "--trace-tls", "--trace-event-categories=node,node.http,node.net.native"];
    const variables = { DEBUG: "*", NODE_DEBUG: "*", NODE_OPTIONS: options.join(" "), VAULT_PASSPHRASE: PASSPHRASE };
    const { stdout, stderr } = await play(folder, variables, async ({ pid, finish }) => {
      process.kill(pid, "SIGUSR2");
      // The program gets the signal too, and obeys the options that were meant for it.
      await expect.poll(() => readdirSync(reports).some((name) => name.startsWith("report.")), { timeout: 10_000 }).toBe(true);
      process.kill(pid, "SIGABRT");
      finish();
    });
    expect(stderr.length).toBeGreaterThan(1_000_000);
    expect([...findValues(stdout), ...findValues(stderr), ...findInFiles(folder)]).toEqual([]);
    const held = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => readQuietly(join(folder, path)).includes(PASSPHRASE));
    expect([stdout.includes(PASSPHRASE), stderr.includes(PASSPHRASE), held]).toEqual([false, false, []]);
  });
});
