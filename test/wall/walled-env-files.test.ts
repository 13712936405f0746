import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openWallStage } from "../support/wall-stage.ts";
import { canWall } from "../support/walled-files.ts";

describe.skipIf(!canWall)("behind the wall, an .env file of the project", () => {
  test("shows placeholders for what the vault holds, and the rest as it is", async () => {
    const stage = await openWallStage();
    try {
      mkdirSync(join(stage.project, "app"));
      for (const name of [".env", "app/.env.local"]) writeFileSync(join(stage.project, name), `# settings\nAPI_KEY="${stage.value}"\nPORT=8080\n`, { mode: 0o644 });
      const { out } = await stage.inside('cat .env app/.env.local; mv app other; cat other/.env.local; cp .env copy; cat copy; printf "%s\\n" "$API_KEY"');
      const placeholder = out.trim().split("\n").at(-1) ?? "";
      const shown = `# settings\nAPI_KEY="${placeholder}"\nPORT=8080\n`;
      expect(out).toBe(`${shown.repeat(4)}${placeholder}\n`);
      expect(placeholder).not.toBe(stage.value);
      expect(readFileSync(join(stage.project, ".env"), "utf8")).toContain(stage.value);
    } finally {
      await stage.close();
    }
  });
});
