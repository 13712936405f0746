// A second program in the same project puts a link in the place of a folder, between the look at the disk and the mounts.
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { VaultError } from "../../src/errors.ts";
import { attemptWall } from "../../src/wall/wall.ts";
import { can } from "../support/machine.ts";
import { makeOutsideFolder } from "../support/outside-folder.ts";
import { openStage, makeStage } from "../support/walled-files.ts";

describe.skipIf(!can.wall)("between the look at the disk and the mounts (needs bubblewrap)", () => {
  test.each([
    ["an editor's folder", "work/project/.vscode"],
    ["a folder of Git's hooks", "work/project/.git/hooks"],
    ["the project itself", "work/project"],
    ["the cache of the project", ".cache"],
  ])("%s becomes a link: nothing is started", async (_what, name) => {
    const folder = makeOutsideFolder();
    onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
    const stage = makeStage(folder);
    for (const made of [".vscode", ".git/hooks"]) mkdirSync(join(stage.project, made), { recursive: true });
    writeFileSync(join(stage.project, ".git", "HEAD"), "ref: refs/heads/main\n");
    const evil = join(stage.project, "evil");
    mkdirSync(evil);
    const attempt = await attemptWall({ command: "sh", args: ["-c", `echo ran >"${evil}/ran"`], path: process.env["PATH"] });
    if (attempt.kind === "obstacle") throw new Error(attempt.obstacle.cause);
    onTestFinished(() => { attempt.wall.close(); });

    const { mounts } = openStage(stage);
    const place = join(stage.home, name);
    renameSync(place, `${place}-before`);
    symlinkSync(`${basename(place)}-before`, place);

    const { ended } = attempt.wall.start({ mounts, environment: { PATH: process.env["PATH"] ?? "" }, folder: "/" });
    const error = await ended.then(() => undefined, (reason: unknown) => reason);
    expect(error instanceof VaultError ? error.code : error).toBe("unsafe-file");
    expect(readdirSync(folder, { recursive: true }).filter((path) => String(path).endsWith("/ran"))).toEqual([]);
  });
});
