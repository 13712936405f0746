// A program on the PATH is exchanged for another: in the system's folders, which root may write outside, in the user's own, and in an empty folder that stands first.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("no program outside is exchanged or added", async (wall) => {
  wall.put("bin/tool", "#!/bin/sh\necho tool\n", 0o755);
  wall.put("node_modules/.bin/other", "#!/bin/sh\n", 0o755);
  wall.set("PATH", `${join(wall.home, "bin")}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`);
  const name = `vault-walls-${process.pid}`;
  await wall.run(`for dir in /usr/local/sbin /usr/local/bin /usr/bin /bin /opt ~/bin ~/node_modules/.bin; do echo evil >$dir/${name}; done; echo evil >~/bin/tool; echo evil >>~/node_modules/.bin/other; mv ~/bin ~/bin-old; mkdir ~/bin; echo evil >~/bin/tool; cp /bin/true "$(command -v node)"`);
  for (const dir of ["/usr/local/sbin", "/usr/local/bin", "/usr/bin", "/bin", "/opt", join(wall.home, "bin"), join(wall.home, "node_modules/.bin")]) expect(existsSync(join(dir, name))).toBe(false);
  expect(readFileSync(join(wall.home, "bin/tool"), "utf8")).toContain("echo tool");
  expect(readFileSync(join(wall.home, "node_modules/.bin/other"), "utf8")).toBe("#!/bin/sh\n");
}, ["an ordinary user", "root"]);
