// Which of the bundled programs a command line is for. Each has only what its commands use: to read the others' code takes as long as Node itself does.

/** What stands beside `start.cjs`, and the uses of it whose compiled code is kept, the best for this command line first. */
export interface ProgramChoice {
  readonly program: "run" | "daily" | "main";
  readonly uses: readonly [string, ...string[]];
}

const DAILY = new Set(["lock", "secrets list", "secrets show", "status"]);

/**
 * A run, and one with a wall, use different parts of their program, and only what was used has been compiled.
 *
 * @param argv the arguments behind the program's name.
 */
export function chooseProgram(argv: readonly string[]): ProgramChoice {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const [first = "", second = ""] = own;
  // Help is the framework's.
  if (own.includes("--help")) return { program: "main", uses: ["main"] };
  if (first === "run") return { program: "run", uses: own.includes("--sandbox") ? ["walled", "run"] : ["run", "walled"] };
  return DAILY.has(first) || DAILY.has(`${first} ${second}`) ? { program: "daily", uses: ["daily"] } : { program: "main", uses: ["main"] };
}
