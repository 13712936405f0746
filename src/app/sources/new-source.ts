// What is sealed of a secret whose value is made: taken from the person who stores it, so that nothing has to be taken from whoever asks later.
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { encodeCommandOrder, encodeReferenceOrder } from "../../agent/sources/sealed-order.ts";
import type { Store } from "../../agent/sources/stores.ts";
import { findStoreOf, planQuestion, STORES } from "../../agent/sources/stores.ts";
import { findProgramsPath } from "../../disk/programs-path.ts";
import { VaultError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { LivingSource } from "../../vault/source.ts";

export interface AskedLife {
  /** Seconds for which a value is good where nobody says. */
  readonly ttl: number;
  /** Seconds for which a source that failed is not asked again. */
  readonly failureTtl: number;
  /** Variables, beside the usual ones, that the program needs. */
  readonly keep: readonly string[];
}

export type AskedSource = AskedLife &
  ({ readonly kind: "command"; readonly command: readonly string[]; readonly timeout: number } | { readonly kind: "reference"; readonly address: string });

export interface PlannedSource {
  readonly source: LivingSource;
  /** In the place of a value. */
  readonly sealed: Secret;
}

/** What tools need to find their own files and daemons. Not SSH_AUTH_SOCK, which is another with each login: whoever needs it names it. */
const USUAL = ["HOME", "LANG", "LC_ALL", "LOGNAME", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"];
/** Windows programs do not start without these. */
const USUAL_ON_WINDOWS = ["APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "TEMP", "USERPROFILE"];

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * @param variables of the person who stores the secret.
 * @param ownProgram this program's own script: another store's command may have its name.
 * @throws VaultError `usage` for a program that is not there, an address that no store has, a variable that is not set; `no-value` where a store's own program is not there.
 */
export function planSource(variables: Variables, asked: AskedSource, ownProgram: string | undefined): PlannedSource {
  const { ttl, failureTtl, keep } = asked;
  if (asked.kind === "command") {
    const [program = "", ...args] = asked.command;
    const order = { command: [findProgram(program, variables, ownProgram), ...args], environment: takeVariables(variables, [], keep) };
    return { source: { kind: "command", ttl, failureTtl, timeout: asked.timeout }, sealed: asUsage(() => encodeCommandOrder(order)) };
  }
  const { address } = asked;
  const store = findStoreOf(address);
  if (store === undefined) throw new VaultError("usage", `no store that is known here has an address such as "${address}"`, `known are ${STORES.map((one) => one.address).join(", ")}`);
  const question = planQuestion(store, address);
  if (question === undefined) throw new VaultError("usage", `"${address}" is no address of ${store.title}`, `its addresses are ${store.address}`);
  const order = { address, program: findProgram(question.program, variables, ownProgram, store), environment: takeVariables(variables, store.variables, keep) };
  return { source: { kind: "reference", ttl, failureTtl, store: store.id }, sealed: asUsage(() => encodeReferenceOrder(order)) };
}

/** The absolute path, so that no other program of its name comes in between later. Links are kept: they stand where a newer version will be. */
function findProgram(name: string, variables: Variables, ownProgram: string | undefined, store?: Store): string {
  if (isAbsolute(name) && isExecutable(name)) return name;
  const found = name.includes("/") || name === "" ? undefined : folders(variables).map((folder) => join(folder, name)).find((path) => isExecutable(path) && !isSame(path, ownProgram));
  if (found !== undefined) return found;
  if (isAbsolute(name)) throw new VaultError("usage", `there is no program at "${name}" that this user can start`, "name it by the path where it is, or as it is found in the PATH");
  if (name.includes("/")) throw new VaultError("usage", `"${name}" is no program with an absolute path`, "name it by its absolute path, or as it is found in the PATH");
  const left = name === "" ? undefined : (variables["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder)).map((folder) => join(folder, name)).find(isExecutable);
  if (left !== undefined) throw new VaultError(store === undefined ? "usage" : "no-value", `"${left}" is not taken for "${name}": it stands in a folder of this project or of a package, where a program that ran here may have left it`, store === undefined ? `if it is the one that you mean: ${left}` : "install it where programs of yours are, or type the command in another folder");
  if (store === undefined) throw new VaultError("usage", `the program "${name}" is not in the PATH`, "name it by its absolute path");
  // What was typed is right: the store cannot be asked here.
  throw new VaultError("no-value", `${store.title} cannot be asked: its program "${name}" is not in the PATH`, `install it: ${store.documentation}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isSame(path: string, other: string | undefined): boolean {
  try {
    return other !== undefined && realpathSync(path) === realpathSync(other);
  } catch {
    return false;
  }
}

/** A relative one would mean another folder where the program is run, and one of the project's would have what somebody left there. */
function folders(variables: Variables): string[] {
  return findProgramsPath(variables["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

function takeVariables(variables: Variables, ofStore: readonly string[], keep: readonly string[]): { readonly name: string; readonly value: string }[] {
  const missing = keep.find((name) => variables[name] === undefined);
  if (missing !== undefined) throw new VaultError("usage", `the variable "${missing}" is not set, and was to be kept`, "set it, or leave it out of --keep-env");
  const names = [...new Set([...USUAL, ...(process.platform === "win32" ? USUAL_ON_WINDOWS : []), ...ofStore, ...keep])];
  const taken = names.flatMap((name) => {
    const value = variables[name];
    return value === undefined ? [] : [{ name, value }];
  });
  return [...taken, { name: "PATH", value: folders(variables).join(delimiter) }].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function asUsage<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw error instanceof VaultError ? new VaultError("usage", error.message) : error;
  }
}
