// Where a machine refuses powers in a namespace of one's own, here by Landlock: the program has the same wall, and in its network the proxy alone, for what speaks to it as such.
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can, WITHOUT_LOW_PORTS } from "../support/machine.ts";
import { createServer } from "../support/raw-sockets.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const users = can.root ? (["an ordinary user", "root"] as const) : (["an ordinary user"] as const);

for (const user of users) {
  describe.skipIf(!can.wall || !can.refusePorts)(`a walled run of ${user} without powers (needs bubblewrap, python3 and Landlock)`, () => {
    let stage: WallStage;
    let full: WallStage;
    beforeAll(async () => {
      stage = await openWallStage(user !== "root", WITHOUT_LOW_PORTS);
      full = await openWallStage(user !== "root");
    }, 60_000);
    afterAll(async () => {
      await stage.close();
      await full.close();
    });

    test("uses a secret without having it, and says what kind of wall this is", async () => {
      const { status, out, err } = await stage.inside(`curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/; echo "$API_KEY $HTTPS_PROXY"`);
      expect([status, out], err).toEqual([0, expect.stringMatching(/^hello from upstream\n\S+ http:\/\/127\.0\.0\.1:\d+\n$/)]);
      expect(stage.server.received()).toContain(`authorization: Bearer ${stage.value}`);
      expect(out).not.toContain(stage.value);
      expect(err).toContain("only what heeds HTTPS_PROXY and HTTP_PROXY reaches the proxy");
    }, 60_000);

    test("reaches nothing past the proxy", async () => {
      const before = stage.server.received();
      const { out } = await stage.inside(`curl -sS --noproxy "*" -k https://${stage.bound}/ || echo "no $?"; curl -sS --noproxy "*" https://api.example.com/ || echo "no $?"`);
      expect(out).toBe("no 7\nno 6\n");
      expect(stage.server.received()).toBe(before);
    }, 60_000);

    test("has the same environment, the same status and the same output, redacted where that is asked for", async () => {
      const more = { "A.B": "dotted", ODD: "two\nlines 'and' \"quotes\" $HOME `x`", i: "5", vault_wall_at: "0", EMPTY: "", LD_PRELOAD: "", UID: "7", IFS: ":", ENV: "/nowhere" };
      const list = async (of: WallStage): Promise<string[]> => {
        const { status, out } = await of.vault(["run", "--sandbox", "--redact", "--", "sh", "-c", "tr '\\0' '|' </proc/self/environ; exit 42"], "", more);
        expect(status).toBe(42);
        return out.split("|").filter((line) => !/vault-wall-|_proxy=|_PROXY=|^(A\.B|API_KEY|LC_CTYPE|PWD|OLDPWD|SHLVL|_)=/i.test(line)).sort();
      };
      expect(await list(stage)).toEqual(await list(full));
      expect((await stage.inside("kill -9 $$")).status).toBe(137);
      expect((await stage.vault(["run", "--sandbox", "--", "/no/such/program"])).status).toBe(127);
    }, 60_000);

    test("lets a port of the host in, and publishes none", async () => {
      const server = createServer((socket) => { socket.end("from the host\n"); }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const { out } = await stage.inside(`perl -MIO::Socket::INET -e 'print readline(IO::Socket::INET->new("127.0.0.1:${port}"))'`, ["--host-port", String(port)]);
      server.close();
      expect(out).toBe("from the host\n");
      for (const flags of [["--publish", "8080"], ["--host-port", "80"]]) {
        const { status, out: printed, err } = await stage.inside("echo started", flags);
        expect([status, printed], err).toEqual([125, ""]);
      }
    }, 60_000);

    test("is what the doctor tells of, and --explain", async () => {
      const { status, out } = await stage.vault(["doctor", "--sandbox", "--json"]);
      expect(JSON.parse(out)).toMatchObject({ ok: true, findings: [{ check: "wall", level: "note", message: expect.stringContaining("as a relay") as string }] });
      expect(status).toBe(0);
      expect((await stage.vault(["run", "--sandbox", "--explain", "--", "sh"])).out).toContain("its network, as a relay: ");
      expect((await full.vault(["run", "--sandbox", "--explain", "--", "sh"])).out).toContain("its network: whatever it dials arrives at the proxy\n");
    }, 60_000);
  });
}
