// Where secrets come in (in this order): flags and files, the environment, a prompt without echo, piped stdin.
import { VaultError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import { askHidden, askNewHidden, hasTerminal } from "../output/terminal.ts";
import type { SecretFlag } from "./argv-secrets.ts";
import { isStdin, readInput } from "./file-input.ts";
import { isStdinTyped } from "./stdin.ts";

/** With the line end that is dropped. */
const INPUT_BYTES_MAX = VALUE_BYTES_MAX + 2;

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
let storePassword: Secret | undefined;

/** Handed over by `main` before any command runs. */
export function rememberGivenSecrets(given: { readonly secrets: ReadonlyMap<SecretFlag, Secret>; readonly storePassword: Secret | undefined }): void {
  givenSecrets = given.secrets;
  storePassword = given.storePassword;
}

/** The password that stood in a store's address. @throws VaultError `usage` where it was not written as in a URL. */
export function findStorePassword(): Secret | undefined {
  if (storePassword === undefined) return undefined;
  try {
    return Secret.fromText(decodeURIComponent(new TextDecoder().decode(storePassword.reveal())));
  } catch {
    throw new VaultError("usage", "the password in the store's address has a \"%\" that stands for no letter", "in a URL a % is written as %25; or leave the password out, and set VAULT_STORE_PASSWORD");
  }
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
  if (given !== undefined && ways.file !== undefined) throw new VaultError("usage", `${ways.flag} and ${ways.flag}-file exclude each other`, "leave one of the two out; the file is the safer one");
  if (given !== undefined) return given.copy();
  if (ways.file !== undefined) return readSecretFile(ways.file, ways);
  const variable = process.env[ways.variable];
  if (variable !== undefined && variable !== "") return Secret.fromText(variable);
  if (!hasTerminal()) return undefined;
  return ask(ways);
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
  const asked = { question: `Value of ${name}`, isNew: false };
  if (fromFile === undefined && isStdinTyped() && !hasTerminal()) throw new VaultError("usage", `no value for "${name}" was given`, 'pipe it into the same command, printf %s "$VALUE" | vault …; or name a file: --from-file FILE');
  return readSecretFile(fromFile ?? "-", asked);
}

/**
 * The secret of a client that logs in: from a file, from piped stdin, or asked for.
 *
 * @param file the value of `--client-secret-file`. @param isNeeded otherwise what was given counts, and nobody is asked.
 * @throws VaultError `usage` where it is needed and nobody is there to ask; `io`.
 */
export async function findClientSecret(file: string | undefined, isNeeded: boolean): Promise<Secret | undefined> {
  const asked = { question: "Secret of the client", isNew: false };
  if (file !== undefined) return readSecretFile(file, asked);
  if (!isNeeded) return undefined;
  if (!hasTerminal()) throw new VaultError("usage", "the client has a secret, which was not given, and there is no terminal to ask at", "--client-secret-file FILE, - for stdin");
  return ask(asked);
}

type Asked = Pick<InputWays, "question" | "isNew">;

/** Reads a file, or stdin for `-`; what would be typed there is asked for, so that nobody sees it. One trailing line end is dropped: editors and `echo` put it there. */
async function readSecretFile(path: string, asked: Asked): Promise<Secret> {
  if (isStdin(path) && isStdinTyped() && hasTerminal()) return ask(asked);
  const { question } = asked;
  return new Secret(withoutLineEnd(await readInput(path, `the ${question.charAt(0).toLowerCase()}${question.slice(1)}`, INPUT_BYTES_MAX)));
}

function ask({ question, isNew }: Asked): Promise<Secret> {
  return isNew ? askNewHidden(question) : askHidden(question);
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}
