// What a walled program sees of the disk and may write to. A decision: it reads through `DiskView`, and changes nothing.
import { dirname } from "node:path";
import { VaultError } from "../../errors.ts";
import type { Preset } from "../presets/preset.ts";
import { choosePreset } from "../presets/preset.ts";
import { judgeAskedFolders } from "./asked-folders.ts";
import type { DiskView } from "./disk-view.ts";
import type { FilesPlan, FilesRequest } from "./files-plan.ts";
import { layHome } from "./fresh-home.ts";
import { Layers } from "./layers.ts";
import { listLinkedFromHome } from "./links-from-home.ts";
import { parseMountInfo } from "./mount-points.ts";
import { findNamedScripts } from "./named-scripts.ts";
import { isBelow, isWithin } from "./path-order.ts";
import { findPlacesToHide, trim } from "./places-to-hide.ts";
import { projectCaches } from "./project-caches.ts";
import { findProjectRoot, isTooWide } from "./project-root.ts";
import type { Made, Protection } from "./protected-files.ts";
import { protectProject } from "./protected-files.ts";
import { requireApart } from "./vault-apart.ts";

/** In /run, which is an empty one inside: where NixOS has its programs. */
const RUN_SHOWN = ["/run/current-system", "/run/opengl-driver"];
const FRESH_SHARE = 32;

/**
 * @throws VaultError `unsafe-file` where the vault could be reached all the same: a key file with two names or in a writable folder, a project in the vault's folder;
 * `usage` for a `writable` that is too wide, or does not exist.
 */
export function planFiles(view: DiskView, request: FilesRequest): FilesPlan {
  const home = view.realOf(request.home) ?? request.home;
  const isHomeThere = home !== "/" && view.kindOf(home) === "folder";
  const root = findProjectRoot(view, request.cwd, home);
  const preset = findOwnFiles(view, choosePreset(request.presets, request.command), home);
  const asked = judgeAskedFolders(view, request.asked, { root, home, path: request.path });
  const named = request.writable.map((path) => requireWritable(view, path, home));
  const writable = [...new Set([...(root === undefined ? [] : [root]), ...asked.granted.filter((path) => root === undefined || !isWithin(path, root)), ...named])];
  const points = parseMountInfo(request.mountInfo);
  const allowed = [...named, ...preset.own];
  const { vault, logins, hidden, sockets } = findPlacesToHide(view, request, { home, allowed, points });
  requireApart(view, { vault: request.vault, places: [...vault], writable, home });
  const caches = projectCaches(view, request.presets, { chosen: preset.chosen, root: root ?? request.cwd, home, cacheFolder: request.cacheFolder });

  const layers = new Layers(view);
  layers.put({ kind: "read-only", source: "/", path: "/" });
  layEmpties(view, layers, request);
  const homeWarnings = isHomeThere ? layHomeFolder(view, layers, request, { home, omitted: [...hidden, ...logins, ...sockets, ...caches.map(({ path }) => path), ...preset.replaced], writable: preset.writable.map(({ path }) => path) }) : [`there is no home folder "${home}"`];
  for (const { source, path } of isHomeThere ? caches : []) layers.put({ kind: "writable", source, path });
  const temporary = view.realOf(request.temporary);
  if (temporary !== undefined && view.kindOf(temporary) === "folder" && !isTooWide(temporary, home) && !layers.has(temporary)) layers.put({ kind: "empty", path: temporary, bytesMax: Math.floor(request.memoryBytes / 4) });
  for (const path of [...(isHomeThere ? preset.writable.map(({ path }) => path) : []), ...writable]) layers.put({ kind: "writable", source: path, path });
  show(view, layers, [...request.shown, ...RUN_SHOWN]);

  const settings = readGitSettings(view, home);
  const protections = writable.filter((path) => view.kindOf(path) === "folder").map((path) => protectProject(view, path, settings, home));
  const gitFolders = protections.flatMap((one) => one.gitFolders).filter((folder) => ![...hidden].some((place) => isWithin(folder, place)));
  for (const path of gitFolders) layers.pin({ kind: "writable", source: path, path });
  const scripts = findNamedScripts(view, [...preset.protection.watched, ...preset.replaced, ...protections.flatMap((one) => one.readOnly)], preset.writable.map(({ path }) => path), home);
  const own = { ...preset.protection, readOnly: [...preset.protection.readOnly, ...scripts.there], watched: [...preset.protection.watched, ...scripts.there, ...scripts.missing] };
  const guarded = [...protections, ...(isHomeThere ? [own] : [])];
  const readOnly = [...new Set(guarded.flatMap((one) => [...one.readOnly, ...one.made.map(({ path }) => path)]))].filter((path) => layers.showing(path)?.kind === "writable");
  for (const path of readOnly) layers.pin({ kind: "read-only", source: path, path });
  for (const path of isHomeThere ? preset.fresh : []) layers.pin({ kind: "empty", path, bytesMax: Math.floor(request.memoryBytes / FRESH_SHARE) });
  for (const { path, source } of request.replacements) if (layers.showing(path) !== undefined) layers.put({ kind: "read-only", source, path });
  const reached = hide(view, layers, { hidden, vault, sockets: sockets.flatMap((path) => view.realOf(path) ?? []), unsteady: request.unsteady ?? [] });
  // Once more: what was shown may lie in a folder that is hidden now.
  show(view, layers, request.shown);

  const folder = (path: string): Made => ({ path, content: "folder" });
  return {
    mounts: layers.list(),
    home,
    root,
    preset: preset.chosen,
    allowed,
    made: [...caches.map(({ source }) => folder(source)), ...preset.writable.flatMap(({ made }) => made), ...preset.fresh.filter((path) => view.kindOf(path) === undefined).map(folder), ...guarded.flatMap((one) => one.made)],
    replaced: isHomeThere ? (preset.chosen?.replaced ?? []) : [],
    watched: [...new Set([...guarded.flatMap((one) => one.watched), ...listLinkedFromHome(view, home, writable)])],
    searched: [...writable, ...(isHomeThere ? preset.writable.map(({ path }) => path) : [])].filter((path) => view.kindOf(path) === "folder" && !writable.some((other) => isBelow(path, other))),
    warnings: [
      ...(root === undefined ? [`nothing is writable: "${request.cwd}" is the home folder or holds it; change into the project's folder`] : []),
      ...homeWarnings, ...asked.warnings, ...protections.flatMap((one) => one.warnings),
    ],
    listing: {
      writable: [...writable, ...gitFolders.filter((path) => root === undefined || !isWithin(path, root)), ...preset.writable.map(({ path }) => path), ...preset.replaced],
      protected: [...readOnly, ...request.replacements.map(({ path }) => path)].sort(),
      hidden: [...new Set([...hidden, ...logins, ...reached])].sort(),
      caches: caches.map(({ path }) => path).sort(),
    },
  };
}

interface OwnFiles {
  readonly chosen: Preset | undefined;
  readonly own: readonly string[];
  readonly writable: readonly { readonly path: string; readonly made: readonly Made[] }[];
  readonly fresh: readonly string[];
  readonly replaced: readonly string[];
  readonly protection: Protection;
}

/** A preset's files as paths. A link in the place of one stays a link: the program may have made it. */
function findOwnFiles(view: DiskView, chosen: Preset | undefined, home: string): OwnFiles {
  const place = (name: string): string => `${home}/${trim(name)}`;
  const isUsable = (name: string): boolean => view.kindOf(place(name)) === undefined || view.realOf(place(name)) === place(name);
  const make = (name: string): Made[] => (view.kindOf(place(name)) === undefined ? [{ path: place(name), content: name.endsWith("/") ? "folder" : { text: name.endsWith(".json") ? "{}\n" : "" } }] : []);
  const readOnly = (chosen?.readOnly ?? []).filter(isUsable);
  return {
    chosen,
    own: (chosen?.own ?? []).map(place),
    writable: (chosen?.writable ?? []).filter(isUsable).map((name) => ({ path: place(name), made: make(name) })),
    fresh: (chosen?.fresh ?? []).filter(isUsable).map(place),
    replaced: (chosen?.replaced ?? []).map(({ path }) => place(path)),
    protection: { readOnly: readOnly.map(place), made: readOnly.flatMap(make), gitFolders: [], watched: (chosen?.readOnly ?? []).map(place), warnings: [] },
  };
}

function layEmpties(view: DiskView, layers: Layers, { memoryBytes, uid }: FilesRequest): void {
  const share = (parts: number): number => Math.floor(memoryBytes / parts);
  const sizes: readonly (readonly [string, number])[] = [["/tmp", share(4)], ["/var/tmp", share(8)], ["/dev/shm", share(8)], ["/run", share(64)]];
  for (const [name, bytesMax] of sizes) {
    const path = name === "/dev/shm" ? name : view.realOf(name);
    // bubblewrap's own /dev has a place for it always, which takes nothing by itself.
    const isThere = name === "/dev/shm" || (path !== undefined && view.kindOf(path) === "folder");
    if (path !== undefined && isThere && !layers.has(path)) layers.put({ kind: "empty", path, bytesMax });
  }
  layers.put({ kind: "empty", path: `/run/user/${uid}`, bytesMax: share(64) });
}

function layHomeFolder(view: DiskView, layers: Layers, { homeFolder, memoryBytes }: FilesRequest, { home, omitted, writable }: { home: string; omitted: readonly string[]; writable: readonly string[] }): string[] {
  layers.put(homeFolder === undefined ? { kind: "empty", path: home, bytesMax: Math.floor(memoryBytes / 8) } : { kind: "writable", source: homeFolder, path: home });
  return layHome(view, layers, home, { hidden: new Set(omitted), mounted: writable });
}

/** What is not there inside by now. */
function show(view: DiskView, layers: Layers, paths: readonly string[]): void {
  for (const path of paths.flatMap((name) => view.realOf(name) ?? [])) if (layers.showing(path) === undefined) layers.put({ kind: "read-only", source: path, path });
}

/** @returns the sockets that had to be hidden. */
function hide(view: DiskView, layers: Layers, { hidden, vault, sockets, unsteady }: { hidden: ReadonlySet<string>; vault: ReadonlySet<string>; sockets: readonly string[]; unsteady: readonly string[] }): string[] {
  const isHidden = (path: string): boolean => [...hidden].some((place) => isWithin(path, place)) || sockets.includes(path);
  for (const path of [...hidden].sort()) {
    const shown = layers.showing(path);
    if (shown === undefined) continue;
    if (view.kindOf(path) === "folder") layers.cover(path);
    else if (vault.has(path) && shown.kind === "read-only") layers.takeOut(path, isHidden);
    else layers.pin({ kind: "nothing", path });
  }
  const reached = sockets.filter((path) => view.kindOf(path) === "socket" && layers.showing(path)?.kind === "read-only");
  for (const path of reached) if (layers.showing(path)?.kind === "read-only") layers.takeOut(path, isHidden);
  // Whatever comes next in the folder around, and goes, does so outside alone.
  for (const folder of unsteady.flatMap((path) => listAround(view, path))) if (layers.showing(folder)?.kind === "read-only") layers.hold(folder, isHidden);
  return reached;
}

/** The nearest folder that is there, and the one above it. */
function listAround(view: DiskView, path: string): string[] {
  let folder = dirname(path);
  while (view.kindOf(folder) !== "folder") folder = dirname(folder);
  return [folder, dirname(folder)];
}

function requireWritable(view: DiskView, path: string, home: string): string {
  const real = view.realOf(path);
  if (real === undefined) throw new VaultError("usage", `--writable "${path}": there is nothing`, "make it first");
  if (isTooWide(real, home)) throw new VaultError("usage", `--writable "${path}" holds the whole home folder`, "name the folders in it that the program needs");
  return real;
}

function readGitSettings(view: DiskView, home: string): string[] {
  return [`${home}/.gitconfig`, `${home}/.config/git/config`, "/etc/gitconfig"].flatMap((path) => view.textOf(view.realOf(path) ?? path) ?? []);
}
