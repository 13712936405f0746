// The program as it is bundled for what is asked for all day, by prompts and scripts as well: these commands, and nothing that they do not use. See cli/start.ts.
import { runProgram, startNamed } from "../../cli/main.ts";

const LOADERS = {
  lock: () => import("../lock.ts"),
  "secrets:list": () => import("../secrets/list.ts"),
  "secrets:show": () => import("../secrets/show.ts"),
  status: () => import("../status.ts"),
};

/** @param argv the arguments behind the program's name, which begin with one of these commands. */
export async function main(argv: readonly string[]): Promise<void> {
  await runProgram(argv, (rest) => startNamed(LOADERS, rest));
}
