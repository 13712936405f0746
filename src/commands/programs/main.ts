// The whole program, as it is bundled: all commands, help, and what is said of a command that there is not.
import { runByFramework } from "../../cli/framework.ts";
import { findNamed, runProgram } from "../../cli/main.ts";
import { COMMAND_LOADERS, loadCommands } from "../table.ts";

/** For the framework, which shows their help. */
export { loadCommands };

/** @param argv the arguments behind the program's name. */
export async function main(argv: readonly string[]): Promise<void> {
  await runProgram(argv, (rest) => findNamed(COMMAND_LOADERS, rest)?.() ?? runByFramework(loadCommands, rest));
}
