// The name of the machine, seen by others in its network, and the clock of its boot are settings that namespaces divide, or should.
import { hostname } from "node:os";
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("the machine's name is not changed", async (wall) => {
  const before = hostname();
  const { said } = await wall.run(`${bareCall("sethostname", ['"evil"', 4])}; hostname evil; unshare -Ur hostname evil; echo tried`);
  expect(said).toContain("tried\n");
  expect(hostname()).toBe(before);
}, ["root"], hasPerl);
