import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, realpathSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { findChangedRepositories } from "../../../src/wall/files/nested-repositories.ts";
import { makeFolder } from "../../support/temporary.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;

function git(folder: string, ...args: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

test.skipIf(!hasGit)("a repository is named whose settings or hooks are new, and none in which there was work alone (needs git)", async () => {
  const root = realpathSync(makeFolder());
  const at = (path: string): string => join(root, path);
  for (const name of [".", "old/one", "old/set", "old/hooked", "node_modules/x"]) git(at(name), "init", "-q");
  const sinceMs = Date.now();
  // The kernel's own clock goes by steps.
  await sleep(30);
  expect(findChangedRepositories(root, sinceMs)).toEqual([]);

  writeFileSync(at("old/one/work"), "1");
  git(at("old/one"), "add", "work");
  git(at("old/one"), "commit", "-qm", "work");
  git(at("."), "config", "core.fsmonitor", "evil");
  expect(findChangedRepositories(root, sinceMs)).toEqual([]);

  git(at("new/deep/er"), "init", "-q");
  git(at("new/bare"), "init", "-q", "--bare");
  git(at("old/set"), "config", "core.fsmonitor", "evil");
  const hook = at("old/hooked/.git/hooks/post-checkout");
  writeFileSync(hook, "#!/bin/sh\nevil\n");
  chmodSync(hook, 0o755);
  mkdirSync(at("pointed"));
  writeFileSync(at("pointed/.git"), "gitdir: ../new/bare\n");
  mkdirSync(at("linked"));
  symlinkSync("../new/bare", at("linked/.git"));
  // Nobody but the kernel sets this date.
  for (const path of ["new/deep/er/.git/config", "old/set/.git/config"]) utimesSync(at(path), 0, 0);
  const due = ["linked/.git", "new/bare", "new/deep/er/.git", "old/hooked/.git", "old/set/.git", "pointed/.git"];
  expect(findChangedRepositories(root, sinceMs)).toEqual(due.map(at));
});
