// A filter of system calls knows numbers, and each architecture that the kernel runs has its own: 32-bit calls from a 64-bit program, and x32. What is refused by one is tried by the others.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { bareCall, hasPerl, X32 } from "../support/bare-call.ts";
import { OLD_CALL, oldCall } from "../support/old-call.ts";
import { story } from "../support/escape-stage.ts";

story("by the other numbers the same is refused", async (wall) => {
  const vsock = 40;
  writeFileSync(join(wall.project, "add-key"), oldCall(OLD_CALL.add_key, 0, 0), { mode: 0o755 });
  writeFileSync(join(wall.project, "socket"), oldCall(OLD_CALL.socket, vsock, 1), { mode: 0o755 });
  const { said } = await wall.run(`./add-key; echo "add_key $?"; ./socket; echo "socket $?"; ${bareCall("keyctl", [0, -4, 0], { abi: X32 })}; ${bareCall("io_uring_setup", [4, '"\\0" x 120'], { abi: X32 })}; ${bareCall("socket", [vsock, 1, 0], { abi: X32 })}`);
  // Refused (1), unknown (38), or ended by SIGSYS (159).
  expect(said.match(/^(?:add_key|socket) (?:1|38|97|159)$/gm)).toHaveLength(2);
  expect(said.match(/^(?:keyctl|io_uring_setup|socket): ok$/gm) ?? []).toEqual([]);
}, ["an ordinary user"], process.arch === "x64" && hasPerl);
