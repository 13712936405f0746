// A project brings a link in the place where the wall keeps a cache: by it, the whole home folder would be writable, and the key be read.
import { createHash } from "node:crypto";
import { chownSync, existsSync, lchownSync, mkdirSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

describe.skipIf(!can.wall)("a link in the place of a cache (needs bubblewrap)", () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage();
  }, 60_000);
  afterAll(() => stage.close());

  test("starts nothing", async () => {
    const home = stage.variables["HOME"] ?? "";
    const { uid, gid } = statSync(stage.project);
    const parts = [".cache", "vault", "wall", createHash("sha256").update(realpathSync(stage.project)).digest("hex").slice(0, 24)];
    for (const [index] of parts.entries()) {
      const folder = join(stage.project, ...parts.slice(0, index + 1));
      mkdirSync(folder);
      chownSync(folder, uid, gid);
    }
    const link = join(stage.project, ...parts, ".npm");
    symlinkSync(home, link);
    lchownSync(link, uid, gid);
    const script = "cat ~/.npm/.config/vault/keys/*; echo evil > ~/.npm/.bashrc; echo ran > ran";
    const { status, out, err } = await stage.vault(["run", "--sandbox", "--", "sh", "-c", script], "", { XDG_CACHE_HOME: join(stage.project, ".cache") });
    expect(err).toMatch(/error: the program was not started: .*\.npm" is a link to elsewhere/);
    expect(status).toBe(125);
    expect(out).toBe("");
    expect(existsSync(join(home, ".bashrc"))).toBe(false);
    expect(existsSync(join(stage.project, "ran"))).toBe(false);
  }, 60_000);
});
