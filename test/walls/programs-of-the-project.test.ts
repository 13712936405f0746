// A virtual environment, direnv and `npm run` put folders of the project on the PATH, and the project is the program's to write: what it leaves there would start outside, in place of git, or of what vault itself starts.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

const NAMES = ["git", "mkfifo", "prlimit", "bwrap", "perl", "env", "sh", "cat"];

story("vault starts none of them, and those that stand before others are named when the run ends", async (wall) => {
  const bin = join(wall.project, ".venv/bin");
  wall.set("PATH", `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`);
  wall.put("project/.venv/bin/cat", "#!/bin/sh\n", 0o755);
  const marker = join(wall.home, "started-outside");
  const evil = `#!/bin/sh\\necho "$0" >>${marker}\\n`;
  const { said } = await wall.run(`for name in ${NAMES.join(" ")} another; do printf '${evil}' >.venv/bin/$name; chmod 755 .venv/bin/$name; done; rm .venv/bin/sh`);
  const told = [...said.matchAll(/"([^"]*)" was made or changed during the run, and is on your PATH/g)].map(([, path = ""]) => path.slice(bin.length + 1));
  expect(told.sort()).toEqual(NAMES.filter((name) => name !== "sh" && has(name)).sort());
  expect(said).toMatch(/in place of "\/\S*\/cat"/);
  await wall.run("echo printed", ["--redact"]);
  wall.vault(["scan", "."]);
  // By its absolute path it is meant.
  expect(() => wall.vault(["secrets", "create", "MADE", "--host", "api.example.com", "--source", "command", "--", "another"])).toThrow(/another" is not taken for "another": it stands in a folder of this project/);
  expect(existsSync(marker)).toBe(false);
}, ["an ordinary user", "root"]);
