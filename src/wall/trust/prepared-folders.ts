// A system's folder of certificates has some hundreds of links. A copy with the same links is put together once, and kept: a run takes it for itself alone, lays it over the folder with its own root in it, and gives it back at its end.
//
// Who can write to where they are kept is the user, whose programs behind the wall are not; whoever else runs as the user decides what the user's programs trust in any case.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { systemErrorCode } from "../../errors.ts";
import type { Mount } from "../files/mount.ts";

/** Below that many entries a fresh folder in memory costs less. */
const ENTRIES_MIN = 64;
/** So many copies are kept of one folder, for runs at the same time. */
const COPIES_MAX = 4;
/** A change so shortly before the look at the folder may be followed by another with the same time. */
const SETTLED_MS = 2000;

/** Behind the wall there is one user, whose they are. */
const FOLDER_MODE = 0o700;
/** Of a copy: the folder that is laid over another, and what is told of it. */
const COPY = "copy";
const LIST = "list.json";
/** Where the copy shows what was in the folder: what is no link or folder leads there. */
const OUTSIDE = ".outside";

interface Listing {
  readonly folders: readonly string[];
  readonly showsOutside: boolean;
  /** Whether the folder had not been changed for a while. */
  readonly isSettled: boolean;
}

export interface PreparedFolders {
  /**
   * @param file what is put into the copy beside what is in the folder.
   * @param covered files over which another is laid later.
   * @param nameOf the further file's name, from whether another is taken.
   * @returns undefined where the folder is small, or no copy can be made.
   */
  cover(path: string, file: string, covered: ReadonlySet<string>, nameOf: (isTaken: (name: string) => boolean) => string): Mount[] | undefined;
  /** Gives back what was taken. Nothing may show it any more. */
  close(): void;
}

/** @param kept where copies wait for the next run. @param own the run's own folder, on the same disk. */
export function openPreparedFolders(kept: string, own: string): PreparedFolders {
  const taken: { readonly at: string; readonly name: string; readonly added: string }[] = [];
  const cover: PreparedFolders["cover"] = (path, file, covered, nameOf) => {
    const { dev, ino, ctimeNs } = statSync(path, { bigint: true });
    const places = [...covered].filter((place) => dirname(place) === path).map((place) => basename(place)).sort();
    const name = `${digest([path])}-${digest([dev, ino, ctimeNs, ...places])}`;
    const at = join(own, `certificates-${taken.length}`);
    const listing = take(kept, name, at) ?? make(path, at, places, ctimeNs);
    if (listing === undefined) return undefined;
    const copy = join(at, COPY);
    const added = nameOf((other) => existsSync(join(copy, other)));
    copyFileSync(file, join(copy, added));
    if (listing.isSettled) taken.push({ at, name, added: join(copy, added) });
    const shown = listing.showsOutside ? [{ source: path, path: join(path, OUTSIDE) }] : [];
    return [{ source: copy, path }, ...shown, ...listing.folders.map((folder) => ({ source: join(path, folder), path: join(path, folder) }))].map((mount) => ({ kind: "read-only", ...mount }));
  };
  return {
    cover: (...call) => {
      try {
        return cover(...call);
      } catch (error) {
        // Gone, or not to be read; or the disk is full. Then there is the other way.
        if (systemErrorCode(error) === undefined) throw error;
        return undefined;
      }
    },
    close() {
      for (const { at, name, added } of taken) giveBack(kept, name, at, added);
    },
  };
}

function take(kept: string, name: string, at: string): Listing | undefined {
  for (let number = 0; number < COPIES_MAX; number += 1) {
    const from = join(kept, `${name}-${number}`);
    // Most are not there, and an error costs more than a look.
    if (!existsSync(from)) continue;
    try {
      renameSync(from, at);
      return JSON.parse(readFileSync(join(at, LIST), "utf8")) as Listing;
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") throw error;
    }
  }
  return undefined;
}

function make(path: string, at: string, places: readonly string[], ctimeNs: bigint): Listing | undefined {
  const entries = readdirSync(path, { withFileTypes: true });
  if (entries.length < ENTRIES_MIN) return undefined;
  const copy = join(at, COPY);
  mkdirSync(copy, { recursive: true, mode: FOLDER_MODE });
  const folders: string[] = [];
  let showsOutside = false;
  for (const entry of entries) {
    const place = `${copy}/${entry.name}`;
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(`${path}/${entry.name}`), place);
    else if (entry.isDirectory()) {
      folders.push(entry.name);
      mkdirSync(place, { mode: FOLDER_MODE });
    } else if (places.includes(entry.name)) writeFileSync(place, "", { mode: 0o600 });
    else if (entry.isFile()) {
      showsOutside = true;
      symlinkSync(`${OUTSIDE}/${entry.name}`, place);
    }
  }
  if (showsOutside) mkdirSync(join(copy, OUTSIDE), { mode: FOLDER_MODE });
  const listing = { folders, showsOutside, isSettled: Date.now() - Number(ctimeNs / 1_000_000n) > SETTLED_MS };
  writeFileSync(join(at, LIST), JSON.stringify(listing), { mode: 0o600 });
  return listing;
}

/** What cannot be given back goes with the run's own folder. */
function giveBack(kept: string, name: string, at: string, added: string): void {
  try {
    ensurePrivateFolder(kept);
    rmSync(added);
    // Of what the folder was before, nothing is taken any more.
    const [folder = ""] = name.split("-");
    for (const other of readdirSync(kept)) if (other.startsWith(`${folder}-`) && !other.startsWith(`${name}-`)) rmSync(join(kept, other), { recursive: true, force: true });
    const number = Array.from({ length: COPIES_MAX }, (_, index) => index).find((index) => !existsSync(join(kept, `${name}-${index}`)));
    if (number !== undefined) renameSync(at, join(kept, `${name}-${number}`));
  } catch {
    // Another run has taken the place meanwhile, say.
  }
}

function digest(parts: readonly (string | bigint)[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 24);
}
