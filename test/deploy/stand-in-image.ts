// The image that the Dockerfile starts from, as far as its steps use it: no registry of images is at hand, so it is made of this machine's own Node, npm and a few programs.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const PROGRAMS = ["sh", "mkdir", "cp", "tar", "gzip", "chown", "chmod", "ln", "cat", "env", "prlimit", "node"];

/** Lays its file system into the empty folder `root`. */
export function layStandIn(root: string): void {
  for (const folder of ["usr/bin", "usr/local/bin", "usr/lib/node_modules", "etc", "tmp", "proc", "sys", "dev", "run", "root", "var/lib"]) mkdirSync(join(root, folder), { recursive: true });
  execFileSync("chmod", ["1777", join(root, "tmp")]);
  symlinkSync("usr/bin", join(root, "bin"));
  symlinkSync("usr/lib", join(root, "lib"));
  const libraries = new Set<string>();
  for (const name of PROGRAMS) {
    const program = realpathSync(execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim());
    cpSync(program, join(root, "usr/bin", name));
    for (const [library] of execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/\/\S+/g)) libraries.add(library);
  }
  for (const library of libraries) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    cpSync(realpathSync(library), join(root, library));
  }
  cpSync(join(execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim(), "npm"), join(root, "usr/lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/bin/npm"));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnode:x:1000:\n");
}
