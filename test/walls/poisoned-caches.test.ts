// What programs keep between runs is trusted later: packages, wheels, compiled code. A cache that is written inside and read outside would be a way out.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

const CACHES = [".cache/pip/wheel", ".npm/_cacache/index", ".cargo/registry/src/lib.rs", "go/pkg/mod/x.go", ".cache/yarn/x", ".gradle/caches/x.jar", ".m2/repository/x.jar", ".cache/node/corepack/x", ".bun/install/cache/x"];

story("caches that are used outside are not written inside", async (wall) => {
  for (const file of CACHES) wall.put(file, "as it was\n");
  const { said } = await wall.run(`for file in ${CACHES.join(" ")}; do mkdir -p "$(dirname ~/$file)"; echo evil >>~/$file; echo evil >~/$file.new; done 2>/dev/null; echo tried`);
  expect(said).toContain("tried\n");
  for (const file of CACHES) {
    expect([file, readFileSync(join(wall.home, file), "utf8")]).toEqual([file, "as it was\n"]);
    expect([file, existsSync(join(wall.home, `${file}.new`))]).toEqual([file, false]);
  }
}, ["an ordinary user", "root"]);
