// What of the disk a walled program is not to see, as it is at one moment; and what of that it would see all the same.
import type { Preset } from "../presets/preset.ts";
import { choosePreset } from "../presets/preset.ts";
import type { DiskView } from "./disk-view.ts";
import type { FilesRequest } from "./files-plan.ts";
import { listHiddenPlaces, listWithCredential } from "./hidden-places.ts";
import { showingOf } from "./layers.ts";
import type { Mount } from "./mount.ts";
import type { MountPoint } from "./mount-points.ts";
import { listNamedLogins, listNamedMixed, moveByXdg } from "./moved-logins.ts";
import { isWithin } from "./path-order.ts";
import { parsePathSockets } from "./path-sockets.ts";
import { isTooWide } from "./project-root.ts";
import { findPlaces, listKeyFiles } from "./vault-apart.ts";

export interface PlacesToHide {
  /** The vault's: without links, at each place where they are seen. */
  readonly vault: ReadonlySet<string>;
  /** Of other programs, as they are named: the last part may be a link. */
  readonly logins: readonly string[];
  /** The vault's and those of the logins, without links. */
  readonly hidden: ReadonlySet<string>;
  /** All that can be reached. As they are named. */
  readonly sockets: readonly string[];
}

/** @param home without links. @param allowed paths that are not hidden though they are a login: the person named them as writable, or the preset has them for its own. */
export function findPlacesToHide(view: DiskView, request: FilesRequest, { home, allowed, points }: { readonly home: string; readonly allowed: readonly string[]; readonly points: readonly MountPoint[] }): PlacesToHide {
  const vault = new Set(findPlaces(view, [...request.vault.folders, ...listKeyFiles(view, request.vault)], points));
  const logins = listLogins(view, request, home, allowed);
  const hidden = new Set([...vault, ...findPlaces(view, logins, points).filter((path) => !isTooWide(path, home))]);
  // All of them: somebody could make many, so that another is left out.
  const sockets = parsePathSockets(request.sockets).filter((path) => view.isReachable(path));
  return { vault, logins, hidden, sockets };
}

/** @returns the first of the places that is seen all the same, where these mounts stand; undefined where none is. Sockets in writable folders are the program's. */
export function findUnhidden(view: DiskView, mounts: readonly Mount[], { hidden, sockets }: Pick<PlacesToHide, "hidden" | "sockets">): string | undefined {
  const planned = new Map(mounts.filter(({ kind }) => kind !== "sealed").map((mount) => [mount.path, mount]));
  const isSocketSeen = (path: string): boolean => view.kindOf(path) === "socket" && showingOf(path, planned)?.kind === "read-only";
  return [...hidden].find((path) => showingOf(path, planned) !== undefined) ?? sockets.flatMap((path) => view.realOf(path) ?? []).find(isSocketSeen);
}

/** A preset names folders with a slash at the end: without it. */
export function trim(name: string): string {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}

/** What of other programs' logins is there. What is named as writable, or the preset's own, is not hidden; what is around that still is. */
function listLogins(view: DiskView, { presets, uid, command, cwd, otherHome, variables = {} }: FilesRequest, home: string, allowed: readonly string[]): string[] {
  const chosen = choosePreset(presets, command);
  const ownOf = (others: readonly Preset[]): string[] => others.flatMap(({ own }) => own).map(trim);
  const others = ownOf(presets.filter((preset) => preset !== chosen));
  const other = otherHome === undefined ? undefined : view.realOf(otherHome);
  const at = view.realOf(cwd) ?? cwd;
  // A variable may name a folder that is much more than a login: one around the place of work is not taken for one.
  const moved = [...moveByXdg(others, variables), ...listNamedLogins(variables, at, chosen?.id), ...listWithCredential(view, listNamedMixed(variables, at))].filter((path) => !isWithin(at, view.realOf(path) ?? path));
  const named = [
    ...listHiddenPlaces(view, home, uid, variables), ...others.map((name) => `${home}/${name}`), ...moved,
    ...(other === undefined || other === home ? [] : [...listHiddenPlaces(view, other, uid), ...ownOf(presets).map((name) => `${other}/${name}`)]),
  ];
  return [...new Set(named)].filter((path) => view.kindOf(path) !== undefined && !allowed.some((place) => isWithin(path, place)));
}
