// Takes secrets out of the argument list before anything else sees it: the command framework quotes arguments in its errors and its debug output.
import { VaultError } from "../../errors.ts";
import { Secret } from "../../secret.ts";

/** Flags that may carry a secret, as aivault documents them. Each has a safer twin. */
const SECRET_FLAGS = { "--passphrase": "--passphrase-file", "--new-passphrase": "--new-passphrase-file", "--new-key": "--new-key-file" } as const;

export type SecretFlag = keyof typeof SECRET_FLAGS;

/** Flags that take a store's address, which may have its password in it. */
const STORE_FLAGS = ["--store", "--to"] as const;
/** Up to the last `@`: a password that was not written as a URL has it need not end at the first. */
const URL_PASSWORD = /^((?:--[a-z]+=)?[A-Za-z][\w+.-]*:\/\/[^/?#:@]*):(.*)(@[^@]*)$/s;

export interface SplitArgv {
  /** The arguments without these flags and their values. */
  readonly argv: readonly string[];
  readonly secrets: ReadonlyMap<SecretFlag, Secret>;
  /** As it stood in a store's address, percent signs and all; the address is left without it. */
  readonly storePassword: Secret | undefined;
  readonly warnings: readonly string[];
}

/** Whether the process list should forget the arguments: asked first of all, before anything is loaded. */
export function holdsSecret(argv: readonly string[]): boolean {
  return ownPart(argv).some((word, at, own) => isRefused(word) || findFlag(word) !== undefined || findUrlPassword(own, at) !== undefined);
}

/**
 * Splits the arguments up to the first `--`; what is behind it belongs to the child.
 *
 * @throws VaultError `usage` for `--value`, `--client-secret` and aivault's `--entry`, which exist to be refused (their values are echoed nowhere), and for a secret flag without a value or given twice.
 */
export function splitArgv(argv: readonly string[]): SplitArgv {
  const own = ownPart(argv);
  const rest: string[] = [];
  const secrets = new Map<SecretFlag, Secret>();
  const warnings: string[] = [];
  let storePassword: Secret | undefined;
  for (let at = 0; at < own.length; at += 1) {
    const word = own[at] ?? "";
    if (isRefused(word)) throw new VaultError("usage", "a secret's value is never taken from the command line, which other users and the shell's history can see", `give it by --from-file FILE, or leave it out to be asked; or on stdin: printf %s "$VALUE" | ${own.includes("rotate") ? "vault secrets rotate NAME" : "vault secrets create NAME --host HOST"}; many: vault secrets import FILE; a client's: vault login PROVIDER --client-id ID --client-secret-file FILE`);
    const found = findUrlPassword(own, at);
    if (found !== undefined) {
      storePassword = Secret.fromText(found.password);
      rest.push(found.word);
      warnings.push("a password in a store's address is seen by other users for a moment and kept by the shell's history; the variable VAULT_STORE_PASSWORD is safer");
      continue;
    }
    const flag = findFlag(word);
    if (flag === undefined) {
      rest.push(word);
      continue;
    }
    const value = word.length > flag.length ? word.slice(flag.length + 1) : own[(at += 1)];
    if (value === undefined) throw new VaultError("usage", `${flag} needs a value`, `${SECRET_FLAGS[flag]} FILE is safer`);
    if (secrets.has(flag)) throw new VaultError("usage", `${flag} is given twice`, "give it once");
    secrets.set(flag, Secret.fromText(value));
    warnings.push(`${flag} on the command line is seen by other users for a moment and kept by the shell's history; ${SECRET_FLAGS[flag]} FILE, ${SECRET_FLAGS[flag]} - (stdin) or a prompt are safer`);
  }
  return { argv: [...rest, ...argv.slice(own.length)], secrets, storePassword, warnings };
}

function findUrlPassword(own: readonly string[], at: number): { readonly word: string; readonly password: string } | undefined {
  const word = own[at] ?? "";
  const isTheirs = STORE_FLAGS.some((flag) => own[at - 1] === flag || word.startsWith(`${flag}=`));
  const [, before, password, after] = (isTheirs ? URL_PASSWORD.exec(word) : null) ?? [];
  return before === undefined || password === undefined || after === undefined ? undefined : { word: `${before}${after}`, password };
}

function ownPart(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0 ? argv : argv.slice(0, end);
}

function findFlag(word: string): SecretFlag | undefined {
  return (Object.keys(SECRET_FLAGS) as SecretFlag[]).find((flag) => isFlag(word, flag));
}

/** Would carry a value. */
function isRefused(word: string): boolean {
  return isFlag(word, "--value") || isFlag(word, "--entry") || isFlag(word, "--client-secret");
}

function isFlag(word: string, flag: string): boolean {
  return word === flag || word.startsWith(`${flag}=`);
}
