import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openWallStage } from "../support/wall-stage.ts";
import { canWall } from "../support/walled-files.ts";

describe.skipIf(!canWall)("run --sandbox --explain", () => {
  test("says what a program could write to, and makes and starts nothing", async () => {
    const stage = await openWallStage();
    try {
      const { status, out } = await stage.vault(["run", "--sandbox", "--explain", "--", "claude"]);
      expect(status).toBe(0);
      expect(out).toMatch(/^preset: Claude Code\nit may write to:\n/);
      expect(out).toContain(`\n  ${stage.project}\n`);
      expect(out).toContain("/.claude/settings.json\n");
      expect(existsSync(join(stage.variables["HOME"] ?? "", ".claude"))).toBe(false);
      const json = await stage.vault(["run", "--sandbox", "--explain", "--json", "--", "claude"]);
      expect(json.status).toBe(0);
      expect(JSON.parse(json.out)).toMatchObject({ preset: "claude", writable: expect.arrayContaining([stage.project]) as unknown, protected: expect.any(Array) as unknown, caches: expect.any(Array) as unknown, hidden: expect.any(Array) as unknown, network: "transparent" });
      expect(JSON.parse((await stage.vault(["run", "--sandbox", "--explain", "--json", "--", "true"])).out)).toMatchObject({ preset: null });
      expect((await stage.vault(["run", "--explain", "--", "claude"])).status).toBe(125);
    } finally {
      await stage.close();
    }
  });
});
