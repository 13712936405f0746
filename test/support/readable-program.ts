// The built program where another user can read it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The program, or a copy of what is published, where the user cannot read this folder, or a walled program would not see it.
 *
 * @param base a folder that the user can read, for the copy. @returns the path of `bin/run.js`.
 */
export function findProgram(base: string, identity: { readonly uid?: number }): string {
  const ours = join(PACKAGE, "bin/run.js");
  const isPrivate = /^\/(?:tmp|run|var\/tmp|dev\/shm)\//.test(ours);
  if (!isPrivate && spawnSync("sh", ["-c", 'test -r "$0"', ours], { ...identity, cwd: "/" }).status === 0) return ours;
  return copyProgram(join(base, "program"));
}

/** A copy of what is published. @returns the path of `bin/run.js`. */
export function copyProgram(folder: string): string {
  for (const part of ["bin", "dist", "package.json", "oclif.manifest.json", "skills", "src/project/vault.run.schema.json", ...["@napi-rs", "tldts", "tldts-core", "yaml"].map((name) => `node_modules/${name}`)]) {
    mkdirSync(dirname(join(folder, part)), { recursive: true });
    // With its times to the nanosecond, by which it finds the code that V8 has compiled before.
    execFileSync("cp", ["-a", join(PACKAGE, part), join(folder, part)]);
  }
  return join(folder, "bin/run.js");
}
