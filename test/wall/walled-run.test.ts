import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

/** `npm run test:soak` tries them all. */
const STATUSES = process.env["VAULT_SOAK"] === undefined ? [0, 42, 125, 127, 128, 255] : Array.from({ length: 256 }, (_, status) => status);
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

    test("needs no home folder", async () => {
      const more = { HOME: join(stage.folder, "no-home"), VAULT_DIR: join(stage.folder, "home", "of-the-homeless") };
      await stage.vault(["init", "--provider", "file"], "", more);
      await stage.vault(["secrets", "create", "API_KEY", "--host", stage.bound], stage.value, more);
      const { status, out, err } = await stage.vault(["run", "--sandbox", "--upstream-ca", join(stage.folder, "server.pem"), "--", "sh", "-c", `curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/`], "", more);
      expect([status, out, err]).toEqual([0, "hello from upstream\n", expect.stringContaining("there is no home folder")]);
    });

    test("may have links on the way to its home, its caches and the vault's own folders", async () => {
      const [real, links] = [join(stage.folder, "home", "real"), join(stage.folder, "home", "links")];
      for (const name of ["me", "caches", "state", "vault"]) mkdirSync(join(real, name), { recursive: true });
      symlinkSync(real, links);
      symlinkSync(join(real, "caches"), join(real, "me", ".cache"));
      stage.give(real);
      const more = { HOME: join(links, "me"), XDG_STATE_HOME: join(links, "state"), VAULT_DIR: join(links, "vault") };
      await stage.vault(["init", "--provider", "file"], "", more);
      await stage.vault(["secrets", "create", "API_KEY", "--host", stage.bound], stage.value, more);
      for (const kept of ["", "kept"]) {
        const { status, out, err } = await stage.vault(["run", "--sandbox", "--upstream-ca", join(stage.folder, "server.pem"), "--", "sh", "-c", `cat ~/.cache/one; echo kept >~/.cache/one; cat "${links}/vault/kek.key"; curl -sS https://${stage.bound}/`], "", more);
        expect([status, out], err).toEqual([0, `${kept === "" ? "" : `${kept}\n`}hello from upstream\n`]);
      }
    }, 60_000);

    test("ends with the program's own status", async () => {
      for (const status of STATUSES) expect((await stage.inside(`exit ${status}`)).status).toBe(status);
      for (const signal of [2, 9, 11]) expect((await stage.inside(`kill -${signal} $$`)).status).toBe(128 + signal);
      const startOf = async (program: string): Promise<number> => (await stage.vault(["run", "--sandbox", "--", program], "", { PATH: "/usr/bin:/bin" })).status;
      expect([await startOf("no-such-program-anywhere"), await startOf("/etc/passwd"), await startOf("/")]).toEqual([127, 126, 126]);
    }, process.env["VAULT_SOAK"] === undefined ? 60_000 : 600_000);

    test("is what a project's file asks for, which cannot take it away; the audit log says so", async () => {
      const file = join(stage.project, "vault.run.json");
      const startedWith = async (flags: readonly string[]): Promise<unknown> => {
        expect((await stage.vault(["run", ...flags, "--", "true"])).status).toBe(0);
        const { out } = await stage.vault(["audit", "--json"]);
        const { entries } = JSON.parse(out) as { readonly entries: readonly { readonly event: { readonly kind: string; readonly wall?: string } }[] };
        return entries.filter(({ event }) => event.kind === "run.start").at(-1)?.event.wall;
      };
      try {
        expect(await startedWith([])).toBeUndefined();
        expect(await startedWith(["--sandbox"])).toBe("on");
        writeFileSync(file, '{"secrets":{"API_KEY":{}},"sandbox":true}');
        expect(await startedWith([])).toBe("on");
        expect(await startedWith(["--no-sandbox"])).toBe("off");
        expect(await startedWith(["--no-project"])).toBe("off");
        expect(await startedWith(["--no-project", "--sandbox"])).toBe("on");
        writeFileSync(file, '{"secrets":{"API_KEY":{}},"sandbox":false}');
        expect(await startedWith(["--sandbox"])).toBe("on");
        expect(await startedWith(["--no-project"])).toBeUndefined();
        // Without a word of secrets: of these the run has what it would have without the file.
        writeFileSync(file, '{"sandbox":true}');
        expect(await startedWith(["-s", "API_KEY"])).toBe("on");
        writeFileSync(file, "no JSON");
        expect(await startedWith(["--no-project"])).toBeUndefined();
      } finally {
        rmSync(file);
      }
    }, 60_000);
  });
}

describe.skipIf(!can.wall)("before a walled run (needs bubblewrap)", () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage();
  }, 60_000);
  afterAll(() => stage.close());

  test("the doctor says whether there will be one", async () => {
    const { status, out } = await stage.vault(["doctor", "--sandbox", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ ok: true, findings: [{ check: "wall", level: "ok" }] });
    expect(status).toBe(0);
    const without = await stage.vault(["doctor", "--sandbox"], "", { PATH: "/nowhere" });
    expect(without.out).toMatch(/^problem +wall +no wall can be made: bubblewrap is not installed.*\n +→ apt install bubblewrap/m);
    expect(without.status).toBe(1);
  }, 60_000);

  test("what cannot be had is refused before anything is started", async () => {
    for (const flags of [["--writable", "/tmp"], ["--publish", "80"], ["--explain"], ["--sandbox", "--publish", "0"], ["--sandbox", "--host-port", "http"], ["--sandbox", "--writable", "/"]]) {
      expect([flags, (await stage.vault(["run", ...flags, "--", "true"])).status]).toEqual([flags, 125]);
    }
  }, 60_000);
});
