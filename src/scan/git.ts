// What git says of a work tree: which folders it ignores, and what the next commit would bring. Nothing of the repository's own settings is run for it.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { findProgramsPath } from "../disk/programs-path.ts";
import { VaultError, systemErrorCode } from "../errors.ts";

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;
const TIMEOUT_MS = 120_000;
/** A repository may name programs of its own for each of these. */
const NO_PROGRAMS = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "-c", "diff.external="];
/** What the repository itself has, as it has it: nothing is written, fetched (which may start a program, and older versions of git know but the second of these) or exchanged for something else. */
const NOTHING_ELSE = { GIT_OPTIONAL_LOCKS: "0", GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none", GIT_NO_REPLACE_OBJECTS: "1" };
const ZEROS = /^0+$/;

export interface StagedFile {
  /** From the work tree's root. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What the last commit has there; undefined for a new file. */
  readonly before: Uint8Array | undefined;
}

/** Folders that git ignores as a whole, absolute. Empty where there is no git, or no work tree. */
export function ignoredFolders(folder: string): Set<string> {
  const { status, stdout } = git(folder, ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"]);
  const paths = status === 0 ? stdout.toString("utf8").split("\0") : [];
  return new Set(paths.filter((path) => path.endsWith("/")).map((path) => resolve(folder, path)));
}

/**
 * The files that a commit would bring, as they would be in it, whatever stands in the work tree meanwhile. Of submodules, and of links, nothing.
 *
 * @throws VaultError `usage` where this is no work tree, or git is missing.
 */
export function readStaged(folder: string, bytesMax: number): { readonly files: readonly StagedFile[]; readonly left: readonly { readonly path: string; readonly why: string }[] } {
  const listed = git(folder, ["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules", "--diff-filter=ACMT"]);
  if (listed.status !== 0) throw new VaultError("usage", listed.missing ? "there is no git here" : "this is no work tree of git", "--staged looks at what the next commit would bring; to look at files: vault scan");
  const changes = parseRaw(listed.stdout.toString("utf8"));
  const wanted = [...new Set(changes.flatMap(({ before, after }) => (before === undefined ? [after] : [after, before])))];
  const sizes = parseSizes(git(folder, ["cat-file", "--batch-check"], `${wanted.join("\n")}\n`).stdout);
  const small = wanted.filter((id) => (sizes.get(id) ?? Infinity) <= bytesMax);
  const blobs = small.length === 0 ? new Map<string, Uint8Array>() : parseBlobs(git(folder, ["cat-file", "--batch"], `${small.join("\n")}\n`).stdout);
  const left: { path: string; why: string }[] = [];
  const files = changes.flatMap(({ path, before, after }) => {
    const bytes = blobs.get(after);
    if (bytes !== undefined) return [{ path, bytes, before: before === undefined ? undefined : blobs.get(before) }];
    left.push({ path, why: sizes.has(after) ? `is larger than ${bytesMax} bytes` : "git does not give" });
    return [];
  });
  return { files, left };
}

function git(folder: string, args: readonly string[], input = ""): { readonly status: number | null; readonly stdout: Buffer; readonly missing: boolean } {
  const { status, stdout, error } = spawnSync("git", ["-C", folder, ...NO_PROGRAMS, ...args], { input, maxBuffer: OUTPUT_BYTES_MAX, timeout: TIMEOUT_MS, stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, ...NOTHING_ELSE, PATH: findProgramsPath() }, windowsHide: true });
  return { status, stdout: error === undefined ? stdout : Buffer.alloc(0), missing: systemErrorCode(error) === "ENOENT" };
}

/** `:100644 100644 ID ID M`, a zero byte, the path, a zero byte. Regular files alone have a mode of 1006… */
function parseRaw(text: string): { readonly path: string; readonly before: string | undefined; readonly after: string }[] {
  const parts = text.split("\0");
  return parts.flatMap((head, index) => {
    const [, , mode = "", before = "", after = ""] = /^:([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) [A-Z][0-9]*$/.exec(head) ?? [];
    return index % 2 === 0 && mode.startsWith("100") ? [{ path: parts[index + 1] ?? "", before: ZEROS.test(before) ? undefined : before, after }] : [];
  });
}

function parseSizes(bytes: Buffer): Map<string, number> {
  return new Map(bytes.toString("latin1").split("\n").flatMap((line) => {
    const [, id = "", size] = /^([0-9a-f]{40,64}) blob ([0-9]{1,15})$/.exec(line) ?? [];
    return size === undefined ? [] : [[id, Number(size)] as const];
  }));
}

/** `ID blob SIZE`, a line end, so many bytes, a line end; one after the other. */
function parseBlobs(bytes: Buffer): Map<string, Uint8Array> {
  const blobs = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    const [, id = "", size] = /^([0-9a-f]{40,64}) blob ([0-9]{1,15})$/.exec(bytes.subarray(at, end < 0 ? undefined : end).toString("latin1")) ?? [];
    if (end < 0 || size === undefined) break;
    blobs.set(id, bytes.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return blobs;
}
