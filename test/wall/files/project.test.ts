// What a program behind the wall leaves in a project for programs outside to run, and what an earlier one may have left for the wall.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Stage } from "../../support/walled-files.ts";
import { canWall, makeStage, openStage, put, runInside } from "../../support/walled-files.ts";

const canGit = canWall && spawnSync("git", ["--version"]).status === 0;
const IDENTITY = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };

function git(folder: string, ...args: readonly string[]): string {
  const result = spawnSync("git", ["-c", "protocol.file.allow=always", ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, ...IDENTITY, GIT_CONFIG_GLOBAL: "/dev/null" } });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}

function makeRepository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "-q");
  put(join(folder, "first"), "1");
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "first");
}

/** Commands of a shell, each of which is refused. */
function refuses(stage: Stage, script: readonly string[], cwd = stage.project): void {
  const { output } = runInside(openStage(stage, { cwd }), stage, script.map((line) => `(${line}) 2>/dev/null && echo "DONE: ${line.replaceAll('"', "'")}"`).join("\n"), { cwd });
  expect(output).toBe("");
}

describe.skipIf(!canGit)("a work tree", () => {
  test("is committed to, as outside", () => {
    const stage = makeStage();
    makeRepository(stage.project);
    const { output, trouble, status } = runInside(openStage(stage), stage, "echo 2 > second && git add . && git commit -qm second && git checkout -qb branch && git mv first third && git stash -q && git gc -q && git log --oneline | wc -l && git status --short", { variables: { ...IDENTITY, GIT_CONFIG_GLOBAL: "/dev/null" } });
    expect({ output, trouble, status }).toEqual({ output: "2\n", trouble: "", status: 0 });
    expect(git(stage.project, "log", "--format=%s", "-1")).toBe("second\n");
    expect(git(stage.project, "fsck")).toBe("");
  });

  test("keeps its hooks and settings, whatever is renamed, linked or made anew", () => {
    const stage = makeStage();
    makeRepository(stage.project);
    for (const name of [".envrc", ".vscode/tasks.json", ".idea/x", ".husky/pre-commit", "vault.run.json", ".mcp.json"]) put(join(stage.project, name), "{}");
    refuses(stage, [
      "echo x > .git/hooks/pre-commit", "echo x >> .git/config", "git config core.hooksPath /tmp", "git config include.path ../evil", "mv .git .gone", "mv .git/hooks .git/gone", "rm -r .git/hooks", "rm .git/config", "mv .git/config .git/gone",
      "ln -sf /tmp/evil .git/config", "echo ../evil > .git/commondir", "rm .git/commondir", "mv .git/commondir x", "echo x > .envrc", "rm .envrc", "mv .vscode gone", "echo x > .vscode/tasks.json", "echo x > .idea/new", "echo x > .husky/pre-commit", "echo x > vault.run.json", "mv .mcp.json x",
      "mount -t tmpfs x .git", "umount .git/hooks", "unshare -Ur umount .git/hooks", "unshare -Urm umount -l .git/hooks", "unshare -Urm mount -o remount,rw,bind .git/hooks && echo x > .git/hooks/y",
    ]);
    expect(existsSync(join(stage.project, ".git/hooks/pre-commit"))).toBe(false);
    expect(git(stage.project, "status", "--short", "first")).toBe("");
  });

  test("without a folder for hooks has none made in it", () => {
    const stage = makeStage();
    makeRepository(stage.project);
    spawnSync("rm", ["-r", join(stage.project, ".git/hooks")]);
    refuses(stage, ["mkdir -p .git/hooks && echo x > .git/hooks/pre-commit", "rmdir .git/hooks && mkdir .git/hooks"]);
  });

  test("has its hooks protected where core.hooksPath and include.path say that they are", () => {
    const stage = makeStage();
    makeRepository(stage.project);
    git(stage.project, "config", "core.hooksPath", "tools/hooks");
    git(stage.project, "config", "include.path", "../tools/settings");
    put(join(stage.project, "tools/settings"), "");
    refuses(stage, ["echo x > tools/hooks/pre-commit", "mv tools gone", "echo x > tools/settings"]);
    expect(runInside(openStage(stage), stage, "echo x > tools/free && cat tools/free").output).toBe("x\n");
  });

  test("keeps those of its submodules, and of its other work trees", () => {
    const stage = makeStage();
    makeRepository(join(stage.home, "work/library"));
    makeRepository(stage.project);
    git(stage.project, "submodule", "-q", "add", join(stage.home, "work/library"), "deps/library");
    git(stage.project, "worktree", "add", "-q", join(stage.home, "work/tree"));
    refuses(stage, [
      "echo x > .git/modules/deps/library/hooks/pre-commit", "echo x >> .git/modules/deps/library/config", "mv .git/modules x", "mv .git/modules/deps .git/modules/x", "echo /tmp > .git/modules/deps/library/commondir",
      "echo 'gitdir: /tmp/evil' > deps/library/.git", "rm deps/library/.git", "mv deps x", "mv deps/library x", "echo /tmp > .git/worktrees/tree/commondir", "mv .git/worktrees x", "rm -r .git/worktrees/tree",
    ]);
  });

  test("that is a further one is committed to, and the hooks of the main one stay as they are", () => {
    const stage = makeStage();
    const main = join(stage.home, "work/main");
    makeRepository(main);
    git(main, "worktree", "add", "-q", join(stage.home, "work/tree"));
    const tree = { ...stage, project: join(stage.home, "work/tree") };
    const { trouble, status } = runInside(openStage(tree), tree, "echo 2 > second && git add . && git commit -qm second", { variables: { ...IDENTITY, GIT_CONFIG_GLOBAL: "/dev/null" } });
    expect({ trouble, status }).toEqual({ trouble: "", status: 0 });
    expect(git(main, "log", "--format=%s", "-1", "tree")).toBe("second\n");
    refuses(tree, [`echo x > ${main}/.git/hooks/pre-commit`, `echo x >> ${main}/.git/config`, "echo 'gitdir: /tmp' > .git", "rm .git", "mv .git x", `echo x > ${main}/first`, `mv ${main}/.git ${main}/x`]);
  });

  test("that claims another folder for Git's by a file gets nothing by it", () => {
    const stage = makeStage();
    const other = join(stage.home, "work/second");
    makeRepository(other);
    put(join(stage.project, ".git"), `gitdir: ${other}/.git\n`);
    const files = openStage(stage);
    expect(files.warnings.join()).toContain("does not name this work tree");
    expect(runInside(files, stage, `echo x > ${other}/.git/HEAD`).status).not.toBe(0);
    writeFileSync(join(stage.project, ".git"), `gitdir: ${stage.home}/.ssh\n`);
    expect(runInside(openStage(stage), stage, `ls ${stage.home}/.ssh`).output).toBe("");
  });
});

describe.skipIf(!canWall)("a project", () => {
  test("in which an earlier program has left links to what is hidden shows nothing of it, and nothing is made where they lead", () => {
    const stage = makeStage();
    for (const name of [".vscode", ".husky", ".idea"]) symlinkSync("../../.ssh", join(stage.project, name));
    symlinkSync(join(stage.home, ".ssh/id_ed25519"), join(stage.project, ".envrc"));
    symlinkSync(stage.home, join(stage.project, "up"));
    mkdirSync(join(stage.project, ".git"));
    writeFileSync(join(stage.project, ".git/config"), "[core]\nhooksPath = .husky/hooks\n");
    const { output } = runInside(openStage(stage), stage, "cat .vscode/* .husky/* .envrc up/.ssh/* up/.netrc; ls up/.ssh");
    expect(output).toBe("");
    expect(existsSync(join(stage.home, ".ssh/hooks"))).toBe(false);
  });

  test("is told of where such a file has been made, changed or removed", () => {
    const stage = makeStage();
    const files = openStage(stage);
    runInside(files, stage, "mkdir .vscode .git; echo x > .vscode/settings.json; echo x > .envrc");
    expect(files.close().map((line) => line.replace(`${stage.project}/`, "").slice(0, 20)).sort()).toEqual(['".envrc" was made du', '".git" was made duri', '".vscode" was made d']);
    expect(openStage(stage).close()).toEqual([]);
  });

  test("that is reached by a link is the folder that the link leads to", () => {
    const stage = makeStage();
    symlinkSync(stage.project, join(stage.home, "short"));
    runInside(openStage(stage, { cwd: join(stage.home, "short") }), stage, "echo x > made", { cwd: join(stage.home, "short") });
    expect(readFileSync(join(stage.project, "made"), "utf8")).toBe("x\n");
  });

  test("is never the home folder, nor what holds it", () => {
    const stage = makeStage();
    mkdirSync(join(stage.home, ".git"));
    const files = openStage(stage, { cwd: stage.home });
    expect(files.root).toBeUndefined();
    expect(files.warnings.join()).toContain("nothing is writable");
    expect(runInside(files, stage, "echo x > .bashrc", { cwd: stage.home }).status).not.toBe(0);
    expect(openStage(stage, { cwd: join(stage.home, "work") }).root).toBe(join(stage.home, "work"));
  });
});
