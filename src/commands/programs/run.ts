// The program as it is bundled for `vault run`: this one command, and nothing that it does not use. See cli/start.ts.
import { runProgram, startNamed } from "../../cli/main.ts";

/** @param argv the arguments behind the program's name; the first is `run`. */
export async function main(argv: readonly string[]): Promise<void> {
  await runProgram(argv, (rest) => startNamed({ run: () => import("../run.ts") }, rest));
}
