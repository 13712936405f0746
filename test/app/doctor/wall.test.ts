import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { examineWall } from "../../../src/app/doctor/wall.ts";

test("on macOS the doctor tells of that system's wall: whether there is what makes it, and that it has not been run", async () => {
  const [finding] = await examineWall({ variables: {} }, "darwin");
  if (existsSync("/usr/bin/sandbox-exec")) expect(finding).toMatchObject({ check: "wall", level: "note", message: expect.stringContaining("not by running it") as string });
  else expect(finding).toMatchObject({ check: "wall", level: "problem", message: "no wall can be made: there is no /usr/bin/sandbox-exec" });
});
