// The private folder of one run. It goes when the run ends; one left by a crash is removed by a later run.
import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "../disk/process-identity.ts";
import { identifyThisProcess, judgeLiveness } from "../disk/process-identity.ts";
import { ensurePrivateFolder } from "../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../errors.ts";

export interface RunFolder {
  readonly path: string;
  /** Removes the folder with all that is in it. What cannot be removed is left to a later run. */
  close(): void;
}

const NAME = /^run-([1-9][0-9]{0,9})-[0-9a-f]{16}$/;
const HOLDER_FILE = "holder.json";

/** Making a folder and noting its holder are two acts; only a crash leaves a minute between them. */
const UNNOTED_MS_MAX = 60_000;

/**
 * Makes the folder `run-<pid>-<random>`, 0700, below `parent`, and removes those there whose run has died.
 *
 * @throws VaultError `unsafe-file` where `parent` is a link, another user's or open to others; `io`.
 */
export function openRunFolder(parent: string): RunFolder {
  ensurePrivateFolder(parent);
  reapDeadRuns(parent);
  const path = join(parent, `run-${process.pid}-${randomBytes(8).toString("hex")}`);
  try {
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(path, HOLDER_FILE), JSON.stringify(identifyThisProcess()), { flag: "wx", mode: 0o600 });
  } catch (error) {
    removeQuietly(path);
    throw new VaultError("io", `cannot make the folder "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "check that the disk is not full");
  }
  return { path, close: () => { removeQuickly(path); } };
}

function reapDeadRuns(parent: string): void {
  for (const name of readdirSync(parent)) if (NAME.test(name) && isLeftOver(join(parent, name))) removeQuietly(join(parent, name));
}

/** Only what is surely dead: a holder on another host that shares the folder cannot be judged from here. */
function isLeftOver(path: string): boolean {
  try {
    const stat = lstatSync(path);
    if (!stat.isDirectory()) return false;
    const holder = findHolder(path);
    return holder === undefined ? Date.now() - stat.mtimeMs > UNNOTED_MS_MAX : judgeLiveness(holder) === "dead";
  } catch {
    // Another run has just removed it.
    return false;
  }
}

/** The note's content, or undefined where there is none or a crash has cut it short. */
function findHolder(path: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(join(path, HOLDER_FILE), "utf8")) as Partial<Record<keyof ProcessIdentity, unknown>> | null;
    const { pid, start, boot, host } = value ?? {};
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    if (typeof start !== "string" || typeof boot !== "string" || typeof host !== "string") return undefined;
    return { pid, start, boot, host };
  } catch {
    return undefined;
  }
}

/** What runs put there are files, and folders of files. Node's own way tries each folder first as if it were empty, and asks for each file what it is. */
function removeQuickly(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) if (!entry.isDirectory()) unlinkSync(join(path, entry.name));
    else removeFiles(join(path, entry.name));
    rmdirSync(path);
  } catch {
    removeQuietly(path);
  }
}

/** @throws a system error where there is a folder in it. */
function removeFiles(path: string): void {
  for (const name of readdirSync(path)) unlinkSync(join(path, name));
  rmdirSync(path);
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Its holder will have died by the time of a later run, which tries again.
  }
}
