// Other projects of the user's are beside this one: their scripts run when he works there.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("another project's files can be read, and not written", async (wall) => {
  wall.put("other/Makefile", "all:\n\ttrue\n");
  const { said } = await wall.run("cat ../other/Makefile; echo evil >>../other/Makefile || echo refused; echo evil >../other/new || echo refused; rm ../other/Makefile || echo refused; mv ../other ../other-old || echo refused; mkdir ../third && echo evil >../third/x; cd ..; mv project project-old || echo refused");
  expect(said).toContain("all:\n");
  expect(said.match(/^refused$/gm)).toHaveLength(5);
  expect(readFileSync(join(wall.home, "other/Makefile"), "utf8")).toBe("all:\n\ttrue\n");
  for (const path of ["other/new", "third", "project-old"]) expect(existsSync(join(wall.home, path))).toBe(false);
}, ["an ordinary user", "root"]);
