// Real programs, as the agent has them run.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeValue } from "../../../src/agent/sources/makers.ts";
import { encodeCommandOrder } from "../../../src/agent/sources/sealed-order.ts";
import type { MadeValue } from "../../../src/agent/sources/source-maker.ts";
import { Secret } from "../../../src/secret.ts";
import { isAlive } from "../../support/agent-process.ts";
import { failureOf } from "../../support/source-failure.ts";

const NOW = Date.parse("2026-01-31T09:00:00Z");
const PATH = "/usr/local/bin:/usr/bin:/bin";

function make(script: string, { timeout = 30, signal = new AbortController().signal } = {}): Promise<MadeValue> {
  const sealed = encodeCommandOrder({ command: ["/bin/sh", "-c", script], environment: [{ name: "PATH", value: PATH }] });
  return makeValue({ source: { kind: "command", ttl: 60, failureTtl: 10, timeout }, sealed, nowMs: NOW, signal });
}

async function textOf(made: Promise<MadeValue>): Promise<string> {
  return Buffer.from((await made).value.reveal()).toString();
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vault-command-"));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

describe("what a command prints", () => {
  test.each([
    ["a line", "echo token-1", "token-1"],
    ["a line of DOS", "printf 'token-1\\r\\n'", "token-1"],
    ["no line end", "printf token-1", "token-1"],
    ["one line end alone is dropped", "printf 'token-1\\n\\n'", "token-1\n"],
    ["an object with its value", `echo '{"value":"token-1"}'`, "token-1"],
    ["another object is the value itself", `echo '{"type":"service_account","value":"x"}'`, '{"type":"service_account","value":"x"}'],
    ["what only looks like an object", "echo '{token'", "{token"],
  ])("is the value: %s", async (_name, script, value) => {
    expect(await textOf(make(script))).toBe(value);
  });

  test("says when it ends", async () => {
    expect((await make(`echo '{"value":"t","expires":"2026-01-31T09:30:00Z"}'`)).expiresMs).toBe(NOW + 30 * 60_000);
    expect((await make(`echo '{"value":"t","expires":"2026-01-31T10:30:00.5+01:00"}'`)).expiresMs).toBe(NOW + 30 * 60_000 + 500);
    expect((await make("echo t")).expiresMs).toBeUndefined();
    expect(await failureOf(make(`echo '{"value":"t","expires":"tomorrow"}'`))).toMatchObject({ reason: "malformed" });
    expect(await failureOf(make(`echo '{"value":"t","expires":1769851800}'`))).toMatchObject({ reason: "malformed" });
  });
});

describe("a command that gives no value", () => {
  test.each([
    ["nothing", "true", { reason: "empty", said: "" }],
    ["a line end", "echo", { reason: "empty", said: "" }],
    ["a failure, and why", "echo 'not signed in' >&2; exit 3", { reason: "failed", status: 3, said: "not signed in\n" }],
    ["a signal", "kill -TERM $$", { reason: "failed", said: "" }],
    ["more than a value may be", "head -c 65537 /dev/zero | tr '\\0' x", { reason: "too-long", said: "" }],
  ])("is told: %s", async (_name, script, failure) => {
    expect(await failureOf(make(script))).toEqual(failure);
  });

  test("an endless output is cut off, and so is an endless complaint", async () => {
    expect(await failureOf(make("yes"))).toMatchObject({ reason: "too-long" });
    expect((await failureOf(make("yes | head -c 1000000 >&2; exit 1"))).said.length).toBeLessThanOrEqual(4096);
  });

  test("one that hangs is ended, and all that it has started", async () => {
    const folder = temporaryFolder();
    expect(await failureOf(make(`sleep 600 & echo $! > ${folder}/pid; echo waiting >&2; sleep 600`, { timeout: 1 }))).toEqual({ reason: "timed-out", said: "waiting\n" });
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    while (isAlive(pid)) await sleep(10);
  });

  test("one that leaves a process behind that holds its output gives what it has printed", async () => {
    expect(await textOf(make("sleep 600 & echo token-1"))).toBe("token-1");
  });

  test("one whose value nobody needs any more is ended", async () => {
    const stop = new AbortController();
    const failure = failureOf(make("sleep 600", { signal: stop.signal }));
    stop.abort();
    expect(await failure).toMatchObject({ reason: "stopped" });
  });

  test("a program that is not there, and an order that is none", async () => {
    const order = { source: { kind: "command", ttl: 60, failureTtl: 10, timeout: 30 }, nowMs: NOW, signal: new AbortController().signal } as const;
    expect(await failureOf(makeValue({ ...order, sealed: encodeCommandOrder({ command: ["/nowhere/op"], environment: [] }) }))).toMatchObject({ reason: "not-started" });
    for (const text of ["", "token", "{}", '{"command":[],"environment":[]}', '{"command":["op"],"environment":[]}', '{"command":["/bin/sh"],"environment":[{"name":"A=B","value":""}]}']) {
      expect(await failureOf(makeValue({ ...order, sealed: Secret.fromText(text) })), text).toMatchObject({ reason: "bad-order" });
    }
  });
});

test("it runs in the root folder, with the variables that were sealed and no others, nothing on its stdin, and no terminal", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "told"), "");
  await make(`{ pwd; env; cat; test -t 0 || echo no terminal; (: < /dev/tty) 2>/dev/null || echo none to open; } > ${folder}/told; echo t`);
  const told = readFileSync(join(folder, "told"), "utf8").split("\n").filter((line) => line !== "" && !/^(PWD|SHLVL|_|OLDPWD)=/.test(line));
  expect(told).toEqual(["/", `PATH=${PATH}`, "no terminal", "none to open"]);
});
