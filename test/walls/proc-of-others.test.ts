// Everything that a process was started with, its memory, folder and open files stand in /proc for other processes of the same user. A shell above this run was started with the real token.
import { spawn } from "node:child_process";
import { expect } from "vitest";
import { story, VALUE } from "../support/escape-stage.ts";

const MARK = "a-token-of-a-shell-outside-5Gt8";

story("in /proc stands nothing of anybody outside", async (wall) => {
  const shell = spawn("sleep", ["60"], { env: { TOKEN: VALUE, OTHER: MARK }, stdio: "ignore" });
  const { said } = await wall.run(`for file in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do cat $file; done >/tmp/all 2>/dev/null; for text in ${[VALUE, MARK].map((text) => `"${text.slice(0, 9)}""${text.slice(9)}"`).join(" ")}; do grep -ac -e "$text" /tmp/all; done; head -c 1 /proc/1/mem 2>/dev/null | wc -c; echo looked`);
  shell.kill();
  expect(said).toMatch(/^0\n0\n0\nlooked$/m);
}, ["an ordinary user", "root"]);
