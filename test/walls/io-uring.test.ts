// io_uring makes system calls from a ring in memory, past every filter that looks at calls, and has been the first source of holes in the kernel for years.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("there is no io_uring", async (wall) => {
  const { said } = await wall.run(`${bareCall("io_uring_setup", [4, '"\\0" x 120'])}; ${bareCall("io_uring_enter", [0, 0, 0, 0, 0, 0])}`);
  expect(said).toMatch(/^io_uring_setup: (?:EPERM|ENOSYS)$/m);
  expect(said).toMatch(/^io_uring_enter: (?:EPERM|ENOSYS)$/m);
}, ["an ordinary user", "root"], hasPerl);
