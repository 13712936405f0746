import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { judgeVersion } from "../../../src/wall/namespaces/bubblewrap.ts";
import type { KernelFacts } from "../../../src/wall/namespaces/obstacle.ts";
import { judgeKernel, judgeRefusal } from "../../../src/wall/namespaces/obstacle.ts";
import { can } from "../../support/machine.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeFolder } from "../../support/temporary.ts";

const PLAIN: KernelFacts = { maxUserNamespaces: 15_000, unprivilegedClone: 1, apparmorRestriction: undefined, isFiltered: false, isRoot: false, isContainer: false };
const EPERM = "bwrap: No permissions to create a new namespace, likely because the kernel does not allow non-privileged user namespaces.";
/** Ubuntu 24.04 lets the namespace be made and takes its powers away: which step fails first depends on what bubblewrap was asked for, and on its version. */
const REFUSED_BY_APPARMOR = ["bwrap: setting up uid map: Permission denied", "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "bwrap: Failed to make / slave: Permission denied", EPERM];

describe("what is said to be in the way", () => {
  test("of the kernel's settings", () => {
    expect(judgeKernel(PLAIN)).toBeUndefined();
    expect(judgeKernel({ ...PLAIN, maxUserNamespaces: undefined, unprivilegedClone: undefined })).toBeUndefined();
    expect(judgeKernel({ ...PLAIN, maxUserNamespaces: 0 })?.fix).toMatch(/sysctl user\.max_user_namespaces=/);
    expect(judgeKernel({ ...PLAIN, unprivilegedClone: 0 })?.fix).toMatch(/sysctl kernel\.unprivileged_userns_clone=1/);
    expect(judgeKernel({ ...PLAIN, unprivilegedClone: 0, isRoot: true })).toBeUndefined();
  });

  test("when bubblewrap is refused", () => {
    const judge = (words: string, facts: Partial<KernelFacts>): ReturnType<typeof judgeRefusal> => judgeRefusal(words, { ...PLAIN, ...facts }, "/usr/bin/bwrap");
    expect(judge(EPERM, { isFiltered: true })).toMatchObject({ cause: expect.stringMatching(/filter of system calls/) as string, fix: expect.stringMatching(/seccomp=unconfined/) as string });
    expect(judge(EPERM, {}).cause).toMatch(/forbids user namespaces .*bubblewrap says: bwrap: No permissions/);
    expect(judge("bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)", {}).fix).toMatch(/max_net_namespaces/);
    expect(judge("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", { isContainer: true }).fix).toMatch(/systempaths=unconfined/);
    expect(judge("bwrap: something else", {}).cause).toMatch(/something else/);
  });

  test.each(REFUSED_BY_APPARMOR)("when AppArmor makes it say: %s", (words) => {
    const refused = judgeRefusal(words, { ...PLAIN, apparmorRestriction: 1 }, "/opt/bubblewrap/bin/bwrap");
    expect(refused.cause).toBe(`AppArmor forbids user namespaces to programs without a profile (bubblewrap says: ${words})`);
    expect(refused.fix).toMatch(/profile bwrap "\/opt\/bubblewrap\/bin\/bwrap" flags=\(unconfined\) \{ userns, \}' \| sudo tee .* && sudo apparmor_parser -r /);
    // Root is free of it, and so is everybody where the setting is off.
    for (const facts of [{ apparmorRestriction: 1, isRoot: true }, { apparmorRestriction: 0 }, {}]) expect(judgeRefusal(words, { ...PLAIN, ...facts }, "/usr/bin/bwrap").cause).not.toMatch(/AppArmor/);
  });

  test("of bubblewrap's version", () => {
    expect(judgeVersion("/usr/bin/bwrap", "bubblewrap 0.4.1\n").obstacle?.cause).toMatch(/0\.4, which is too old/);
    expect(judgeVersion("/usr/bin/bwrap", "bubblewrap 0.6.1\n")).toEqual({ obstacle: undefined, hasSizes: false });
    expect(judgeVersion("/usr/bin/bwrap", "bubblewrap 0.11.0\n")).toEqual({ obstacle: undefined, hasSizes: true });
    expect(judgeVersion("/usr/bin/bwrap", "bubblewrap 1.0\n")).toEqual({ obstacle: undefined, hasSizes: true });
    expect(judgeVersion("/usr/bin/bwrap", "").obstacle).toBeDefined();
    expect(judgeVersion("/usr/bin/bwrap", "bwrap: bubblewrap 0.8.0\nversioned\nNo permissions\n")).toEqual({ obstacle: undefined, hasSizes: true });
  });
});

/** As an ordinary user, with the setting that Ubuntu has. */
const WITH_APPARMOR = ["/usr/bin/unshare", "-U", "-r", "-m", "/bin/sh", "-c", '/bin/mount -t tmpfs none /proc/sys/kernel && echo 1 > /proc/sys/kernel/apparmor_restrict_unprivileged_userns && exec /usr/bin/unshare -U --map-user=1234 --map-group=1234 "$@"', "sh"];
const canSetAppArmor = spawnSync("/usr/bin/unshare", [...WITH_APPARMOR.slice(1), "/bin/true"], { stdio: "ignore" }).status === 0;

/** Programs that a run calls, beside bubblewrap. */
const SYSTEM = ["sh", "prlimit"];

describe.skipIf(!can.wall)("a wall that cannot be had (needs bubblewrap)", () => {
  /** Nothing on the PATH but what is put into `bin`, and no vault yet. */
  const setUp = (): { readonly bin: string; readonly refuse: (around?: readonly string[]) => string } => {
    const folder = makeFolder();
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const name of SYSTEM) if (existsSync(`/usr/bin/${name}`)) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    return {
      bin,
      /** @param around what stands before the program. @returns what it says. Nothing was started or made. */
      refuse(around = []) {
        const [program, ...words] = [...around, NODE, RUN_JS, "run", "--sandbox", "--", "/bin/sh", "-c", `echo started > ${folder}/started`];
        const { status, stderr } = spawnSync(program, words, { env: { PATH: bin, HOME: folder }, cwd: makeFolder(), encoding: "utf8" });
        expect(status, stderr).toBe(125);
        expect(readdirSync(folder)).toEqual(["bin"]);
        return stderr;
      },
    };
  };

  test("for want of bubblewrap", () => {
    const { refuse } = setUp();
    const stderr = refuse();
    expect(stderr).toMatch(/error: no wall can be made: bubblewrap is not installed/);
    expect(stderr).toMatch(/hint: apt install bubblewrap/);
  });

  test("with a bubblewrap that is setuid", () => {
    const { bin, refuse } = setUp();
    copyFileSync("/usr/bin/bwrap", join(bin, "bwrap"));
    chmodSync(join(bin, "bwrap"), 0o4755);
    const stderr = refuse();
    expect(stderr).toMatch(/bwrap" is setuid root/);
    expect(stderr).toMatch(/hint: sudo chmod u-s /);
  });

  test("with one that is too old", () => {
    const { bin, refuse } = setUp();
    writeFileSync(join(bin, "bwrap"), '#!/bin/sh\n[ "$1" != --version ] || { echo bubblewrap 0.4.1; exit; }\nexec /usr/bin/bwrap "$@"\n', { mode: 0o755 });
    const stderr = refuse();
    expect(stderr).toMatch(/is bubblewrap 0\.4, which is too old/);
  });

  test("where user namespaces are forbidden", () => {
    const { bin, refuse } = setUp();
    symlinkSync("/usr/bin/bwrap", join(bin, "bwrap"));
    const stderr = refuse(["/usr/bin/unshare", "-U", "-r", "/bin/sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh"]);
    expect(stderr).toMatch(/user\.max_user_namespaces is 0/);
    expect(stderr).toMatch(/hint: sudo sysctl user\.max_user_namespaces=/);
  });

  // The kernel here may have no AppArmor: its setting stands in a file system that lies over the folder of settings, and bubblewrap's words are what it says there.
  test.skipIf(!canSetAppArmor)("where AppArmor forbids them (needs unshare)", () => {
    const { bin, refuse } = setUp();
    writeFileSync(join(bin, "bwrap"), `#!/bin/sh\n[ "$1" != --version ] || { echo bubblewrap 0.9.0; exit; }\necho '${REFUSED_BY_APPARMOR[0] ?? ""}' >&2\nexit 1\n`, { mode: 0o755 });
    const stderr = refuse(WITH_APPARMOR);
    expect(stderr).toMatch(/error: no wall can be made: AppArmor forbids user namespaces to programs without a profile \(bubblewrap says: bwrap: setting up uid map: Permission denied\)/);
    expect(stderr).toMatch(new RegExp(`hint: printf .* profile bwrap "${bin}/bwrap" flags=`));
  });

  test("where a filter of system calls forbids them, as in a container", () => {
    const { bin, refuse } = setUp();
    symlinkSync("/usr/bin/bwrap", join(bin, "bwrap"));
    writeFileSync(join(bin, "filter"), refuseNamespaces());
    const stderr = refuse(["/bin/sh", "-c", `exec /usr/bin/bwrap --dev-bind / / --seccomp 9 -- "$@" 9<${bin}/filter`, "sh"]);
    expect(stderr).toMatch(/a filter of system calls forbids user namespaces/);
    expect(stderr).toMatch(/bubblewrap says: bwrap: .*perm/i);
    expect(stderr).toMatch(/hint: .*seccomp=unconfined/);
  });
});

/** What Docker does by default: EPERM for clone with CLONE_NEWUSER and for unshare, ENOSYS for clone3. */
function refuseNamespaces(): Buffer {
  const [clone, unshare] = process.arch === "arm64" ? [220, 97] : [56, 272];
  const instructions: readonly (readonly [number, number, number, number])[] = [
    [0x20, 0, 0, 0],
    [0x15, 5, 0, unshare],
    [0x15, 5, 0, 435],
    [0x15, 0, 2, clone],
    [0x20, 0, 0, 16],
    [0x45, 1, 0, 0x10000000],
    [0x06, 0, 0, 0x7fff0000],
    [0x06, 0, 0, 0x00050001],
    [0x06, 0, 0, 0x00050026],
  ];
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
