// The same user's processes may be traced where the system allows it, and vault holds the value. The program asks for the process by its number, which it can count up to.
import { spawn } from "node:child_process";
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("no process outside can be traced, read, opened or signalled", async (wall) => {
  const outer = spawn("sleep", ["60"], { stdio: "ignore" });
  // Numbers in the sandbox are its own: that of a process outside means nobody there, or one of the sandbox's.
  const pid = (outer.pid ?? 0) + 100_000;
  const { said } = await wall.run([bareCall("ptrace", [16, pid, 0, 0]), bareCall("process_vm_readv", [pid, "$parts", 1, "$parts", 1, 0], { before: 'my $memory = "x" x 16; my $parts = pack("pQ", $memory, 16);' }), bareCall("pidfd_open", [pid, 0]), `kill -9 ${outer.pid ?? 0} 2>/dev/null || echo nobody`, "ls /proc | grep -c '^[0-9]'"].join("; "));
  expect(said).toMatch(/^ptrace: (?:ESRCH|EPERM)$/m);
  expect(said).toMatch(/^process_vm_readv: (?:ESRCH|EPERM)$/m);
  expect(said).toMatch(/^pidfd_open: (?:ESRCH|EINVAL|EPERM)$/m);
  expect(Number(/^(\d+)$/m.exec(said)?.[1])).toBeLessThan(12);
  expect([outer.exitCode, outer.signalCode]).toEqual([null, null]);
  outer.kill();
}, ["an ordinary user", "root"], hasPerl, true);
