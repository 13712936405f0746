// The entry of the program: secrets leave the arguments first, then the command framework takes over.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Config, run } from "@oclif/core";
import { holdsSecret, splitArgv } from "./input/argv-secrets.ts";
import { findCommandMistake } from "./completion/command-names.ts";
import { EXIT } from "./output/exit-status.ts";
import { describeFailure, report } from "./failure.ts";
import { forgoInheritedOptions } from "./input/inherited-options.ts";
import { rememberGivenSecrets } from "./input/secret-input.ts";
import { warn } from "./output/terminal.ts";
import type { VaultCommand } from "./vault-command.ts";

/** By their ids: `secrets:list`. */
export type CommandTable = Readonly<Record<string, typeof VaultCommand & (new (argv: string[], config: Config) => VaultCommand)>>;

/**
 * Runs one command and sets the status that the process is to end with.
 *
 * @param argv the arguments behind the program's name.
 */
export async function runProgram(commands: CommandTable, argv: readonly string[]): Promise<void> {
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
    const status = await runCommand(commands, rest);
    process.exitCode = typeof status === "number" ? status : EXIT.done;
  } catch (error) {
    if (isHelpExit(error)) return;
    const failure = describeFailure(error);
    report(failure, own.includes("--json"));
    process.exitCode = isRun ? EXIT.runFailed : failure.status;
  }
}

/** A command that is named in full is started directly; help, other names and mistakes are the framework's, which takes 20 ms to get its bearings. */
async function runCommand(commands: CommandTable, argv: readonly string[]): Promise<unknown> {
  const [first = "", second = ""] = argv;
  const words = Object.hasOwn(commands, first) ? 1 : 2;
  const id = words === 1 ? first : `${first}:${second}`;
  const command = Object.hasOwn(commands, id) ? commands[id] : undefined;
  const config = makeConfig();
  if (command !== undefined && (id === "help" || !ownArguments(argv).includes("--help"))) return command.start(argv.slice(words), config);
  const mistake = findCommandMistake(Object.entries(commands).flatMap(([name, { aliases }]) => [name, ...aliases]), argv);
  if (mistake !== undefined) throw mistake;
  await config.load();
  return run([...argv], config);
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

function makeConfig(): Config {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const pjson = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as NonNullable<ConstructorParameters<typeof Config>[0]["pjson"]>;
  return new OwnConfig({ root, pjson, userPlugins: false, devPlugins: false, jitPlugins: false });
}

/** The framework ends `--help` and `--version` by throwing. */
function isHelpExit(error: unknown): boolean {
  return error instanceof Error && "oclif" in error && (error.oclif as { exit?: number }).exit === 0;
}
