// Caches behind the wall: each project has its own, which nothing outside reads. What is put into them there would otherwise run outside later.
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Preset } from "../presets/preset.ts";
import type { DiskView } from "./disk-view.ts";

export interface ProjectCache {
  /** Where it is kept. Names in it are flat: what is above a cache is nobody's to change inside. */
  readonly source: string;
  readonly path: string;
}

/**
 * The caches of every preset, since an agent starts npm and cargo as well: those that are there outside or could be, and the chosen preset's.
 *
 * @param cacheFolder `$XDG_CACHE_HOME`, or what stands for it
 */
export function projectCaches(view: DiskView, presets: readonly Preset[], { chosen, root, home, cacheFolder }: { readonly chosen: Preset | undefined; readonly root: string; readonly home: string; readonly cacheFolder: string }): ProjectCache[] {
  const own = `${cacheFolder}/vault/wall/${createHash("sha256").update(root).digest("hex").slice(0, 24)}`;
  const isUsed = (name: string): boolean => view.kindOf(`${home}/${name.includes("/") ? dirname(name) : name}`) === "folder";
  const named = presets.flatMap((preset) => preset.caches.map((name) => name.replace(/\/$/, "")).filter((name) => preset === chosen || isUsed(name)));
  const caches = [...new Set([".cache", ".npm", ...named])].map((name) => ({ source: `${own}/${name.replaceAll("/", "+")}`, path: `${home}/${name}` }));
  return cacheFolder === `${home}/.cache` ? caches : [...caches, { source: `${own}/xdg`, path: cacheFolder }];
}
