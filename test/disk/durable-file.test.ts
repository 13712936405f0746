import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { createFile, findTemporaries, readPrivateFile, removeFile, replaceFile } from "../../src/disk/durable-file.ts";
import { can } from "../support/machine.ts";
import { refusalOf } from "../support/refusal.ts";
import { makeFolder } from "../support/temporary.ts";
import type { WorkerScript } from "../support/workers.ts";
import { bundleWorker } from "../support/workers.ts";

let script: WorkerScript;
beforeAll(async () => {
  script = await bundleWorker("disk");
  chmodSync(join(script.file, ".."), 0o755);
});
afterAll(() => {
  script.close();
});

const NOBODY = 65_534;
const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

function makeFile(text = "old", mode = 0o600): { readonly path: string; readonly folder: string } {
  const folder = makeFolder();
  const path = join(folder, "file");
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return { path, folder };
}

describe("reading", () => {
  test("what is ours alone; nothing where there is nothing", () => {
    const { path, folder } = makeFile("text");
    expect(readPrivateFile(path, 4)).toEqual(utf8("text"));
    expect(readPrivateFile(join(folder, "none"), 4)).toBeUndefined();
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])("mode %o is refused", async (mode) => {
    expect(await refusalOf(() => readPrivateFile(makeFile("text", mode).path, 9))).toBe("unsafe-file");
  });

  test.each([0o600, 0o400, 0o700])("mode %o is taken", (mode) => {
    expect(readPrivateFile(makeFile("text", mode).path, 9)).toEqual(utf8("text"));
  });

  test("a link is refused, a dangling one as well", async () => {
    const { path, folder } = makeFile();
    symlinkSync(path, join(folder, "link"));
    symlinkSync(join(folder, "none"), join(folder, "dangling"));
    expect(await refusalOf(() => readPrivateFile(join(folder, "link"), 9))).toBe("unsafe-file");
    expect(await refusalOf(() => readPrivateFile(join(folder, "dangling"), 9))).toBe("unsafe-file");
  });

  test("a folder, a device and a pipe that nobody writes to are refused at once", async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "folder"), { mode: 0o700 });
    execFileSync("mkfifo", ["-m", "600", join(folder, "pipe")]);
    // In a process of its own: opened the usual way, the pipe would hold this one up for ever.
    expect(await script.run(["read", join(folder, "pipe")], { under: ["timeout", "5"] })).toEqual([expect.stringMatching(/^unsafe-file: /)]);
    expect(await refusalOf(() => readPrivateFile(join(folder, "folder"), 9))).toBe("unsafe-file");
    expect(await refusalOf(() => readPrivateFile("/dev/null", 9))).toBe("unsafe-file");
  });

  test("one byte over the limit is refused", async () => {
    const { path } = makeFile("12345");
    expect(readPrivateFile(path, 5)).toHaveLength(5);
    expect(await refusalOf(() => readPrivateFile(path, 4))).toBe("too-large");
  });

  test.runIf(can.root)("another user's file is refused, whether or not it could be read", async () => {
    const { path } = makeFile();
    chownSync(path, NOBODY, NOBODY);
    expect(await refusalOf(() => readPrivateFile(path, 9))).toBe("unsafe-file");
    chownSync(path, 0, 0);
    chmodSync(join(path, ".."), 0o755);
    expect(await script.run(["read", path], { uid: NOBODY })).toEqual([expect.stringMatching(/^io: .*EACCES/)]);
  });
});

describe("replacing", () => {
  test("puts the new bytes there, 0600, and leaves nothing else", () => {
    const { path, folder } = makeFile("old", 0o644);
    expect(replaceFile(path, utf8("new"))).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("gives the new file the mode that was asked for, from its first name on", () => {
    const { path } = makeFile("old", 0o640);
    expect(replaceFile(path, utf8("new"), () => true, 0o664)).toBe(true);
    expect(modeOf(path)).toBe(0o664);
  });

  test.each(["000", "022", "077", "177"])("is 0600 under umask %s", async (umask) => {
    const path = join(makeFolder(), "file");
    expect(await script.run(["replace", path, "new", umask])).toEqual(["done"]);
    expect(modeOf(path)).toBe(0o600);
    expect(await script.run(["create", `${path}2`, "new", umask])).toEqual(["done"]);
    expect(modeOf(`${path}2`)).toBe(0o600);
  });

  test("gives up when asked to, and leaves the old bytes and nothing else", () => {
    const { path, folder } = makeFile();
    let seen = 0;
    expect(replaceFile(path, utf8("new"), () => { seen = findTemporaries(path).length; return false; })).toBe(false);
    expect(seen).toBe(1);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("takes a link's place and leaves alone what the link points to", () => {
    const { path, folder } = makeFile();
    symlinkSync(path, join(folder, "link"));
    replaceFile(join(folder, "link"), utf8("new"));
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(lstatSync(join(folder, "link")).isFile()).toBe(true);
  });

  test("removes what dead writers left of this file, and of no other", () => {
    const { path, folder } = makeFile();
    for (const name of [".file.1-abc.tmp", ".file.2-def.tmp", ".file2.1-abc.tmp", ".file.1-abc.bak"]) writeFileSync(join(folder, name), "half");
    replaceFile(path, utf8("new"));
    expect(readdirSync(folder).sort()).toEqual([".file.1-abc.bak", ".file2.1-abc.tmp", "file"]);
  });

  test("says so when the folder is not there", async () => {
    const path = join(makeFolder(), "none", "file");
    expect(await refusalOf(() => replaceFile(path, utf8("new")))).toBe("io");
    expect(await refusalOf(() => { createFile(path, utf8("new")); })).toBe("io");
    removeFile(path);
  });
});

describe("creating", () => {
  test("never overwrites", async () => {
    const { path, folder } = makeFile();
    symlinkSync(join(folder, "none"), join(folder, "dangling"));
    expect(await refusalOf(() => { createFile(path, utf8("new")); })).toBe("already-exists");
    expect(await refusalOf(() => { createFile(join(folder, "dangling"), utf8("new")); })).toBe("already-exists");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["dangling", "file"]);
  });

  test("of 12 processes one makes the file, whole, and the others know that they have not", async () => {
    const folder = makeFolder();
    const path = join(folder, "file");
    const texts = Array.from({ length: 12 }, (_, index) => `text of process ${index} `.repeat(500));
    const answers = (await Promise.all(texts.map((text) => script.run(["create", path, text])))).flat();
    expect(answers.filter((answer) => answer === "done")).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith("already-exists: "))).toHaveLength(11);
    expect(readFileSync(path, "utf8")).toBe(texts[answers.indexOf("done")]);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("removes the left-overs of dead writers, which may be links to a key, and leaves those of live ones", () => {
    const folder = makeFolder();
    const path = join(folder, "file");
    const [dead, live] = [`.file.${2 ** 22 + 1}-abc.tmp`, `.file.${process.ppid}-abc.tmp`];
    for (const name of [dead, live, `.file.${process.pid}-abc.tmp`]) writeFileSync(join(folder, name), "half");
    createFile(path, utf8("new"));
    expect(readdirSync(folder).sort()).toEqual([live, "file"]);
    writeFileSync(join(folder, dead), "half");
    removeFile(path);
    expect(readdirSync(folder)).toEqual([live]);
  });
});

describe("where nothing can be written, the old bytes stay and nothing else does", () => {
  test.runIf(can.root)("a folder that is not ours to write", async () => {
    const folder = makeFolder(0o755);
    const path = join(folder, "file");
    writeFileSync(path, "old");
    for (const act of ["replace", "create", "remove"]) expect(await script.run([act, path, "new"], { uid: NOBODY })).toEqual([expect.stringMatching(/^io: .*EACCES/)]);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("a limit on the size of files", async () => {
    const { path, folder } = makeFile();
    // Without the trap, SIGXFSZ would end the process before write(2) could fail.
    const under = ["sh", "-c", 'trap "" XFSZ; ulimit -f 16; exec "$@"', "sh"];
    expect(await script.run(["replace", path, "200000"], { under })).toEqual([expect.stringMatching(/^io: .*EFBIG/)]);
    expect(await script.run(["create", `${path}2`, "200000"], { under })).toEqual([expect.stringMatching(/^io: .*EFBIG/)]);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test.runIf(can.mount)("a full disk, then a read-only one", async () => {
    const folder = makeFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder]);
    onTestFinished(() => { execFileSync("umount", [folder]); });
    const path = join(folder, "file");
    writeFileSync(path, "old", { mode: 0o600 });
    const large = new Uint8Array(100_000);
    expect(await refusalOf(() => replaceFile(path, large))).toBe("io");
    expect(await refusalOf(() => { createFile(`${path}2`, large); })).toBe("io");
    expect(readdirSync(folder)).toEqual(["file"]);
    execFileSync("mount", ["-o", "remount,ro", folder]);
    expect(await refusalOf(() => replaceFile(path, utf8("new")))).toBe("io");
    expect(await refusalOf(() => { createFile(`${path}2`, utf8("new")); })).toBe("io");
    expect(await refusalOf(() => { removeFile(path); })).toBe("io");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

/** Makes the n-th system call of this name fail, or kills the process as it makes it. Node itself makes none of those used here. */
function injecting(call: string, what: string, occurrence: number): readonly string[] {
  return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:${what}:when=${occurrence}`];
}

const NEW = "x".repeat(70);
// fsync of the file, then of its folder, which is when the new bytes have their name already.
const STEPS = [
  ["replace", "fsync", 1, "old"],
  ["replace", "rename", 1, "old"],
  ["replace", "fsync", 2, NEW],
  ["create", "fsync", 1, undefined],
  ["create", "link", 1, undefined],
  ["create", "fsync", 2, NEW],
  ["remove", "fsync", 1, undefined],
] as const;

function prepare(act: string): { readonly path: string; readonly folder: string } {
  const made = makeFile();
  if (act === "create") rmSync(made.path);
  return made;
}

const textOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

describe.runIf(can.strace)("each step", () => {
  test.each(STEPS)("that fails: %s, %s number %i", async (act, call, occurrence, expected) => {
    for (const code of ["EIO", "ENOSPC"]) {
      const { path, folder } = prepare(act);
      expect(await script.run([act, path, "70"], { under: injecting(call, `error=${code}`, occurrence) })).toEqual([`io: cannot write "${path}" (${code})`]);
      expect(textOf(path)).toBe(expected);
      expect(readdirSync(folder)).toEqual(expected === undefined ? [] : ["file"]);
    }
  });

  test.each(STEPS)("that is the last: killed at %s, %s number %i, the next writer finds its way", async (act, call, occurrence, expected) => {
    const { path, folder } = prepare(act);
    expect(await script.run([act, path, "70"], { under: injecting(call, "signal=SIGKILL", occurrence) })).toEqual([]);
    expect(textOf(path)).toBe(expected);
    if (act === "create" && expected === undefined) createFile(path, utf8("next"));
    else replaceFile(path, utf8("next"));
    expect(textOf(path)).toBe("next");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});
