// A walled program's file system, from the look at the disk to what is told in the end.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { Preset } from "../presets/preset.ts";
import { choosePreset } from "../presets/preset.ts";
import { listPresets } from "../presets/bundled.ts";
import { disk } from "./disk-view.ts";
import type { FilesListing, FilesRequest } from "./files-plan.ts";
import type { Mount } from "./mount.ts";
import { parseMountInfo } from "./mount-points.ts";
import { findPlacesToHide, findUnhidden } from "./places-to-hide.ts";
import { planFiles } from "./plan-files.ts";
import { findChangedRepositories } from "./nested-repositories.ts";
import type { Made } from "./protected-files.ts";
import { bringBack, copyIn } from "./replaced-files.ts";
import { tellShadowing } from "./shadowing-programs.ts";

/** The kernel dates files by a clock that is this much behind. */
const CLOCK_STEP_MS = 20;

export interface FilesOptions extends Omit<FilesRequest, "presets" | "mountInfo" | "sockets" | "memoryBytes" | "homeFolder"> {
  /** Makes an empty private folder on the disk that goes with the run. Called for a preset that needs one; left out where the home folder is the real one. */
  readonly openHomeFolder?: () => string;
}

export interface WalledFiles {
  /** The first is the whole disk, read-only: /proc and /dev come after that one, and before the others. */
  readonly mounts: readonly Mount[];
  /** The project's root; undefined where nothing of the current folder is writable. */
  readonly root: string | undefined;
  readonly preset: Preset | undefined;
  readonly warnings: readonly string[];
  readonly listing: FilesListing;
  /** Looks at the disk once more. @returns the first path that has appeared, is to be hidden, and would be seen; undefined where there is none. */
  findUnhidden(): string | undefined;
  /** @returns what was to be hidden, and is not there any more. */
  listGone(): string[];
  /** When the program has ended. Brings back what is to be kept. @returns what the person should look at */
  close(): string[];
}

/**
 * Makes what has to be there, and says what is to be mounted.
 *
 * @throws VaultError as `planFiles`; `io`.
 */
export function openFiles(options: FilesOptions): WalledFiles {
  const presets = listPresets();
  const preset = choosePreset(presets, options.command);
  const homeFolder = preset === undefined || preset.replaced.length === 0 ? undefined : options.openHomeFolder?.();
  const request: FilesRequest = { ...options, presets, homeFolder, memoryBytes: totalmem(), ...readKernelLists() };
  const plan = planFiles(disk, request);
  const missing = plan.made.filter((one) => !make(one)).map(({ path }) => path);
  const texts = homeFolder === undefined ? new Map<string, string>() : copyIn(plan.replaced, plan.home, homeFolder);
  const sinceMs = Date.now() - CLOCK_STEP_MS;
  const states = plan.watched.map((path) => [path, disk.stateOf(path)] as const);
  const mounts = plan.mounts.filter((mount) => !missing.includes(mount.path));
  return {
    mounts,
    root: plan.root,
    preset,
    warnings: plan.warnings,
    listing: plan.listing,
    findUnhidden() {
      const now = { ...request, ...readKernelLists() };
      return findUnhidden(disk, mounts, findPlacesToHide(disk, now, { home: plan.home, allowed: plan.allowed, points: parseMountInfo(now.mountInfo) }));
    },
    listGone: () => mounts.flatMap(({ kind, path }) => ((kind === "empty" || kind === "nothing") && disk.kindOf(path) === undefined ? [path] : [])),
    close() {
      const changed = states.flatMap(([path, state]) => {
        const now = disk.stateOf(path);
        if (now === state) return [];
        return [`"${path}" ${state === undefined ? "was made" : now === undefined ? "was removed" : "was changed"} during the run: look at it before a program outside obeys it`];
      });
      const repositories = plan.searched.flatMap((folder) => findChangedRepositories(folder, sinceMs));
      const told = repositories.map((path) => `"${path}" is of a Git repository that was made during the run, or has other settings or hooks since: in that folder, git status obeys them, and so may your shell's prompt`);
      return [...changed, ...told, ...tellShadowing(options.path, plan.searched, sinceMs, (named) => disk.realOf(named)), ...(homeFolder === undefined ? [] : bringBack(plan.replaced, texts, plan.home, homeFolder))];
    },
  };
}

/** What `openFiles` would say of it, with nothing made. @throws VaultError as `planFiles`. */
export function describeFiles(options: FilesOptions): Pick<WalledFiles, "root" | "preset" | "warnings" | "listing"> {
  return planFiles(disk, { ...options, presets: listPresets(), memoryBytes: totalmem(), ...readKernelLists() });
}

/** Whether it is there now. Where this user may not make it, the program may not either. */
function make({ path, content }: Made): boolean {
  try {
    mkdirSync(content === "folder" ? path : dirname(path), { recursive: true, mode: 0o700 });
    if (content !== "folder") writeFileSync(path, content.text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    const code = systemErrorCode(error) ?? "unknown error";
    if (code === "EEXIST") return true;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
    throw new VaultError("io", `cannot make "${path}" for the wall (${code})`, "check that the disk is not full");
  }
}

function readKernelLists(): Pick<FilesRequest, "mountInfo" | "sockets"> {
  return { mountInfo: read("/proc/self/mountinfo"), sockets: read("/proc/net/unix") };
}

/** Other systems have no /proc, and nothing that is mounted. */
function read(path: string): string {
  if (process.platform !== "linux") return "";
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new VaultError("io", `cannot read "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "the wall needs /proc");
  }
}
