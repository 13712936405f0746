// Node opens its inspector on SIGUSR1, on a port of loopback without a password: whoever can connect there reads the process's memory, keys and values and all.
// Every program of the same user can send the signal, and every local user can connect. Here it goes to the run's own program, as other signals do; no
// process of ours opens a port for it; and an inspector that an inherited NODE_OPTIONS has opened in ours is closed before there is a key.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openBuiltStage } from "../support/built-stage.ts";

const VALUE = "sk-the-value-behind-the-inspector";
const hasProc = process.platform === "linux";

const { upstream, built } = await openBuiltStage(VALUE);

/** How many sockets a process listens on over TCP, IPv4 and IPv6. */
function countListeners(pid: number): number {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`)));
  const lines = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, "utf8").split("\n").slice(1));
  return lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === "0A" && inodes.has(`socket:[${fields[9] ?? ""}]`)).length;
}

/** Whether the process has a handler of its own for SIGUSR1, the tenth signal. */
function catchesSignal(pid: number): boolean {
  const [, mask = "0"] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (BigInt(`0x${mask}`) & (1n << 9n)) !== 0n;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

describe.skipIf(!hasProc)("SIGUSR1 (needs /proc)", () => {
  it("goes to the run's program, and opens no port of the run's", async () => {
    const run = built.run(`trap 'echo caught' USR1; echo ready; while :; do read line && break; done; curl -s https://localhost:${upstream.port}/ -H "X-Api-Key: $API_KEY"; echo done`);
    await run.said("ready");
    const pid = run.process.pid ?? 0;
    // The proxy's own, and nothing else.
    expect(countListeners(pid)).toBe(1);
    for (let count = 0; count < 3; count += 1) {
      run.process.kill("SIGUSR1");
      await sleep(100);
    }
    await run.said("caught");
    expect(countListeners(pid)).toBe(1);
    run.process.stdin?.end("go on\n");
    await run.said("done");
    expect(await run.ended).toBe(0);
    expect(run.output()).not.toMatch(/Debugger listening|inspector/);
    expect(upstream.received()).toContain(VALUE);
  });

  it("ends a program that does not expect it, as it would without us", async () => {
    const run = built.run("echo ready; sleep 5 & wait");
    await run.said("ready");
    run.process.kill("SIGUSR1");
    expect(await run.ended).toBe(128 + 10);
    expect(run.output()).not.toContain("Debugger");
  });

  it("from before our first line, when Node still opens its inspector, has no effect that lasts", async () => {
    const run = built.run("echo ready; read line");
    const pid = run.process.pid ?? 0;
    // A signal that Node does not catch yet would end it.
    await expect.poll(() => catchesSignal(pid), { timeout: 10_000, interval: 5 }).toBe(true);
    run.process.kill("SIGUSR1");
    await run.said("ready");
    // Node opens it from a thread of its own, on a busy machine some time after the signal; it is closed again and again for two seconds.
    await expect.poll(() => countListeners(pid), { timeout: 5000, interval: 50 }).toBe(1);
    await sleep(2500);
    expect(countListeners(pid)).toBe(1);
    run.process.stdin?.end("\n");
    expect(await run.ended).toBe(0);
  });

  it("is no key to the inspector of a NODE_OPTIONS that was meant for the program", async () => {
    const run = built.run("echo ready; read line", { NODE_OPTIONS: "--inspect=127.0.0.1:0" });
    await run.said("ready");
    expect(countListeners(run.process.pid ?? 0)).toBe(1);
    run.process.stdin?.end("\n");
    await run.ended;
  });
});
