// The vault's own files, wherever they are: no way leads to them, or nothing is started.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { can } from "../../support/machine.ts";
import { createServer } from "../../support/raw-sockets.ts";
import { refusalOf } from "../../support/refusal.ts";
import { canWall, makeStage, openStage, put, runInside, runInsideWhile } from "../../support/walled-files.ts";

/** Another user. */
const OTHER = 4_322;

/** A folder that is neither in the home folder nor in one that is empty inside; undefined where this user may make none. */
function makeOutside(): string {
  const folder = mkdtempSync("/srv/vault-test-");
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

describe.skipIf(!canWall)("the vault's files", () => {
  test("are not there in a project that holds them", () => {
    const stage = makeStage();
    const folder = join(stage.project, "deep/.vault");
    put(join(folder, "kek.key"), "secret key");
    const files = openStage(stage, { vault: { folders: [folder], keyFiles: [join(folder, "kek.key")] } });
    const { output } = runInside(files, stage, "ls -A deep/.vault; echo x > deep/.vault/vault.json; mv deep/.vault gone; mv deep gone && cat gone/.vault/kek.key; rm -r deep; grep -r secret . | grep -v readme");
    expect(output).toBe("");
    expect(readFileSync(join(folder, "kek.key"), "utf8")).toBe("secret key");
  });

  test.skipIf(!can.root)("are not there outside the home folder, by whatever link they are named", () => {
    const stage = makeStage();
    const outside = makeOutside();
    put(join(outside, "data/vault.json"), "secret vault");
    put(join(outside, "keys/kek.key"), "secret key");
    put(join(outside, "keys/kek.key.0011"), "secret next key");
    put(join(outside, "keys/other"), "open");
    symlinkSync(join(outside, "keys"), join(stage.home, "keys"));
    const files = openStage(stage, { vault: { folders: [join(outside, "data")], keyFiles: [join(stage.home, "keys/kek.key")] } });
    expect(runInside(files, stage, `grep -rs . ${outside}; ls -A ${outside}/data`).output).toBe(`${outside}/keys/other:open\n`);
  });

  test.skipIf(!can.root)("stay away when they are replaced by others during the run", async () => {
    const stage = makeStage();
    const outside = makeOutside();
    put(join(outside, "kek.key"), "secret key");
    const files = openStage(stage, { vault: { folders: [], keyFiles: [join(outside, "kek.key")] } });
    const { output } = await runInsideWhile(files, stage, `cat ${outside}/*`, () => {
      put(join(outside, "kek.key.next"), "secret new key");
      renameSync(join(outside, "kek.key.next"), join(outside, "kek.key"));
    });
    expect(output).toBe("");
  });

  test.skipIf(!can.mount)("are not there at a second mount point either", () => {
    const stage = makeStage();
    const outside = makeOutside();
    const other = makeOutside();
    put(join(outside, "deep/vault/kek.key"), "secret key");
    put(join(outside, "deep/open"), "open");
    for (const [source, name] of [[outside, "all"], [join(outside, "deep/vault"), "part"]] as const) {
      mkdirSync(join(other, name));
      expect(spawnSync("mount", ["--bind", source, join(other, name)]).status).toBe(0);
      onTestFinished(() => { spawnSync("umount", [join(other, name)]); });
    }
    const vault = { folders: [join(outside, "deep/vault")], keyFiles: [join(outside, "deep/vault/kek.key")] };
    expect(runInside(openStage(stage, { vault }), stage, `grep -rs . ${outside} ${other}`).output).toBe(`${outside}/deep/open:open\n${other}/all/deep/open:open\n`);
  });

  test("stop the start where the key has a second name", async () => {
    const stage = makeStage();
    linkSync(stage.key, join(stage.home, "work/copy"));
    expect(await refusalOf(() => openStage(stage))).toBe("unsafe-file");
  });

  test("stop the start where the key lies among what the program writes, or the project among them", async () => {
    const stage = makeStage();
    const key = join(stage.project, "kek.key");
    put(key, "secret key");
    expect(await refusalOf(() => openStage(stage, { vault: { folders: [], keyFiles: [key] } }))).toBe("unsafe-file");
    expect(await refusalOf(() => openStage(stage, { vault: { folders: [join(stage.home, "work")], keyFiles: [] } }))).toBe("unsafe-file");
    expect(await refusalOf(() => openStage(stage, { vault: { folders: [stage.home], keyFiles: [] } }))).toBe("unsafe-file");
  });
});

describe.skipIf(!canWall)("what the person or the project's file names as writable", () => {
  test("is writable, but for what is hidden in it", async () => {
    const stage = makeStage();
    const files = openStage(stage, { writable: [join(stage.home, "work/other")] });
    runInside(files, stage, `echo x > ${stage.home}/work/other/made`);
    expect(readFileSync(join(stage.home, "work/other/made"), "utf8")).toBe("x\n");
    const wide = openStage(stage, { writable: [join(stage.home, ".local")] });
    expect(runInside(wide, stage, `echo x > ${stage.home}/.local/made; grep -rs secret ${stage.home}/.local; echo x > ${stage.vault}/vault.json || mv ${stage.home}/.local/share ${stage.home}/.local/gone || echo refused`).output).toBe("refused\n");
    expect(await refusalOf(() => openStage(stage, { writable: [stage.home] }))).toBe("usage");
    expect(await refusalOf(() => openStage(stage, { writable: [stage.vault] }))).toBe("unsafe-file");
    expect(await refusalOf(() => openStage(stage, { writable: [join(stage.home, "nothing")] }))).toBe("usage");
  });

  test("does not show what is around it", () => {
    const stage = makeStage();
    put(join(stage.home, ".aws/named/file"), "open");
    expect(runInside(openStage(stage, { writable: [join(stage.home, ".aws/named")] }), stage, `grep -rs . ${stage.home}/.aws; echo x > ${stage.home}/.aws/named/made && ls -A ${stage.home}/.aws`).output).toBe(`${stage.home}/.aws/named/file:open\nnamed\n`);
    expect(runInside(openStage(stage, { writable: [join(stage.home, ".aws")] }), stage, `cat ${stage.home}/.aws/credentials`).output).toBe("secret .aws/credentials");
  });

  test("is what holds no settings, no programs and no other project, where the project's file names it", () => {
    const stage = makeStage();
    for (const name of ["bin", "work/second/.git", "data", ".config/systemd"]) mkdirSync(join(stage.home, name), { recursive: true });
    symlinkSync(join(stage.home, ".ssh"), join(stage.project, "link"));
    const asked = ["~/bin", "~/work/second", "../second", "~/.config/systemd", "~/.bashrc", "~/.ssh", "link", "/etc", "~", "/", "~/work", "~/nothing", "../../../.."];
    const files = openStage(stage, { asked, path: `/usr/bin:${stage.home}/bin` });
    expect(files.listing.writable.filter((path) => path !== stage.project)).toEqual([]);
    expect(openStage(stage, { asked: ["~/data"] }).listing.writable).toContain(join(stage.home, "data"));
    mkdirSync(join(stage.home, "data/a/b/third/.git"), { recursive: true });
    expect(openStage(stage, { asked: ["~/data"] }).listing.writable).not.toContain(join(stage.home, "data"));
  });
});

describe.skipIf(!canWall)("sockets that have a path", () => {
  test("are there in the project alone", async () => {
    const stage = makeStage();
    const paths = [join(stage.home, "service/socket"), join(stage.project, "socket")];
    mkdirSync(join(stage.home, "service"));
    for (const path of paths) {
      const server = createServer();
      await new Promise<void>((resolve) => { server.listen(path, resolve); });
      onTestFinished(() => { server.close(); });
    }
    expect(runInside(openStage(stage), stage, `find ${stage.home} -type s`).output).toBe(`${paths[1] ?? ""}\n`);
  });

  test.skipIf(!can.root)("are not there outside the home folder", async () => {
    const stage = makeStage();
    const outside = makeOutside();
    const path = join(outside, "socket");
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(path, resolve); });
    onTestFinished(() => { server.close(); });
    expect(runInside(openStage(stage), stage, `find ${outside} /run /tmp -type s`).output).toBe("");
  });

  test.skipIf(!can.root)("are not there in other users' folders, where one can pass; where one cannot, nothing is laid over them", async () => {
    const stage = makeStage();
    const [open, shut] = [makeOutside(), makeOutside()];
    for (const folder of [open, shut]) {
      const server = createServer();
      await new Promise<void>((resolve) => { server.listen(join(folder, "socket"), resolve); });
      onTestFinished(() => { server.close(); });
      chownSync(folder, OTHER, OTHER);
    }
    chmodSync(open, 0o755);
    chmodSync(shut, 0o700);
    const files = openStage(stage);
    const { output } = runInside(files, stage, `ls ${open}; echo of it; ls ${shut} 2>/dev/null; echo of that`);
    expect(output).toBe("of it\nof that\n");
    expect(files.mounts.filter(({ path }) => path.startsWith(open) || path.startsWith(shut)).map(({ kind, path }) => [kind, path])).toEqual([["empty", open], ["sealed", open]]);
  });
});
