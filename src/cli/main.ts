// The entry of the program: secrets leave the arguments first, then a command takes over.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Config } from "@oclif/core";
import { holdsSecret, splitArgv } from "./input/argv-secrets.ts";
import { EXIT } from "./output/exit-status.ts";
import { describeFailure, report } from "./failure.ts";
import { forgoInheritedOptions } from "./input/inherited-options.ts";
import { rememberGivenSecrets } from "./input/secret-input.ts";
import { warn } from "./output/terminal.ts";
import type { VaultCommand } from "./vault-command.ts";

export type CommandClass = typeof VaultCommand & (new (argv: string[], config: Config) => VaultCommand);
/** By their ids: `secrets:list`. A command is evaluated when it is used. */
export type CommandLoaders = Readonly<Record<string, () => Promise<{ readonly default: CommandClass }>>>;

/**
 * Runs one command and sets the status that the process is to end with.
 *
 * @param argv the arguments behind the program's name.
 * @param perform runs the command that the arguments name, which have no secrets in them any more; its status, where it has one of its own.
 */
export async function runProgram(argv: readonly string[], perform: (argv: readonly string[]) => Promise<unknown>): Promise<void> {
  // On Linux and macOS this overwrites the arguments that `ps` and /proc show.
  if (holdsSecret(argv)) process.title = "vault";
  forgoInheritedOptions();
  const own = ownArguments(argv);
  const isRun = own[0] === "run";
  try {
    const { argv: rest, warnings, ...given } = splitArgv(argv);
    rememberGivenSecrets(given);
    // The framework prints the process's own list with DEBUG=*.
    process.argv.splice(2, process.argv.length, ...rest);
    for (const warning of warnings) warn(warning);
    const status = await perform(rest);
    process.exitCode = typeof status === "number" ? status : EXIT.done;
  } catch (error) {
    if (isHelpExit(error)) return;
    const failure = describeFailure(error, own);
    report(failure, own.includes("--json"));
    process.exitCode = isRun ? EXIT.runFailed : failure.status;
  }
}

/** A command that is named in full is started directly: the framework takes 20 ms to get its bearings. @returns what starts it; undefined for help, other names and mistakes, which are the framework's. */
export function findNamed(loaders: CommandLoaders, argv: readonly string[]): (() => Promise<unknown>) | undefined {
  const [first = "", second = ""] = argv;
  const words = Object.hasOwn(loaders, first) ? 1 : 2;
  const id = words === 1 ? first : `${first}:${second}`;
  const load = Object.hasOwn(loaders, id) ? loaders[id] : undefined;
  if (load === undefined || (id !== "help" && ownArguments(argv).includes("--help"))) return undefined;
  return async () => (await load()).default.start(argv.slice(words), makeConfig());
}

/** For a program that is one part of the whole: the caller has seen to it that the command is one of these. */
export async function startNamed(loaders: CommandLoaders, argv: readonly string[]): Promise<unknown> {
  const start = findNamed(loaders, argv);
  if (start === undefined) throw new Error("no command of this part");
  return start();
}

/** Without those of the program to be run. */
function ownArguments(argv: readonly string[]): readonly string[] {
  return argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
}

/** No plugins: they would be read from the data folder, which is the vault's own, and run as part of this program. So there are no hooks either. */
class OwnConfig extends Config {
  override runHook(): ReturnType<Config["runHook"]> {
    return Promise.resolve({ failures: [], successes: [] });
  }
}

/** What the framework knows of this program. */
export function makeConfig(): Config {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const pjson = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as NonNullable<ConstructorParameters<typeof Config>[0]["pjson"]>;
  return new OwnConfig({ root, pjson, userPlugins: false, devPlugins: false, jitPlugins: false });
}

/** The framework ends `--help` and `--version` by throwing. */
function isHelpExit(error: unknown): boolean {
  return error instanceof Error && "oclif" in error && (error.oclif as { exit?: number }).exit === 0;
}
