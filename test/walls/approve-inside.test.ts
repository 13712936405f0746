// The program answers for its person: by what it types, and by a child of nobody that has none of the run's variables, which without the wall nothing can tell from a person's own.
import { expect } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";

story("what waits for a person is neither seen nor answered", async (wall) => {
  wall.vault(["unlock"]);
  const type = (command: string): string => `"${NODE}" "${RUN_JS}" ${command}`;
  const daemon = `rm -f said; setsid -f env -i HOME="${wall.home}" XDG_RUNTIME_DIR="${wall.runtime}" sh -c '${type("approve --json")} >said.part 2>&1; mv said.part said'; until [ -e said ]; do sleep 0.05; done; cat said`;
  expect((await wall.openly(daemon)).said).toMatch(/^\[\]$/m);
  const { said } = await wall.run(`test -r "${RUN_JS}" || echo unreadable; ${["approve", "approve abcde", "deny abcde", "approve --json"].map((command) => `${type(command)}; echo "status $?"`).join("; ")}; ${daemon}`);
  wall.vault(["lock"]);
  if (said.includes("unreadable")) return;
  expect(said.match(/^status \d+$/gm)).toEqual(["status 3", "status 3", "status 3", "status 3"]);
  expect(said.match(/this is inside a walled run, where there is no vault/gm)).toHaveLength(5);
  expect(said).not.toMatch(/^\[\]$/m);
}, ["an ordinary user"], true, true);
