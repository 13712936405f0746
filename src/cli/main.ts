// The entry of the program: secrets leave the arguments first, then the command framework takes over.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Config, run } from "@oclif/core";
import { holdsSecret, splitArgv } from "./argv-secrets.ts";
import { EXIT } from "./exit-status.ts";
import { describeFailure, report } from "./failure.ts";
import { forgoInheritedOptions } from "./inherited-options.ts";
import { rememberGivenSecrets } from "./secret-input.ts";
import { warn } from "./terminal.ts";

/**
 * Runs one command and ends the process with its status.
 *
 * @param argv the arguments behind the program's name.
 */
export async function main(argv: readonly string[]): Promise<void> {
  // On Linux and macOS this overwrites the arguments that `ps` and /proc show.
  if (holdsSecret(argv)) process.title = "vault";
  forgoInheritedOptions();
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  const isRun = own[0] === "run";
  try {
    const { argv: rest, secrets, warnings } = splitArgv(argv);
    rememberGivenSecrets(secrets);
    // The framework prints the process's own list with DEBUG=*.
    process.argv.splice(2, process.argv.length, ...rest);
    for (const warning of warnings) warn(warning);
    const status = await run([...rest], await loadConfig());
    process.exitCode = typeof status === "number" ? status : EXIT.done;
  } catch (error) {
    if (isHelpExit(error)) return;
    const failure = describeFailure(error);
    report(failure, own.includes("--json"));
    process.exitCode = isRun ? EXIT.runFailed : failure.status;
  }
}

async function loadConfig(): Promise<Config> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const pjson = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as NonNullable<ConstructorParameters<typeof Config>[0]["pjson"]>;
  // No plugins: they would be read from the data folder, which is the vault's own, and run as part of this program.
  const config = new Config({ root, pjson, userPlugins: false, devPlugins: false, jitPlugins: false });
  await config.load();
  return config;
}

/** The framework ends `--help` and `--version` by throwing. */
function isHelpExit(error: unknown): boolean {
  return error instanceof Error && "oclif" in error && (error.oclif as { exit?: number }).exit === 0;
}
