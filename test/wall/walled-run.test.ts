import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const users = can.root ? (["an ordinary user", "root"] as const) : (["an ordinary user"] as const);

for (const user of users) {
  describe.skipIf(!can.wall)(`a walled run of ${user} (needs bubblewrap)`, () => {
    let stage: WallStage;
    beforeAll(async () => {
      stage = await openWallStage(user !== "root");
    }, 60_000);
    afterAll(() => stage.close());

    test("uses a secret without having it", async () => {
      const { status, out } = await stage.inside(`curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/; echo "$API_KEY"`);
      expect(status).toBe(0);
      expect(stage.server.received()).toContain(`authorization: Bearer ${stage.value}`);
      expect(out).not.toContain(stage.value);
    });

    test("ends with the program's own status", async () => {
      for (const status of [0, 1, 42, 125, 255]) expect((await stage.inside(`exit ${status}`)).status).toBe(status);
      expect((await stage.inside("kill -9 $$")).status).toBe(137);
    }, 60_000);
  });
}
