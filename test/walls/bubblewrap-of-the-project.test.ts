// `npm run` puts the project's own programs first on PATH: a bwrap among them, left by an earlier run, would start outside the wall.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

describe.skipIf(!can.wall)("a bwrap that the project brings (needs bubblewrap)", () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage();
  }, 60_000);
  afterAll(() => stage.close());

  test("is not taken, first on PATH or alone there", async () => {
    for (const folder of ["node_modules/.bin", "bin"]) {
      const bin = join(stage.project, folder);
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "bwrap"), `#!/bin/sh\necho fake > ${stage.project}/../home/fake\nexec /usr/bin/bwrap "$@"\n`, { mode: 0o755 });
      const first = await stage.vault(["run", "--sandbox", "--", "/bin/sh", "-c", "exit 7"], "", { PATH: `${bin}:${stage.variables["PATH"] ?? ""}` });
      expect(first.status, first.err).toBe(7);
      const alone = await stage.vault(["run", "--sandbox", "--", "/bin/sh", "-c", "exit 7"], "", { PATH: bin });
      expect(alone.status, alone.err).toBe(125);
      expect(alone.err).toMatch(/bubblewrap is not installed/);
    }
    expect(existsSync(join(stage.variables["HOME"] ?? "", "fake"))).toBe(false);
  }, 60_000);
});
