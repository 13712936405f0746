import { existsSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Words for NODE_OPTIONS that load `node-preload.ts`, which the build puts beside this file's own; none where there is no build, since Node does not start without a file that it is to load.
 *
 * The path goes through the run's folder and out of it again. Node shortens such a path by its text alone, before it looks, so that a process that outlives the run still starts;
 * and the preload knows from it where the run's folder is, with no other variable's help.
 */
export function preloadWords(folder: string, script: URL = new URL("./node-preload.cjs", import.meta.url)): readonly string[] {
  const path = fileURLToPath(script);
  if (!existsSync(path)) return [];
  const back = relative(folder, path);
  // On Windows, no way leads from one drive to another.
  return ["--require", back.startsWith("..") ? `${folder}${sep}${back}` : path];
}
