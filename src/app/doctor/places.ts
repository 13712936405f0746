// Who can get at the vault's files and folders: modes, owners, links.
import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { VaultPaths } from "../../paths.ts";
import { storeFilePath } from "../../store/store-file.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, shellWord } from "./finding.ts";

/**
 * What a place has to be. `folder`: only its user may write there (a link to such a folder will do); `private-folder`: nobody else may even enter;
 * `file` and `socket`: nobody else may read or write.
 */
export interface Place {
  readonly what: string;
  readonly path: string;
  readonly rule: "folder" | "private-folder" | "file" | "socket";
}

export interface Sight {
  readonly kind: "folder" | "file" | "socket" | "link" | "other";
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  /** How many names the file has. */
  readonly names: number;
}

/** Judges one place; several things can be wrong with it. `uid` is undefined where the system knows no modes. */
export function judgePlace({ what, path, rule }: Place, { kind, mode, uid, names }: Sight, ownUid: number | undefined): Finding[] {
  const isFolder = rule === "folder" || rule === "private-folder";
  const wanted = isFolder ? "folder" : rule;
  const bad = (message: string, fix: string): Finding => problem("permissions", "unsafe-file", `${what} "${path}" ${message}`, fix);
  if (kind === "link") return [bad("is a symbolic link", `put the ${wanted} itself there: whoever may change the link chooses what is read`)];
  if (kind !== wanted) return [bad(`is not a ${wanted}`, `look at what it is, and move it away: mv ${shellWord(path)} ${shellWord(`${path}.aside`)}`)];
  if (ownUid === undefined) return [];
  const findings: Finding[] = [];
  if (uid !== ownUid) findings.push(bad(`belongs to another user (${uid})`, `if you trust what is in it: sudo chown ${ownUid} ${shellWord(path)}`));
  const forbidden = rule === "folder" ? 0o022 : 0o077;
  if ((mode & forbidden) !== 0) {
    const open = (mode & 0o022) !== 0 ? "can be written to by other users" : "is open to other users";
    findings.push(bad(`${open} (mode ${octal(mode)})`, `chmod ${isFolder ? "700" : "600"} ${shellWord(path)}`));
  }
  if (kind === "file" && names > 1) findings.push(note("permissions", `${what} "${path}" has ${names} names (hard links); the others keep what it holds when it is replaced`, `find ${shellWord(dirname(path))} -xdev -samefile ${shellWord(path)}`));
  return findings;
}

/** Whoever may write to a folder above may put another in the place of the one below; the sticky bit stops that. */
export function judgeAncestor(path: string, mode: number): Finding | undefined {
  if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) return undefined;
  return problem("permissions", "unsafe-file", `every user can write to "${path}", a folder above the vault's, and so put other files in their place (mode ${octal(mode)})`, `chmod o-w ${shellWord(path)}`);
}

/** All places of a vault that can exist. @param keyFile the file provider's, if that is where the key is. */
function listPlaces(paths: VaultPaths, keyFile: string | undefined): Place[] {
  const { agent } = paths;
  const isPipe = agent.socket.startsWith("\\\\");
  const places: Place[] = [
    { what: "the data folder", path: paths.dataFolder, rule: "folder" },
    { what: "the vault file", path: paths.vaultFile, rule: "file" },
    { what: "the store's address", path: storeFilePath(paths.dataFolder), rule: "file" },
    ...(keyFile === undefined ? [] : [
      { what: "the key file's folder", path: dirname(keyFile), rule: "folder" } as const,
      { what: "the key file", path: keyFile, rule: "file" } as const,
    ]),
    { what: "the roots file", path: paths.rootsFile, rule: "file" },
    { what: "the state folder", path: dirname(paths.anchorFile), rule: "folder" },
    { what: "the rollback anchor", path: paths.anchorFile, rule: "file" },
    { what: "the audit folder", path: paths.auditFolder, rule: "folder" },
    { what: "the folder of the runs' logs", path: join(paths.auditFolder, "runs"), rule: "folder" },
    { what: "the folder of other machines' logs", path: join(paths.auditFolder, "copies"), rule: "folder" },
    ...listLogFiles(paths.auditFolder).map((path) => ({ what: "the audit log's file", path, rule: "file" }) as const),
    { what: "the agent's folder", path: agent.folder, rule: "private-folder" },
    { what: "the runtime folder", path: paths.runtimeFolder, rule: "private-folder" },
    { what: "the folder of the runs", path: join(paths.runtimeFolder, "runs"), rule: "private-folder" },
    { what: "the agent's token", path: agent.token, rule: "file" },
    ...(isPipe ? [] : [{ what: "the agent's socket", path: agent.socket, rule: "socket" } as const]),
  ];
  return places.filter(({ path }, index) => places.findIndex((other) => other.path === path) === index);
}

/** Looks at every place that exists. `unsafePaths` are those with a problem: what is read from them is not to be relied on. */
export function examinePlaces(paths: VaultPaths, keyFile: string | undefined): { readonly findings: Finding[]; readonly unsafePaths: ReadonlySet<string> } {
  const ownUid = process.platform === "win32" ? undefined : process.geteuid?.();
  const findings: Finding[] = [];
  const unsafePaths = new Set<string>();
  let seen = 0;
  for (const place of listPlaces(paths, keyFile)) {
    const sight = lookAt(place);
    if (sight === undefined) continue;
    seen += 1;
    const judged = judgePlace(place, sight, ownUid);
    if (judged.some(({ level }) => level === "problem")) unsafePaths.add(place.path);
    findings.push(...judged);
  }
  if (ownUid === undefined) findings.push(note("permissions", "this system has no modes to check: whoever may enter your profile's folder can read the vault's files"));
  else findings.push(...examineAncestors([paths.dataFolder, dirname(paths.anchorFile), ...(keyFile === undefined ? [] : [dirname(keyFile)])]));
  return { findings: findings.some(({ level }) => level === "problem") ? findings : [ok("permissions", seen === 0 ? "nothing of a vault is there yet" : `${seen} files and folders are yours alone`), ...findings], unsafePaths };
}

function lookAt({ path, rule }: Place): Sight | undefined {
  // A data folder may be a link, as long as the folder that it leads to is safe.
  const stat = rule === "folder" ? statSync(path, { throwIfNoEntry: false }) : lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const kind = stat.isDirectory() ? "folder" : stat.isFile() ? "file" : stat.isSocket() ? "socket" : stat.isSymbolicLink() ? "link" : "other";
  return { kind, mode: stat.mode & 0o7777, uid: stat.uid, names: stat.nlink };
}

function examineAncestors(folders: readonly string[]): Finding[] {
  const ancestors = new Set<string>();
  for (const folder of folders) for (let path = dirname(folder); !ancestors.has(path); path = dirname(path)) ancestors.add(path);
  return [...ancestors].flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    const finding = stat === undefined ? undefined : judgeAncestor(path, stat.mode & 0o7777);
    return finding === undefined ? [] : [finding];
  });
}

function listLogFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => /^(audit(-\d{16})?\.jsonl|head\.json)$/.test(name)).map((name) => join(folder, name));
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
