import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import type { ProcessIdentity } from "../../src/disk/process-identity.ts";
import { identifyThisProcess, judgeLiveness } from "../../src/disk/process-identity.ts";

const self = identifyThisProcess();

test("says the same of a process each time", () => {
  expect(identifyThisProcess()).toEqual(self);
  expect(self.pid).toBe(process.pid);
  expect(self.host.split(" ")[0]).toBe(hostname());
});

test.runIf(process.platform === "linux")("knows the boot, the start, the machine and the pid namespace", () => {
  expect(self.boot).toMatch(/^[0-9a-f-]{36}$/);
  expect(self.start).toMatch(/^[1-9][0-9]*$/);
  expect(self.host).toMatch(/ pid:\[\d+\]$/);
});

const judged: readonly [string, Partial<ProcessIdentity>, string][] = [
  ["itself", {}, "alive"],
  ["itself, where the platform tells neither start nor boot", { start: "", boot: "" }, "alive"],
  ["its pid with another start", { start: "1" }, "dead"],
  ["its pid in another boot", { boot: "another" }, "dead"],
  ["a pid that nobody has", { pid: 2 ** 22 + 1 }, "dead"],
  ["another host's process", { host: "elsewhere", pid: 2 ** 22 + 1 }, "unknown"],
  ["another host's process in another boot", { host: "elsewhere", boot: "another" }, "unknown"],
  ["a process in another pid namespace", { host: `${self.host.replace(/ pid:.*$/, "")} pid:[1]` }, "unknown"],
  ["a process of another machine that has the same name", { host: self.host.replace(" ", " another ") , boot: "another" }, "unknown"],
];
test.each(judged)("%s", (_, changes, liveness) => {
  expect(judgeLiveness({ ...self, ...changes })).toBe(liveness);
});

test.runIf(process.platform === "linux")("another user's process is alive", () => {
  expect(judgeLiveness({ ...self, pid: 1, start: "" })).toBe("alive");
});

test("a command's name with spaces and parentheses does not hide the start", async () => {
  const child = spawn("sh", ["-c", 'printf "a) Z 1 (b" > /proc/$$/comm 2>/dev/null; echo ready; read line'], { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  expect(judgeLiveness({ ...self, pid: child.pid ?? 0, start: "" })).toBe("alive");
});
