// What a walled program sees of the disk and may write to. A decision: it reads through `DiskView`, and changes nothing.
import { basename, dirname } from "node:path";
import { VaultError } from "../../errors.ts";
import type { Preset, ReplacedFile } from "../presets/preset.ts";
import { judgeAskedFolders } from "./asked-folders.ts";
import type { DiskView } from "./disk-view.ts";
import { layHome } from "./fresh-home.ts";
import { listHiddenPlaces } from "./hidden-places.ts";
import { Layers } from "./layers.ts";
import type { Mount } from "./mount.ts";
import { listAliases, parseMountInfo } from "./mount-points.ts";
import { isBelow, isWithin } from "./path-order.ts";
import { parsePathSockets } from "./path-sockets.ts";
import { projectCaches } from "./project-caches.ts";
import { findProjectRoot, isTooWide } from "./project-root.ts";
import type { Made } from "./protected-files.ts";
import { protectProject } from "./protected-files.ts";

export interface FilesRequest {
  readonly home: string;
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
  /** To be made before the start, where nothing is there. */
  readonly made: readonly Made[];
  /** To be copied into the folder of the home before the start, and back in the end. */
  readonly replaced: readonly ReplacedFile[];
  /** In the project: a change of these is told in the end. */
  readonly watched: readonly string[];
  readonly warnings: readonly string[];
  readonly listing: FilesListing;
}

export interface FilesListing {
  readonly writable: readonly string[];
  readonly protected: readonly string[];
  readonly hidden: readonly string[];
  readonly caches: readonly string[];
}

const SOCKETS_MAX = 256;
/** In /run, which is an empty one inside: where NixOS has its programs. */
const RUN_SHOWN = ["/run/current-system", "/run/opengl-driver"];

/** The preset for a command, by its last part. */
export function choosePreset(presets: readonly Preset[], command: string): Preset | undefined {
  return presets.find(({ programs }) => programs.includes(basename(command)));
}

/**
 * @throws VaultError `unsafe-file` where the vault could be reached all the same: a key file with two names or in a writable folder, a project in the vault's folder;
 * `usage` for a `writable` that is too wide, or does not exist.
 */
export function planFiles(view: DiskView, request: FilesRequest): FilesPlan {
  const home = view.realOf(request.home) ?? request.home;
  const root = findProjectRoot(view, request.cwd, home);
  const preset = choosePreset(request.presets, request.command);
  const warnings = root === undefined ? [`nothing is writable: "${request.cwd}" is the home folder or holds it; change into the project's folder`] : [];
  const asked = judgeAskedFolders(view, request.asked, { root, home, path: request.path });
  const named = request.writable.map((path) => requireWritable(view, path, home));
  const needed = (preset?.writable ?? []).map((name) => ({ path: `${home}/${trim(name)}`, isFolder: name.endsWith("/") }));
  const writable = [...new Set([...(root === undefined ? [] : [root]), ...asked.granted.filter((path) => root === undefined || !isWithin(path, root)), ...named])];
  const vault = realPlaces(view, [...request.vault.folders, ...request.vault.keyFiles.flatMap((file) => withReplacements(view, file))], request.mountInfo);
  requireApart(view, request.vault, vault, [...writable, home]);
  const allowed = [...named, ...(preset?.own ?? []).map((name) => `${home}/${trim(name)}`)];
  const others = request.presets.filter(({ id }) => id !== preset?.id).flatMap(({ own }) => own).map((name) => `${home}/${trim(name)}`);
  const logins = [...listHiddenPlaces(view, home, request.uid), ...others].filter((path) => !allowed.some((own) => isWithin(path, own) || isWithin(own, path)));
  const sockets = parsePathSockets(request.sockets).filter((path) => view.isReachable(path)).slice(0, SOCKETS_MAX);
  const hidden = new Set([...vault, ...realPlaces(view, logins, request.mountInfo).filter((path) => !isTooWide(path, home) && !writable.some((folder) => isWithin(folder, path) && folder !== root))]);
  const hiddenHere = new Set([...hidden, ...logins]);

  const layers = new Layers(view);
  layers.put({ kind: "read-only", source: "/", path: "/" });
  layEmpties(view, layers, request);
  const caches = projectCaches(request.presets, { root: root ?? request.cwd, home, cacheFolder: request.cacheFolder });
  const isHomeThere = home !== "/" && view.kindOf(home) === "folder";
  const made: Made[] = caches.map(({ source }) => ({ path: source, content: "folder" }));
  if (isHomeThere) {
    layers.put(request.homeFolder === undefined ? { kind: "empty", path: home, bytesMax: Math.floor(request.memoryBytes / 8) } : { kind: "writable", source: request.homeFolder, path: home });
    const omitted = new Set([...hiddenHere, ...sockets, ...caches.map(({ path }) => path), ...(preset?.replaced ?? []).map(({ path }) => `${home}/${path}`)]);
    warnings.push(...layHome(view, layers, home, { hidden: omitted, mounted: needed.map(({ path }) => path) }));
    for (const { source, path } of caches) layers.put({ kind: "writable", source, path });
    for (const { path, isFolder } of needed) {
      if (view.kindOf(path) === undefined) made.push({ path, content: isFolder ? "folder" : { text: "" } });
      else if (view.realOf(path) !== path) continue;
      layers.put({ kind: "writable", source: path, path });
    }
  } else warnings.push(`there is no home folder "${home}"`);
  const temporary = view.realOf(request.temporary);
  if (temporary !== undefined && view.kindOf(temporary) === "folder" && !isTooWide(temporary, home) && !layers.has(temporary)) layers.put({ kind: "empty", path: temporary, bytesMax: Math.floor(request.memoryBytes / 4) });
  for (const path of writable) layers.put({ kind: "writable", source: path, path });
  // What a program needs to read comes after what is empty, and before what is hidden.
  for (const path of [...request.shown, ...RUN_SHOWN].flatMap((name) => view.realOf(name) ?? [])) if (layers.showing(path) === undefined) layers.put({ kind: "read-only", source: path, path });

  const protections = writable.filter((path) => view.kindOf(path) === "folder").map((path) => protectProject(view, path, readGitSettings(view, home), home));
  for (const folder of protections.flatMap(({ gitFolders }) => gitFolders)) {
    if ([...hidden].some((place) => isWithin(folder, place))) warnings.push(`Git's folder "${folder}" is hidden`);
    else layers.pin({ kind: "writable", source: folder, path: folder });
  }
  const presetMade = (preset?.readOnly ?? []).map((name): Made => ({ path: `${home}/${trim(name)}`, content: name.endsWith("/") ? "folder" : { text: name.endsWith(".json") ? "{}\n" : "" } }));
  made.push(...protections.flatMap((one) => one.made), ...presetMade.filter(({ path }) => view.kindOf(path) === undefined));
  const readOnly = [...protections.flatMap((one) => one.readOnly), ...presetMade.map(({ path }) => path).filter((path) => view.kindOf(path) === undefined || view.realOf(path) === path)];
  for (const path of new Set([...readOnly, ...made.filter(({ path }) => layers.showing(path)?.kind === "writable").map(({ path }) => path).filter((path) => !layers.has(path))])) if (layers.showing(path)?.kind === "writable" || layers.has(path)) layers.pin({ kind: "read-only", source: path, path });
  for (const path of (preset?.fresh ?? []).map((name) => `${home}/${trim(name)}`)) {
    if (view.kindOf(path) === undefined) made.push({ path, content: "folder" });
    else if (view.realOf(path) !== path) continue;
    layers.pin({ kind: "empty", path, bytesMax: Math.floor(request.memoryBytes / 32) });
  }
  for (const { path, source } of request.replacements) if (layers.showing(path) !== undefined) layers.put({ kind: "read-only", source, path });

  const covered = hide(view, layers, { hidden, vault: new Set(vault), sockets: sockets.flatMap((path) => view.realOf(path) ?? []) });
  // Only now, since the vault's folder may be one of those above it.
  for (const path of request.shown.flatMap((name) => view.realOf(name) ?? [])) if (layers.showing(path) === undefined) layers.put({ kind: "read-only", source: path, path });

  return {
    mounts: layers.list(),
    home,
    root,
    preset,
    made,
    replaced: isHomeThere ? (preset?.replaced ?? []) : [],
    watched: [...new Set([...protections.flatMap(({ watched }) => watched), ...readOnly])],
    warnings: [...warnings, ...asked.warnings, ...protections.flatMap((one) => one.warnings)],
    listing: {
      writable: [...writable, ...needed.map(({ path }) => path), ...protections.flatMap(({ gitFolders }) => gitFolders), ...(preset?.replaced ?? []).map(({ path }) => `${home}/${path}`)],
      protected: readOnly,
      hidden: [...new Set([...hidden, ...logins.filter((path) => view.kindOf(path) !== undefined), ...covered])].sort(),
      caches: caches.map(({ path }) => path),
    },
  };
}

function layEmpties(view: DiskView, layers: Layers, { memoryBytes, uid }: FilesRequest): void {
  const share = (parts: number): number => Math.floor(memoryBytes / parts);
  const sizes: readonly (readonly [string, number])[] = [["/tmp", share(4)], ["/var/tmp", share(8)], ["/dev/shm", share(8)], ["/run", share(64)]];
  for (const [name, bytesMax] of sizes) {
    const path = name === "/dev/shm" ? name : view.realOf(name);
    if (path !== undefined && view.kindOf(path) === "folder" && !layers.has(path)) layers.put({ kind: "empty", path, bytesMax });
  }
  layers.put({ kind: "empty", path: `/run/user/${uid}`, bytesMax: share(64) });
}

/** Where the places really are, and every further place at which the same is seen; of those inside one another, all. */
function realPlaces(view: DiskView, places: readonly string[], mountInfo: string): string[] {
  const points = parseMountInfo(mountInfo);
  const real = [...new Set(places.flatMap((place) => view.realOf(place) ?? []))].filter((path) => (view.kindOf(path) === "folder" || view.kindOf(path) === "file") && view.isReachable(path));
  const aliases = real.flatMap((path) => listAliases(path, points).filter((alias) => view.isReachable(alias) && view.kindOf(alias) !== undefined && (view.areSame(alias, path) || [...points].some((point) => point.path === alias))));
  return [...new Set([...real, ...aliases])].filter((path) => path !== "/");
}

/** A key that is being replaced is beside the other for a while, under its name and a further part. */
function withReplacements(view: DiskView, file: string): string[] {
  const [folder, name] = [dirname(file), basename(file)];
  return [file, ...view.namesIn(folder).filter((other) => other.startsWith(`${name}.`)).map((other) => `${folder}/${other}`)];
}

function requireWritable(view: DiskView, path: string, home: string): string {
  const real = view.realOf(path);
  if (real === undefined) throw new VaultError("usage", `--writable "${path}": there is nothing`, "make it first");
  if (isTooWide(real, home)) throw new VaultError("usage", `--writable "${path}" holds the whole home folder`, "name the folders in it that the program needs");
  return real;
}

function requireApart(view: DiskView, vault: FilesRequest["vault"], places: readonly string[], writable: readonly string[]): void {
  const project = writable.slice(0, -1).find((folder) => places.some((place) => isWithin(folder, place)));
  if (project !== undefined) throw new VaultError("unsafe-file", `"${project}" is in a folder of the vault's own`, "run in another folder, or move the vault out with VAULT_DIR");
  const home = places.find((place) => isTooWide(place, writable.at(-1) ?? "/"));
  if (home !== undefined) throw new VaultError("unsafe-file", `the vault's folder "${home}" holds the home folder`, "give VAULT_DIR a folder of its own");
  for (const file of vault.keyFiles) {
    const path = view.realOf(file);
    if (path === undefined) continue;
    if (view.namesOf(path) > 1) throw new VaultError("unsafe-file", `the key file "${path}" has a second name (a hard link), by which it could be read`, `remove the other: find / -xdev -samefile "${path}"`);
    const folder = writable.slice(0, -1).find((place) => isBelow(path, place));
    const isCovered = vault.folders.some((place) => isWithin(path, view.realOf(place) ?? place));
    if (folder !== undefined && !isCovered) throw new VaultError("unsafe-file", `the key file "${path}" is in "${folder}", where the program may write`, "move it out of the project");
  }
}

function hide(view: DiskView, layers: Layers, { hidden, vault, sockets }: { hidden: ReadonlySet<string>; vault: ReadonlySet<string>; sockets: readonly string[] }): string[] {
  const isHidden = (path: string): boolean => [...hidden].some((place) => isWithin(path, place)) || sockets.includes(path);
  for (const path of [...hidden].sort()) {
    const shown = layers.showing(path);
    if (shown === undefined) continue;
    if (view.kindOf(path) !== "folder" && vault.has(path) && shown.kind === "read-only") layers.takeOut(path, isHidden);
    else if (view.kindOf(path) !== "folder") layers.pin({ kind: "nothing", path });
    else {
      layers.pin({ kind: "empty", path });
      layers.cover(path);
    }
  }
  const reached = sockets.filter((path) => view.kindOf(path) === "socket" && layers.showing(path)?.kind === "read-only");
  for (const path of reached) if (layers.showing(path)?.kind === "read-only") layers.takeOut(path, isHidden);
  return reached;
}

function readGitSettings(view: DiskView, home: string): string[] {
  return [`${home}/.gitconfig`, `${home}/.config/git/config`, "/etc/gitconfig"].flatMap((path) => view.textOf(view.realOf(path) ?? path) ?? []);
}

function trim(name: string): string {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}

