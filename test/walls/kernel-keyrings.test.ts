// The kernel keeps keys for a user and a session, which no namespace of processes or files divides: Kerberos tickets, keys of encrypted folders, whatever other programs left there.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("the kernel's keyrings are closed", async (wall) => {
  const calls = [bareCall("add_key", ['"user"', '"k"', '"v"', 1, -5]), bareCall("request_key", ['"user"', '"k"', 0, 0]), bareCall("keyctl", [0, -4, 0]), bareCall("keyctl", [11, -5, 0, 0]), bareCall("keyctl", [1, 0])];
  const { said } = await wall.run(calls.join("; "));
  expect(said.match(/^(?:add_key|request_key|keyctl): (?:EPERM|ENOSYS)$/gm)).toHaveLength(calls.length);
}, ["an ordinary user", "root"], hasPerl);
