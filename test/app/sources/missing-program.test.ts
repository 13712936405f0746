// A source whose program is not there: what is told, and how it ends.
import { expect, it } from "vitest";
import { openMachine } from "../../support/store-machines.ts";
import { makeFolder } from "../../support/temporary.ts";

it("a program that is not there is said not to be; a store whose own program is not installed has no value to give", () => {
  const machine = openMachine({ url: "", environment: {} }, { PATH: makeFolder() });
  expect(machine.vault(["init", "--provider", "file"]).status).toBe(0);
  const create = (...source: readonly string[]) => machine.vault(["secrets", "create", "API_KEY", "--host", "a.example", ...source]);
  expect(create("--source", "command", "--", "/nonexistent/prog")).toMatchObject({ status: 2, out: "", err: expect.stringContaining('there is no program at "/nonexistent/prog"') as string });
  expect(create("--source", "command", "--", "./prog")).toMatchObject({ status: 2, err: expect.stringContaining('"./prog" is no program with an absolute path') as string });
  expect(create("--source", "command", "--", "prog")).toMatchObject({ status: 2, err: expect.stringContaining('"prog" is not in the PATH') as string });
  expect(create("--source", "reference", "op://vault/item/field")).toMatchObject({ status: 14, out: "", err: expect.stringMatching(/its program "op" is not in the PATH[^]*install it: https:/) as string });
  expect(machine.names()).toEqual([]);
});
