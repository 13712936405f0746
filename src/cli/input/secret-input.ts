// Where secrets come in (in this order): flags and files, the environment, a prompt without echo, piped stdin.
import { readFileSync } from "node:fs";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { SecretFlag } from "./argv-secrets.ts";
import { askHidden, askNewHidden, hasTerminal } from "../output/terminal.ts";

/** One secret's ways in. */
export interface InputWays {
  readonly flag: SecretFlag;
  /** The value of the flag's `-file` twin: a path, or `-` for stdin. */
  readonly file: string | undefined;
  readonly variable: string;
  readonly question: string;
  /** Asks twice. */
  readonly isNew: boolean;
}

let givenSecrets: ReadonlyMap<SecretFlag, Secret> = new Map();

/** Handed over by `main` before any command runs. */
export function rememberGivenSecrets(secrets: ReadonlyMap<SecretFlag, Secret>): void {
  givenSecrets = secrets;
}

/** Whether this very command came with it. */
export function isGiven({ flag, file }: Pick<InputWays, "flag" | "file">): boolean {
  return givenSecrets.has(flag) || file !== undefined;
}

/**
 * A passphrase or key by the ways of the command line.
 *
 * @returns undefined where it was not given and nobody is there to ask.
 * @throws VaultError `usage`, `io`.
 */
export async function findSecretInput(ways: InputWays): Promise<Secret | undefined> {
  const given = givenSecrets.get(ways.flag);
  if (given !== undefined && ways.file !== undefined) throw new VaultError("usage", `${ways.flag} and ${ways.flag}-file exclude each other`);
  if (given !== undefined) return new Secret(given.reveal().slice());
  if (ways.file !== undefined) return readSecretFile(ways.file);
  const variable = process.env[ways.variable];
  if (variable !== undefined && variable !== "") return Secret.fromText(variable);
  if (!hasTerminal()) return undefined;
  return ways.isNew ? askNewHidden(ways.question) : askHidden(ways.question);
}

/** @throws VaultError `usage` where it was not given and nobody is there to ask. */
export async function requireSecretInput(ways: InputWays): Promise<Secret> {
  const secret = await findSecretInput(ways);
  if (secret === undefined) throw new VaultError("usage", `no ${ways.question.toLowerCase()} was given, and there is no terminal to ask at`, `${ways.flag}-file FILE, ${ways.flag}-file - (stdin) or the variable ${ways.variable}`);
  return secret;
}

/**
 * A secret's value: from a file, from the terminal, or from piped stdin.
 *
 * @throws VaultError `usage`, `io`.
 */
export async function requireValue(name: string, fromFile: string | undefined): Promise<Secret> {
  if (fromFile !== undefined) return readSecretFile(fromFile);
  if (process.stdin.isTTY) {
    if (hasTerminal()) return askHidden(`Value of ${name}`);
    throw new VaultError("usage", `no value for "${name}" was given`, `printf %s "$VALUE" | vault secrets create ${name} …`);
  }
  return readSecretFile("-");
}

/** Reads a file, or stdin for `-`. One trailing line end is dropped: editors and `echo` put it there. */
function readSecretFile(path: string): Secret {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    const code = systemErrorCode(error);
    // An stdin that is closed, or a terminal in the background, has nothing to say.
    if (path === "-") throw new VaultError("usage", `nothing can be read from stdin (${code ?? "unknown error"})`);
    throw new VaultError("usage", `cannot read "${path}" (${code ?? "unknown error"})`);
  }
  return new Secret(withoutLineEnd(bytes));
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}
