import { Args, Flags } from "@oclif/core";
import type { EnvFiles } from "../app/imports/env-file-variables.ts";
import type { Selection } from "../app/runs/granted-secrets.ts";
import { findDeclinedProject, findProject, findProjectText, projectFlags } from "../cli/input/project-input.ts";
import { parseViewpoint, viewpointFlags } from "../cli/input/scope-flags.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { brokerFlags } from "../cli/input/broker-flags.ts";
import { narrowingFlags, parseNarrowing } from "../cli/input/rule-flags.ts";
import { chooseWall, declinesWall, wallFlags } from "../cli/input/wall-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { note } from "../cli/output/terminal.ts";
import { visible } from "../cli/output/visible-text.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

const ENV_FILE_BYTES_MAX = 1024 * 1024;
const PEM_BYTES_MAX = 8 * 1024 * 1024;

export default class Run extends VaultCommand {
  static override summary = "Run a program that can use secrets without having them";
  static override description =
    "The program's environment holds placeholders. A proxy on this machine puts the real values into requests to the hosts that each secret is bound to, and takes them out of the answers. Ends with the program's own status. Where the folder, or in a Git work tree one above it, has a vault.run.json, the program gets what that names and no more; it cannot add to what the vault allows.";
  static override usage = "run [-s NAME|ENVVAR=NAME]… [FLAGS] -- CMD ARGS…";
  static override examples = [
    "<%= config.bin %> run -- sh -c 'env | grep API_KEY'",
    { description: "What was used where, when it ends", command: "<%= config.bin %> run --summary --log run.jsonl -- true" },
    { description: "With the plain settings of a .env file, whose keys are in the vault", command: "<%= config.bin %> run --dotenv .env -- node agent.js" },
    { description: "Behind a wall: no way to the vault, to other logins or past the proxy", command: "<%= config.bin %> run --sandbox -- env" },
    { description: "To read with, and nothing else: of what the vault allows", command: "<%= config.bin %> run --allow 'GET,HEAD /**' -- env" },
    { description: "Only one secret, under another name", command: "<%= config.bin %> run -s OPENAI_API_KEY=API_KEY -- node agent.js" },
  ];
  static override args = { command: Args.string({ required: true, multiple: true, ignoreStdin: true, description: "the program and its arguments, behind --" }) };
  static override flags = {
    secret: Flags.string({ char: "s", description: "only this secret, under its name or another; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME|ENVVAR=NAME" }),
    ...viewpointFlags,
    // Not first of all --env-file: Node looks for that among any program's arguments and obeys a NODE_OPTIONS in the file, before a line of ours runs.
    dotenv: Flags.string({ aliases: ["env-file"], description: "give the program the plain variables of this .env file; a credential in it that the vault does not keep stops the run; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "FILE" }),
    expose: Flags.string({ description: "give the program this variable of a --dotenv file as it is, credential or not; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME" }),
    "key-env": Flags.string({ description: "open sealed values of --dotenv files with the key in this variable, and not with the vault's; may be repeated, the newest key first", multiple: true, multipleNonGreedy: true, helpValue: "NAME" }),
    ...projectFlags,
    "deny-unmatched": Flags.boolean({ description: "refuse hosts that no secret is bound to" }),
    ...narrowingFlags,
    strict: Flags.boolean({ description: "refuse requests with a placeholder where it may not act, instead of passing it on as it is" }),
    "upstream-ca": Flags.string({ description: "trust the certificates in this PEM file too; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "FILE" }),
    log: Flags.string({ description: "append a line of JSON to this file for each thing that the proxy does: hosts and names, never values", helpValue: "FILE" }),
    summary: Flags.boolean({ description: "when the program has ended, say on stderr which host got which secret, and what was refused and why" }),
    "ask-here": Flags.boolean({ description: "ask at this terminal about requests that wait for you, too; the program gets another stdin: … </dev/null", exclusive: ["broker"] }),
    redact: Flags.boolean({ description: "put placeholders where values stand in output that goes to a file or pipe: a convenience, no protection" }),
    "fresh-placeholders": Flags.boolean({ description: "make placeholders that no other run has, so that what a program stores of them is worth nothing in the next" }),
    ...brokerFlags,
    ...wallFlags,
    ...personFlags,
    ...passphraseFlags,
  };

  /** @returns the program's status, which `main` ends with. */
  async run(): Promise<number> {
    if (!this.argv.includes("--")) throw new VaultError("usage", "put -- before the program", "vault run -- CMD ARGS");
    const { args, flags } = await this.parse(Run);
    if (flags["key-env"] !== undefined && flags.dotenv === undefined) throw new VaultError("usage", "--key-env goes with --dotenv", "name the file: --dotenv FILE");
    const [command = "", ...rest] = args.command;
    const surroundings = makeSurroundings(flags["passphrase-file"]);
    const widening = flags["no-project"] ? "--no-project" : declinesWall(flags) ? "--no-sandbox" : flags["ask-here"] ? "--ask-here" : flags["upstream-ca"] === undefined ? undefined : "--upstream-ca";
    if (widening !== undefined) await forPersonOnly(`run ${widening}`, surroundings, flags);
    const project = findProject(flags);
    const wall = chooseWall(flags, project);
    if (flags.explain && wall !== undefined) {
      const { explainWalledFiles } = await import("../app/runs/walled-files.ts");
      const network = process.platform === "linux" ? await (await import("../app/doctor/wall.ts")).describeNetwork(surroundings) : undefined;
      const { describeWalled, formatWalled } = await import("../cli/output/wall-lines.ts");
      const files = explainWalledFiles(surroundings, wall, command);
      this.answer(flags.json, describeWalled(files, network), formatWalled(files, network).map(visible));
      return 0;
    }
    const narrowing = parseNarrowing(flags);
    if (flags.broker !== undefined) {
      const { runAtBroker } = await import("../cli/brokered-run.ts");
      return runAtBroker(surroundings, flags.broker, flags, { command, args: rest, viewpoint: parseViewpoint(flags), selections: flags.secret?.map(parseSelection), project: findProjectText(flags), narrowing, deniesUnmatched: project?.denyUnmatched === true, wall });
    }
    // Only here: the proxy and the process library would cost every other command 100 ms.
    const { runSession } = await import("../app/runs/run-session.ts");
    return runSession(surroundings, {
      command,
      args: rest,
      viewpoint: parseViewpoint(flags),
      selections: flags.secret?.map(parseSelection),
      project,
      envFiles: await readEnvFiles(flags.dotenv, flags.expose, this.argv),
      sealingKeys: flags["key-env"],
      requirePerson: async () => { await forPersonOnly("run --dotenv with sealed values", surroundings, flags); },
      isWatched: process.stderr.isTTY,
      denyUnmatched: flags["deny-unmatched"],
      narrowing,
      strict: flags.strict,
      upstreamRoots: await readPems(flags["upstream-ca"] ?? []),
      logFile: flags.log,
      tellSummary: flags.summary ? (lines) => { note(lines.join("\n")); } : undefined,
      askHere: flags["ask-here"] ? (await import("../cli/ask-here.ts")).openAskHere(wall !== undefined) : undefined,
      tellHeld: (line) => { note(`vault: ${visible(line)}`); },
      wall,
      declinesWall: declinesWall(flags, findDeclinedProject(flags)),
      redact: flags.redact,
      freshPlaceholders: flags["fresh-placeholders"],
    });
  }
}

function parseSelection(text: string): Selection {
  const [variable = "", name] = text.split("=", 2);
  return { variable, name: name ?? variable };
}

/** @throws VaultError `usage` for a file that cannot be read, or `--expose` without one. */
async function readEnvFiles(paths: readonly string[] | undefined, expose: readonly string[] = [], argv: readonly string[]): Promise<EnvFiles | undefined> {
  if (paths === undefined && expose.length > 0) throw new VaultError("usage", "--expose goes with --dotenv", "name the file: --dotenv FILE");
  if (paths === undefined) return undefined;
  const wasSeenByNode = argv.slice(0, argv.indexOf("--")).some((word) => /^--env-file(?:=|$)/.test(word));
  return { files: await readFiles("--dotenv", paths, ENV_FILE_BYTES_MAX), expose, wasSeenByNode };
}

/** A certificate file that cannot be used is an error here, and not a failed request later. */
async function readPems(paths: readonly string[]): Promise<string[]> {
  return (await readFiles("--upstream-ca", paths, PEM_BYTES_MAX)).map(({ path, bytes }) => {
    const text = Buffer.from(bytes).toString("latin1");
    if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new VaultError("usage", `"${path}" holds no certificate`, "--upstream-ca takes a PEM file");
    return text;
  });
}

async function readFiles(flag: string, paths: readonly string[], bytesMax: number): Promise<{ readonly path: string; readonly bytes: Uint8Array }[]> {
  if (paths.length === 0) return [];
  const { isStdin, readInput } = await import("../cli/input/file-input.ts");
  if (paths.some(isStdin)) throw new VaultError("usage", `${flag} takes a file: stdin is the program's`, `name a file: ${flag} FILE`);
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readInput(path, "the file", bytesMax) })));
}
