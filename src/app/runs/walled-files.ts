// The disk of a walled run: what of this vault, this run and this program goes in, and what stays out.
import { mkdirSync, realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hiding } from "../../run/hidden-values.ts";
import type { RunFolder } from "../../run/run-folder.ts";
import { openRunFolder } from "../../run/run-folder.ts";
import { disk as realDisk } from "../../wall/files/disk-view.ts";
import type { FilesOptions, WalledFiles } from "../../wall/files/open-files.ts";
import { describeFiles, openFiles } from "../../wall/files/open-files.ts";
import { writeShownEnvFiles } from "./shown-env-files.ts";
import { findOtherHome, listVaultPlaces } from "./vault-places.ts";
import type { Surroundings } from "../surroundings.ts";
import type { WallChoice } from "./run-options.ts";

export interface WalledDisk {
  readonly command: string;
  /** The run's own folder; undefined where nothing is mounted: the files are only to be told of, or are guarded another way. */
  readonly folder: string | undefined;
  /** Empty: what is laid over files of the disk is written there. The run's own folder if left out. */
  readonly laid?: string;
  /** What has appeared or vanished while an earlier space was made. */
  readonly unsteady?: readonly string[];
  /** What the vault file names. */
  readonly keyFile: string | undefined;
  /** The vault's values, which no `.env` file is to show. */
  readonly hidden: Hiding["hidden"];
}

/** @throws VaultError as `openFiles`. */
export function openWalledFiles(surroundings: Surroundings, wall: WallChoice, disk: WalledDisk): WalledFiles {
  const homes: RunFolder[] = [];
  const openHomeFolder = (): string => {
    const opened = openRunFolder(join(surroundings.paths.runtimeFolder, "homes"));
    homes.push(opened);
    const inside = join(opened.path, "home");
    mkdirSync(inside, { mode: 0o700 });
    return realpathSync(inside);
  };
  const files = openFiles({ ...describe(surroundings, wall, disk), ...(disk.folder === undefined ? {} : { openHomeFolder }) });
  for (const warning of files.warnings) surroundings.warn(warning);
  return {
    ...files,
    close: () => {
      try {
        return files.close();
      } finally {
        for (const opened of homes) opened.close();
      }
    },
  };
}

export interface WalledExplanation {
  /** Undefined: what runs is no program whose needs are known. */
  readonly preset: ReturnType<typeof describeFiles>["preset"];
  readonly listing: ReturnType<typeof describeFiles>["listing"];
}

/** What a program would see and could write to. Nothing is made or started. @throws VaultError as `openFiles`. */
export function explainWalledFiles(surroundings: Surroundings, wall: WallChoice, command: string): WalledExplanation {
  const { preset, warnings, listing } = describeFiles(describe(surroundings, wall, { command, folder: undefined, keyFile: undefined, hidden: [] }));
  for (const warning of warnings) surroundings.warn(warning);
  return { preset, listing };
}

function describe(surroundings: Surroundings, { writable, asked }: WallChoice, { command, folder, laid = folder, unsteady = [], keyFile, hidden }: WalledDisk): Omit<FilesOptions, "openHomeFolder"> {
  const home = homedir();
  const cacheFolder = surroundings.variables["XDG_CACHE_HOME"];
  return {
    home,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
    command,
    vault: listVaultPlaces(surroundings, keyFile),
    otherHome: findOtherHome(),
    variables: surroundings.variables,
    // This program's own files are those that it has Node load, and those of a `vault` that is typed inside.
    shown: [...(folder === undefined ? [] : [folder]), fileURLToPath(new URL(".", import.meta.url)), process.execPath],
    writable,
    asked,
    replacements: laid === undefined ? [] : writeShownEnvFiles(hidden, laid, writable),
    cacheFolder: realFolder(cacheFolder?.startsWith("/") === true ? cacheFolder : join(home, ".cache")),
    temporary: tmpdir(),
    unsteady,
    path: surroundings.variables["PATH"] ?? "",
  };
}

/** Without the links that lead there, whether it is there yet or not. Those below it count: they may be a program's. */
function realFolder(path: string): string {
  return realDisk.realOf(path) ?? (path === dirname(path) ? path : join(realFolder(dirname(path)), basename(path)));
}
