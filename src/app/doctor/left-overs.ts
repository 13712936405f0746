// What processes that died have left behind. Nothing of it stops a command, so all of it is told as notes; a lock that nobody here may break is a problem.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { encodeHex } from "../../bytes.ts";
import { findTemporaries } from "../../disk/durable-file.ts";
import { findLockHolder } from "../../disk/file-lock.ts";
import type { ProcessIdentity } from "../../disk/process-identity.ts";
import { identifyThisProcess, judgeLiveness } from "../../disk/process-identity.ts";
import type { VaultPaths } from "../../paths.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, shellWord } from "./finding.ts";

const DRAFT = /\.draft-[0-9a-f]{24}$/;
const TEMPORARY_PID = /\.(\d{1,10})-[0-9a-f]{12}\.tmp$/;
const RUN_FOLDER = /^run-[1-9][0-9]{0,9}-[0-9a-f]{16}$/;

export type LockHolder = NonNullable<ReturnType<typeof findLockHolder>>;

/** Judges a lock by who holds it. `ownHost` is this machine's name as locks spell it. */
function judgeLock(path: string, { pid, host, isDead }: LockHolder, ownHost: string): Finding {
  if (isDead) return note("locks", `the lock "${path}" was left behind by process ${pid}, which is dead; the next command takes it over`);
  if (host === ownHost) return note("locks", `process ${pid} holds the lock "${path}" just now`, `ps -p ${pid}`);
  const who = pid === 0 ? host : `process ${pid} on ${host}`;
  return problem("locks", "busy", `${who} holds the lock "${path}", and whether it is alive cannot be told from here`, `if it is gone: rm ${shellWord(path)}`);
}

/** The locks of the vault, of its log and of the agent's start, and the drafts that waiters leave when they are killed. */
export function examineLocks({ dataFolder, lockFile, auditFolder, agent }: VaultPaths): Finding[] {
  const ownHost = identifyThisProcess().host;
  const findings = [lockFile, join(dataFolder, "copy.lock"), join(auditFolder, "audit.lock"), join(agent.folder, "agent.start")].flatMap((path) => {
    const holder = findLockHolder(path);
    const drafts = siblings(path, `${basename(path)}.draft-`).filter((draft) => DRAFT.test(draft) && isLeftOver(draft));
    return [
      ...(holder === undefined ? [] : [judgeLock(path, holder, ownHost)]),
      ...drafts.map((draft) => note("locks", `"${draft}" was left behind by a process that died while it waited for a lock`, `rm ${shellWord(draft)}`)),
    ];
  });
  return findings.length > 0 ? findings : [ok("locks", "no lock is held or was left behind")];
}

/** Temporary files of dead writers, and the folders of runs that were killed. @param keyFile the file provider's, if that is where the key is. */
export function examineLeftOvers({ vaultFile, anchorFile, auditFolder, lockMark, runtimeFolder }: VaultPaths, keyFile: string | undefined): Finding[] {
  const written = [vaultFile, anchorFile, join(auditFolder, "head.json"), lockMark, ...(keyFile === undefined ? [] : [keyFile])];
  const temporaries = written.filter((path) => existsSync(dirname(path))).flatMap(findTemporaries).filter(isOfDeadWriter);
  const runs = list(join(runtimeFolder, "runs")).filter((path) => RUN_FOLDER.test(basename(path)) && isLeftOver(join(path, "holder.json")));
  const findings = [
    ...temporaries.map((path) => note("left-overs", `"${path}" was left behind by a write that was cut off`, `rm ${shellWord(path)}`)),
    ...runs.map((path) => note("left-overs", `the run folder "${path}" was left behind by a run that was killed; the next run removes it`)),
  ];
  return findings.length > 0 ? findings : [ok("left-overs", "no temporary files or run folders were left behind")];
}

/**
 * Keys beside the key file, under names of the form `<key file>.<key id>`: what a replacement stages first. One may be the key of a backup, so no program removes it.
 *
 * @param keyId the id of the key in force.
 */
export function examineSuccessors(keyFile: string, keyId: Uint8Array): Finding[] {
  const base = keyFile.replace(/\.[0-9a-f]{32}$/, "");
  const successors = [...new Set([base, keyFile])].flatMap((path) => siblings(path, `${basename(path)}.`).filter((other) => /^\.[0-9a-f]{32}$/.test(other.slice(path.length))));
  return successors.filter((path) => path !== keyFile).map((path) =>
    path === `${keyFile}.${encodeHex(keyId)}`
      ? note("key", `the key in force is in "${path}", because a replacement was cut off before it could take its place; vault finds it there`, "to put the next key in its place: vault rotate-master")
      : note("key", `"${path}" is a key that was staged for a vault and is not in use; vault never removes it`, `if it opens no vault and no backup that you keep: rm ${shellWord(path)}`),
  );
}

function isOfDeadWriter(temporary: string): boolean {
  const pid = Number(TEMPORARY_PID.exec(temporary)?.[1] ?? 0);
  return pid === 0 || judgeLiveness({ pid, start: "", boot: "", host: identifyThisProcess().host }) === "dead";
}

/** Only what is surely dead, as the note at a path tells. */
function isLeftOver(path: string): boolean {
  const holder = findIdentity(path);
  return holder !== undefined && judgeLiveness(holder) === "dead";
}

function findIdentity(path: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Record<keyof ProcessIdentity, unknown>> | null;
    const { pid, start, boot, host } = value ?? {};
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    return typeof start === "string" && typeof boot === "string" && typeof host === "string" ? { pid, start, boot, host } : undefined;
  } catch {
    return undefined;
  }
}

function siblings(path: string, prefix: string): string[] {
  return list(dirname(path)).filter((other) => basename(other).startsWith(prefix));
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
