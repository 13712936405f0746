// The program, as it is bundled: the commands, and what runs one of them.
import { runProgram } from "../cli/main.ts";
import { COMMANDS } from "./table.ts";

/** For the framework, which shows their help. */
export { COMMANDS };

/** @param argv the arguments behind the program's name. */
export async function main(argv: readonly string[]): Promise<void> {
  await runProgram(COMMANDS, argv);
}
