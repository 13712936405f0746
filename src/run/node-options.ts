import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * NODE_OPTIONS with further words behind the user's own, quoted as Node reads them: words end at a space, double quotes hold one together,
 * and a backslash protects the next character inside quotes only.
 */
export function appendNodeOptions(current: string, words: readonly string[]): string {
  return [current, ...words.map(quote)].filter((part) => part !== "").join(" ");
}

/** Words that load `node-preload.ts`, which the build puts beside this file's own; none where there is no build, since Node does not start without a file that it is to load. */
export function preloadWords(script: URL = new URL("./node-preload.cjs", import.meta.url)): readonly string[] {
  const path = fileURLToPath(script);
  return existsSync(path) ? ["--require", path] : [];
}

function quote(word: string): string {
  return /^[^\s"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}
