import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startChild } from "../../../src/run/child/child.ts";
import { connect, createServer } from "../../support/raw-sockets.ts";
import type { TestTerminal } from "../../support/terminal.ts";
import { hasTerminals, openTerminal } from "../../support/terminal.ts";
import { expectStopAndGoOn, TICKING } from "../../support/terminal-stop.ts";

const PATH = process.env["PATH"] ?? "";
/** The contract's list, not the source's. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;
const counter = fileURLToPath(new URL("../../support/signal-counter.mjs", import.meta.url));
/** What the programs of this file are ended by, at its end: tests that run together cannot each have an `afterEach`. */
const ends: (() => void)[] = [];
const onEnd = (end: () => void): void => void ends.push(end);
let folder: string;
/** The program of `test/support/run-child.ts`. */
let runner: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "run-child-"));
  runner = join(folder, "run-child.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../../support/run-child.ts", import.meta.url))],
    outfile: runner,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
});

afterAll(() => {
  for (const end of ends) end();
  rmSync(folder, { recursive: true });
});

describe("how a child ends", () => {
  const end = async (command: string, ...args: string[]): Promise<unknown> => startChild({ command, args, environment: { PATH } }).ended;

  test.each([0, 1, 42, 255])("its own status, %i", async (status) => {
    expect(await end("sh", "-c", `exit ${status}`)).toEqual({ kind: "exited", status });
  });

  test.each(["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGPIPE"])("by %s", async (signal) => {
    expect(await end("sh", "-c", `kill -${signal.slice(3)} $$`)).toEqual({ kind: "signalled", signal });
  });

  test("commands that are not there", async () => {
    for (const command of ["no-such-command-here", "./no/such/file", ""]) expect(await end(command)).toEqual({ kind: "not-found" });
  });

  test("files that cannot be executed: a folder, one without the right, one below a file, arguments beyond the system's limit", async () => {
    const plain = join(folder, "plain.txt");
    writeFileSync(plain, "text");
    chmodSync(plain, 0o644);
    expect(await end(folder)).toEqual({ kind: "not-executable", reason: "EACCES" });
    expect(await end(plain)).toEqual({ kind: "not-executable", reason: "EACCES" });
    expect(await end(join(plain, "x"))).toEqual({ kind: "not-executable", reason: "ENOTDIR" });
    expect(await end("true", "x".repeat(8 * 1024 * 1024))).toEqual({ kind: "not-executable", reason: "E2BIG" });
  });

  test("statuses of the program around it", () => {
    const status = (...command: string[]): number | null => spawnSync(process.execPath, [runner, ...command], { stdio: "ignore" }).status;
    expect([status("sh", "-c", "exit 7"), status("sh", "-c", "kill -TERM $$"), status("no-such-command-here"), status(folder)]).toEqual([7, 143, 127, 126]);
  });
});

describe("what a child gets", () => {
  test("arguments, byte for byte, and standard streams", () => {
    const args = ["", " ", "a b", '"', "'", "\\", "$HOME", "*", "--", "-x", "x", "x", "line\nbreak", "ü", "%PATH%", "`id`"];
    const echo = "process.stdout.write(JSON.stringify(process.argv.slice(1))); process.stdin.pipe(process.stderr)";
    const { stdout, stderr } = spawnSync(process.execPath, [runner, process.execPath, "-e", echo, "--", ...args], { input: "input", encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual(args);
    expect(stderr).toBe("input");
  });

  test("its environment and no other", async () => {
    const file = join(folder, "env.json");
    const script = `require("fs").writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.env))`;
    await startChild({ command: process.execPath, args: ["-e", script], environment: { PATH, ONLY: "this" } }).ended;
    const { default: seen } = (await import(file, { with: { type: "json" } })) as { default: unknown };
    expect(seen).toEqual({ PATH, ONLY: "this" });
  });

  test("no word of its arguments printed, not even with NODE_DEBUG=execa", () => {
    const { stdout, stderr } = spawnSync(process.execPath, [runner, "no-such-command-here", "hunter2"], { encoding: "utf8", env: { PATH, NODE_DEBUG: "execa" } });
    expect(stdout + stderr).not.toContain("hunter2");
  });

  test("a warning's worth of listeners is not left behind by many children", async () => {
    const before = process.listenerCount("SIGTERM");
    for (let run = 0; run < 12; run += 1) await startChild({ command: "true", args: [], environment: { PATH } }).ended;
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});

describe.skipIf(process.platform === "win32")("signals", () => {
  // Sessions of their own: a terminal of whoever runs the tests shall play no part.
  const start = (...args: string[]): ChildProcess & { readonly read: () => string } => startWith({}, ...args);
  const startWith = (variables: Record<string, string>, ...args: string[]): ChildProcess & { readonly read: () => string } => {
    const program = spawn(process.execPath, [runner, ...args], { env: { PATH, ...variables }, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    // The whole session, after a failed test. One that has ended is left alone: its number may be another's by now.
    onEnd(() => {
      if (program.pid !== undefined && program.exitCode === null && program.signalCode === null) process.kill(-program.pid, "SIGKILL");
    });
    let text = "";
    for (const stream of [program.stdout, program.stderr]) stream.on("data", (chunk: Buffer) => { text += chunk.toString(); });
    return Object.assign(program, { read: () => text });
  };
  const says = async (program: { read: () => string }, text: string): Promise<void> => {
    await eventually(() => program.read().includes(text));
  };

  test.concurrent.each(FORWARDED)("%s reaches the child once, and the program outlives it", async (signal) => {
    const program = start(process.execPath, counter);
    await says(program, "ready");
    program.kill(signal);
    const [status] = (await once(program, "close")) as [number];
    expect(program.read()).toContain(`total {"${signal}":1}`);
    expect(status).toBe(40);
  });

  test.concurrent("SIGUSR1 opens no inspector", async () => {
    const port = await findFreePort();
    const program = startWith({ NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` }, process.execPath, counter);
    await says(program, "ready");
    program.kill("SIGUSR1");
    await sleep(250);
    const socket = connect(port, "127.0.0.1");
    const isRefused = await Promise.race([once(socket, "connect").then(() => false), once(socket, "error").then(() => true)]).catch(() => true);
    socket.destroy();
    await once(program, "close");
    expect(isRefused).toBe(true);
    expect(program.read()).not.toContain("Debugger");
  });

  test.concurrent("a child that takes its time to end on SIGTERM gets it", async () => {
    const program = start("sh", "-c", "trap 'sleep 6; exit 9' TERM; echo ready; while :; do sleep 0.1; done");
    await says(program, "ready");
    program.kill("SIGTERM");
    expect(await once(program, "close")).toEqual([9, null]);
  });

  test.concurrent("a child that ignores a signal goes on", async () => {
    const program = start("sh", "-c", "trap '' HUP; echo ready; sleep 1; exit 5");
    await says(program, "ready");
    program.kill("SIGHUP");
    expect(await once(program, "close")).toEqual([5, null]);
  });

  test.concurrent("what comes before there is a child is delivered to it", async () => {
    const program = start("--hold", "sleep", "20");
    await says(program, "holding");
    program.kill("SIGTERM");
    setTimeout(() => program.stdin?.end(), 200);
    expect(await once(program, "close")).toEqual([143, null]);
  });
});

describe.skipIf(!hasTerminals)("on a terminal", () => {
  const open = (...command: string[]): TestTerminal => {
    const terminal = openTerminal([process.execPath, runner, ...command]);
    onEnd(() => { terminal.close(); });
    return terminal;
  };
  const keys = { "Ctrl-C": { key: "\x03", signal: "SIGINT" }, "Ctrl-\\": { key: "\x1c", signal: "SIGQUIT" } } as const;

  test.concurrent.each(Object.entries(keys))("%s reaches the child once", async (_name, { key, signal }) => {
    const terminal = open(process.execPath, counter);
    await terminal.shows("ready");
    terminal.type(key);
    await terminal.shows("<exited 40>");
    expect(terminal.shown()).toContain(`total {"${signal}":1}`);
  });

  test.concurrent.each(["SIGINT", "SIGQUIT", "SIGTERM"] as const)("%s for the program alone reaches the child once, too", async (signal) => {
    const terminal = open(process.execPath, counter);
    await terminal.shows("ready");
    terminal.kill(signal);
    await terminal.shows("<exited 40>");
    expect(terminal.shown()).toContain(`total {"${signal}":1}`);
  });

  test.concurrent("a second Ctrl-C counts as a second one", async () => {
    const script = "let n = 0; process.on('SIGINT', () => { n += 1; console.log('got ' + n) }); setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(n)); console.log('ready')";
    const terminal = open(process.execPath, "-e", script);
    await terminal.shows("ready");
    for (const count of [1, 2, 3]) {
      terminal.type("\x03");
      await terminal.shows(`got ${count}`);
      await sleep(400);
    }
    // Within the time in which the witness's last death could be taken for this one's.
    terminal.type("\x03");
    await terminal.shows("got 4");
    terminal.kill("SIGINT");
    await terminal.shows("got 5");
    terminal.kill("SIGTERM");
    await terminal.shows("<exited 5>");
  });

  test.concurrent("Ctrl-Z stops both, and continuing continues both", async () => {
    await expectStopAndGoOn(open("sh", "-c", TICKING));
  });

  test.concurrent("the child has the terminal", async () => {
    const terminal = open("sh", "-c", "test -t 0 && test -t 1 && test -t 2 && read line </dev/tty && echo got-$line");
    terminal.type("hello\r");
    await terminal.shows("got-hello");
    await terminal.shows("<exited 0>");
  });
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function eventually(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error("it did not happen within 15 seconds");
    await sleep(10);
  }
}
