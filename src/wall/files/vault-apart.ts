// Where the vault and the keys are, and that nothing which the program sees or writes is around them.
import { basename, dirname } from "node:path";
import { VaultError } from "../../errors.ts";
import type { DiskView } from "./disk-view.ts";
import type { FilesRequest } from "./files-plan.ts";
import type { MountPoint } from "./mount-points.ts";
import { listAliases } from "./mount-points.ts";
import { isBelow, isWithin } from "./path-order.ts";
import { isTooWide } from "./project-root.ts";

/** Where files and folders really are, and every further place at which the same is seen. What is not there, or out of this user's reach, is left out. */
export function findPlaces(view: DiskView, paths: readonly string[], points: readonly MountPoint[]): string[] {
  const real = [...new Set(paths.flatMap((path) => view.realOf(path) ?? []))].filter((path) => (view.kindOf(path) === "folder" || view.kindOf(path) === "file") && view.isReachable(path));
  const isSeen = (alias: string, path: string): boolean => view.isReachable(alias) && view.kindOf(alias) !== undefined && (view.areSame(alias, path) || points.some((point) => point.path === alias));
  return [...new Set([...real, ...real.flatMap((path) => listAliases(path, points).filter((alias) => isSeen(alias, path)))])].filter((path) => path !== "/");
}

/** A key that is being replaced is beside the other for a while, under its name and a further part. */
export function listKeyFiles(view: DiskView, { keyFiles }: FilesRequest["vault"]): string[] {
  return keyFiles.flatMap((file) => [file, ...view.namesIn(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.`)).map((name) => `${dirname(file)}/${name}`)]);
}

/**
 * @param places of the vault
 * @throws VaultError `unsafe-file` for a writable or home folder in the vault's, a key file with two names, or one that lies where the program writes.
 */
export function requireApart(view: DiskView, { vault, places, writable, home }: { readonly vault: FilesRequest["vault"]; readonly places: readonly string[]; readonly writable: readonly string[]; readonly home: string }): void {
  const inside = writable.find((folder) => places.some((place) => isWithin(folder, place)));
  if (inside !== undefined) throw new VaultError("unsafe-file", `"${inside}" is in a folder of the vault's own`, "run in another folder, or move the vault out with VAULT_DIR");
  const around = places.find((place) => isTooWide(place, home));
  if (around !== undefined) throw new VaultError("unsafe-file", `the vault's folder "${around}" holds the home folder`, "give VAULT_DIR a folder of its own");
  const folders = vault.folders.map((folder) => view.realOf(folder) ?? folder);
  for (const file of vault.keyFiles) {
    const path = view.realOf(file);
    if (path === undefined) continue;
    if (view.namesOf(path) > 1) throw new VaultError("unsafe-file", `the key file "${path}" has a second name (a hard link), by which it could be read`, `remove the other: find / -xdev -samefile "${path}"`);
    const folder = writable.find((place) => isBelow(path, place));
    if (folder !== undefined && !folders.some((place) => isWithin(path, place))) throw new VaultError("unsafe-file", `the key file "${path}" is in "${folder}", where the program may write`, "move it out of there");
  }
}
