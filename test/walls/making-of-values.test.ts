// A value is made outside while the program runs inside: it would talk to the agent that makes it, watch the command's process, or be left behind when the vault changes.
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GrantingServer } from "../support/granting-server.ts";
import { grantLikeGoogle, openGrantingServer } from "../support/granting-server.ts";
import { can } from "../support/machine.ts";
import { NODE } from "../support/program.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const users = can.root ? (["an ordinary user", "root"] as const) : (["an ordinary user"] as const);

for (const user of users) {
  describe.skipIf(!can.wall)(`a program behind the wall of ${user} (needs bubblewrap)`, () => {
    let stage: WallStage;
    let tools: string;
    beforeAll(async () => {
      stage = await openWallStage(user !== "root");
      tools = join(stage.folder, "home", "tools");
      mkdirSync(tools);
      writeFileSync(join(tools, "make"), `#!/bin/sh\necho run >> ${tools}/runs\nsleep 1\necho made-value-of-this-test\n`);
      chmodSync(join(tools, "make"), 0o755);
      stage.give(tools);
      const { status, err } = await stage.vault(["secrets", "create", "MADE", "--host", stage.bound, "--source", "command", "--", join(tools, "make")]);
      expect(status, err).toBe(0);
      rmSync(join(tools, "runs"));
    }, 60_000);
    afterAll(() => stage.close());

    const fetching = (name: string): string => `curl -sS -H "authorization: Bearer $${name}" https://${stage.bound}/`;

    test("uses a value that is made outside, and sees neither the agent nor the process that makes it", async () => {
      const { out: status } = await stage.vault(["status", "--json"]);
      const { paths } = JSON.parse(status) as { readonly paths: { readonly socket: string } };
      const look = `"${NODE}" -e 'require("net").connect(process.argv[1]).on("connect", () => { console.log("connected"); process.exit(); }).on("error", ({ code }) => console.log(code))' "${paths.socket}"; for one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$one"; echo; done 2>/dev/null | grep -c "^/bin/sh [^ ]*tools/make"`;
      // The command runs for a second: what looks for it does so meanwhile.
      const run = stage.inside(`${fetching("MADE")} & sleep 0.5; ${look}; wait; ${look}; ${fetching("MADE")}; echo "$MADE"`);
      let wasThere = false;
      const watch = setInterval(() => { wasThere ||= existsSync(paths.socket); }, 25);
      const { status: ended, out, err } = await run.finally(() => { clearInterval(watch); });
      expect(ended, err).toBe(0);
      expect(wasThere).toBe(true);
      expect(out.match(/^(?:ENOENT|connected)$/gm)).toEqual(["ENOENT", "ENOENT"]);
      expect(out.match(/^\d+$/gm)).toEqual(["0", "0"]);
      expect(out).not.toContain("made-value");
      expect(stage.server.received().match(/Bearer made-value-of-this-test/g)).toHaveLength(2);
      expect(readFileSync(join(tools, "runs"), "utf8")).toBe("run\n");
    }, 60_000);

    test("finds Google's file of placeholders, and is answered where it asks for a token with one", async () => {
      const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const [email, scope] = ["robot@project.iam.gserviceaccount.example", "https://www.googleapis.com/auth/drive"];
      const google: GrantingServer = await openGrantingServer(grantLikeGoogle({ publicKey, email, scope, audience: () => `${google.url}/token` }));
      try {
        writeFileSync(join(tools, "google.pem"), google.roots);
        writeFileSync(join(tools, "sa.json"), JSON.stringify({ type: "service_account", private_key: privateKey.export({ type: "pkcs8", format: "pem" }), client_email: email, token_uri: `${google.url}/token` }));
        stage.give(tools);
        const created = await stage.vault(["secrets", "create", "GOOGLE", "--host", stage.bound, "--source", "jwt-bearer", "--from-file", join(tools, "sa.json"), "--oauth-scope", scope, "--upstream-ca", join(tools, "google.pem")]);
        expect(created.status, created.err).toBe(0);
        const asking = 'curl -sS -d grant_type=refresh_token -d "refresh_token=$GOOGLE" https://oauth2.googleapis.com/token; echo';
        const { out, err } = await stage.inside(`cat "$GOOGLE_APPLICATION_CREDENTIALS"; echo; ${asking}; ${fetching("GOOGLE")}`, ["-s", "GOOGLE"]);
        expect(out, err).toMatch(/^\{"type":"authorized_user".*"refresh_token":"vault_ph_\w+"/);
        expect(out).toMatch(/^\{"access_token":"vault_ph_\w+","expires_in":3599,"token_type":"Bearer"\}$/m);
        expect(stage.server.received()).toContain("Bearer ya29.token-");
        expect(out).not.toContain("ya29");
      } finally {
        await google.close();
      }
    }, 60_000);

    test("has the next value of a stored secret behind its placeholder, and none of one that was deleted", async () => {
      const go = (step: number): string => join(stage.project, `go-${step}`);
      const waiting = (step: number): string => `touch "${join(stage.project, `at-${step}`)}"; until test -e "${go(step)}"; do sleep 0.05; done`;
      const run = stage.inside(`${fetching("API_KEY")}; ${waiting(1)}; ${fetching("API_KEY")}; ${waiting(2)}; ${fetching("API_KEY")}; echo "$API_KEY"`, ["-s", "API_KEY"]);
      const reach = async (step: number): Promise<void> => { while (!existsSync(join(stage.project, `at-${step}`))) await sleep(25); };
      await reach(1);
      expect((await stage.vault(["secrets", "rotate", "API_KEY"], "the-next-value-000000")).status).toBe(0);
      await sleep(150);
      writeFileSync(go(1), "");
      await reach(2);
      expect((await stage.vault(["secrets", "delete", "API_KEY"])).status).toBe(0);
      await sleep(150);
      writeFileSync(go(2), "");
      const { out, err } = await run;
      expect(stage.server.received().match(/Bearer (?:the-next|sk-live)[^\r]*/g)).toEqual([`Bearer ${stage.value}`, "Bearer the-next-value-000000"]);
      expect(out).toContain("API_KEY was not sent to");
      expect(out).not.toContain("the-next-value");
      expect(err).toContain("API_KEY was not sent any more: it was deleted");
    }, 60_000);
  });
}
