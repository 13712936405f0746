// What the planning of a walled program's files is asked, and what it answers.
import type { Preset, ReplacedFile } from "../presets/preset.ts";
import type { Mount } from "./mount.ts";
import type { Made } from "./protected-files.ts";

export interface FilesRequest {
  readonly home: string;
  /** The account's, where `home` is another: logins are hidden there, too. */
  readonly otherHome?: string | undefined;
  /** Of the environment: some lead to logins. */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd: string;
  readonly uid: number;
  /** As it was typed: its last part chooses the preset. */
  readonly command: string;
  readonly presets: readonly Preset[];
  /** Folders and files of the vault, wherever they are, whether they exist or not. */
  readonly vault: {
    readonly folders: readonly string[];
    /** Holds keys: no further name of it may exist, and it may not lie where the program writes. */
    readonly keyFiles: readonly string[];
  };
  /** What the program needs of what would not be there inside, to read: this run's folder, this program itself. */
  readonly shown: readonly string[];
  /** What the person named. */
  readonly writable: readonly string[];
  /** What the project's file names. */
  readonly asked: readonly string[];
  /** Files of the project in whose place others are shown. */
  readonly replacements: readonly { readonly path: string; readonly source: string }[];
  /** `$XDG_CACHE_HOME`, or what stands for it. */
  readonly cacheFolder: string;
  /** An empty private folder on the disk that is the home folder inside: for presets with replaced files. */
  readonly homeFolder?: string | undefined;
  /** `$TMPDIR`, or what stands for it: an empty one inside. */
  readonly temporary: string;
  readonly path: string;
  /** What has appeared or vanished while an earlier plan was carried out. */
  readonly unsteady?: readonly string[];
  readonly memoryBytes: number;
  /** Text of /proc/self/mountinfo and of /proc/net/unix. */
  readonly mountInfo: string;
  readonly sockets: string;
}

export interface FilesPlan {
  /** The first is the whole disk, read-only: what is to lie directly over it, such as /proc and /dev, comes after that one. */
  readonly mounts: readonly Mount[];
  /** Without links. */
  readonly home: string;
  readonly root: string | undefined;
  readonly preset: Preset | undefined;
  /** Not hidden though they are logins: the person named them, or they are the preset's own. */
  readonly allowed: readonly string[];
  /** To be made before the start, where nothing is there. */
  readonly made: readonly Made[];
  /** To be copied into the folder of the home before the start, and back in the end. */
  readonly replaced: readonly ReplacedFile[];
  /** In the project: a change of these is told in the end. */
  readonly watched: readonly string[];
  /** Folders in which Git repositories that have been made or changed are told in the end. */
  readonly searched: readonly string[];
  readonly warnings: readonly string[];
  readonly listing: FilesListing;
}

/** For people: paths, each in the list of what it is. */
export interface FilesListing {
  readonly writable: readonly string[];
  readonly protected: readonly string[];
  readonly hidden: readonly string[];
  readonly caches: readonly string[];
}
