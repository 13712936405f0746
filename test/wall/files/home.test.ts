import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ORDINARY, canWall, makeStage, openStage, put, runInside } from "../../support/walled-files.ts";

describe.skipIf(!canWall)("a walled program", () => {
  test.each([process.geteuid?.() ?? 0, ORDINARY])("finds no login, key or vault in the home folder, as user %i", (uid) => {
    const stage = makeStage();
    const files = openStage(stage);
    const { output, trouble } = runInside(files, stage, `grep -rs secret "$HOME" | sort; ls -A "$HOME" | sort | tr '\\n' ' '`, { uid });
    expect(trouble).toBe("");
    expect(output).toContain(".bashrc:secret .bashrc\n");
    expect(output).toContain("plain/settings:secret");
    expect(output).toContain("project/readme");
    expect(output).toContain("other/notes");
    expect(output).not.toMatch(/id_ed25519|credentials|netrc|hosts\.yml|auth\.json|history|vault\.json|kek\.key|run-2-b/);
  });

  test("finds none in the account's own home folder, where HOME is another", () => {
    const stage = makeStage();
    const account = makeStage(join(stage.home, "shown"));
    const { output } = runInside(openStage(stage, { otherHome: account.home, command: "codex" }), stage, `cd ${account.home} && grep -rs secret .ssh .aws .netrc .codex .config/gh .config/plain .bash_history`);
    expect(output).toBe(".config/plain/settings:secret .config/plain/settings\n");
  });

  test("sees its own run's folder, and cannot write to it", () => {
    const stage = makeStage();
    const { output } = runInside(openStage(stage), stage, `cat ${stage.runFolder}/ca.pem; echo x > ${stage.runFolder}/ca.pem || echo refused; ls ${stage.runFolder}/..`);
    expect(output).toBe("carefused\nrun-1-a\n");
  });

  test.each([process.geteuid?.() ?? 0, ORDINARY])("writes to the project and to what ends with it, and to nothing else, as user %i", (uid) => {
    const stage = makeStage();
    const { output } = runInside(openStage(stage), stage, `for f in made "$HOME/.made" "$HOME/.config/made" /tmp/made /var/tmp/made /dev/shm/made "$HOME/.cache/made" "$HOME/.bashrc" "$HOME/work/made" "$HOME/work/other/notes" "$HOME/.config/plain/made" /etc/made /usr/made; do (echo x > "$f") 2>/dev/null && echo "$f"; done`, { uid });
    expect(output.split("\n")).toEqual(["made", ...[".made", ".config/made"].map((name) => join(stage.home, name)), "/tmp/made", "/var/tmp/made", "/dev/shm/made", join(stage.home, ".cache/made"), ""]);
    expect(readFileSync(join(stage.project, "made"), "utf8")).toBe("x\n");
    expect(() => readFileSync(join(stage.home, ".made"))).toThrow("ENOENT");
    expect(() => readFileSync(join(stage.home, ".cache/made"))).toThrow("ENOENT");
  });

  test("keeps its caches from run to run, and other projects have theirs", () => {
    const stage = makeStage();
    put(join(stage.home, "work/second/readme"), "");
    runInside(openStage(stage), stage, `echo kept > "$HOME/.cache/made"`);
    const second = { ...stage, project: join(stage.home, "work/second") };
    expect(runInside(openStage(stage), stage, `cat "$HOME/.cache/made"`).output).toBe("kept\n");
    expect(runInside(openStage(second), second, `cat "$HOME/.cache/made"`).status).toBe(1);
  });
});
