// Caches behind the wall: each project has its own, which nothing outside reads. What is put into them there would otherwise run outside later.
import { createHash } from "node:crypto";
import type { Preset } from "../presets/preset.ts";

export interface ProjectCache {
  /** Where it is kept. Names in it are flat: what is above a cache is nobody's to change inside. */
  readonly source: string;
  readonly path: string;
}

/** @param cacheFolder `$XDG_CACHE_HOME`, or what stands for it */
export function projectCaches(presets: readonly Preset[], { root, home, cacheFolder }: { readonly root: string; readonly home: string; readonly cacheFolder: string }): ProjectCache[] {
  const own = `${cacheFolder}/vault/wall/${createHash("sha256").update(root).digest("hex").slice(0, 24)}`;
  const named = presets.flatMap(({ caches }) => caches).map((name) => name.replace(/\/$/, ""));
  const caches = [".cache", ...named].map((name) => ({ source: `${own}/${name.replaceAll("/", "+")}`, path: `${home}/${name}` }));
  return cacheFolder === `${home}/.cache` ? caches : [...caches, { source: `${own}/xdg`, path: cacheFolder }];
}
