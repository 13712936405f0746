// A secret that may read and not touch what is below /admin. The program writes the forbidden path so that a rule does not see it, and a server does: dots, slashes that are encoded or doubled, parameters, letters in another
// case or form, encodings in encodings. What arrives upstream is what counts: nothing of any of these does.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { expectRuledOut, expectThrough, openRuledStage, requestOf } from "../../support/ruled-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openRuledStage({ allow: ["GET /**"], deny: ["* /**/keys", "* /admin/**"] });
});
afterAll(() => stage.close());

describe("is refused:", () => {
  it.each([
    "/admin", "/admin/", "/admin/x", "/admin?x", "/admin/?x", "/ADMIN", "/Admin/x", "/adm%69n", "/%61dmin", "/%61%64%6d%69%6e", "/adm%49n", "/admin%2fx", "/admin%2Fx%2Fy", "/x/keys", "/x/keys/", "/x/KEYS", "/x%2fkeys", "/a%2Fb%2Fkeys", "/keys",
    "/x/../admin", "/./admin", "/x/%2e%2e/admin", "/x/.%2e/admin", "/x/%2E./admin", "/x%2f..%2fadmin", "/x%2f%2e%2e%2fadmin", "/%2e/admin", "/..%2fadmin", "/x/..", "/..", "/.",
    "//admin", "/x//admin", "/admin//x", "///", "/%2fadmin", "/%2f%2fadmin", "/x%2f%2fadmin", "/%5cadmin", "/\\admin", "/x\\..\\admin", "/x%5c..%5cadmin",
    "/%61dmin%00", "/admin%00.png", "/x%00/../admin", "/admin%0a", "/admin%0d%0ax", "/admin%09", "/admin%20", "/%20admin", "/admin.", "/admin./x", "/admin%2e",
    "/%2561dmin", "/%25%36%31dmin", "/adm%2569n", "/x/%252e%252e/admin", "/x/..%252fadmin", "/x%252f..%252fadmin", "/%", "/%a", "/%zz", "/admin%", "/%u0061dmin", "/adm%u0069n",
    "/admin;", "/admin;x=1", "/admin;/x", "/x/..;/admin", "/;/admin", "/x;/../admin", "/admin%3bx", "/admin%3Fx", "/admin%23x",
    "/%c1%a1dmin", "/adm%c0%a9n", "/x/%c0%ae%c0%ae/admin", "/x%c0%afadmin", "/%e0%80%afadmin", "/\xff\xfeadmin", "/admin\x80", "/x%ff", "/%ef%bb%bfadmin",
    "/%ef%bd%81%ef%bd%84%ef%bd%8d%ef%bd%89%ef%bd%8e", "/%ef%bc%a1dmin", "/%e2%93%90dmin", "/adm%e2%85%b0n", "/x/%ef%bc%8e%ef%bc%8e/admin", "/x%ef%bc%8fadmin", "/admin%e2%80%8b", "/%e2%80%8badmin", "/ad%c2%admin", "/admin%c2%a0", "/x/%e2%80%a5/admin", "/%e2%80%ae/admin", "/x/%E2%84%AAEYS", "/x/key%C5%BF",
  ])("GET %j", async (target) => {
    const told = await expectRuledOut(stage, requestOf(stage, `GET ${target}`));
    expect(told).toContain("API_KEY was not sent");
  });

  it.each(["/x/../admin", "/admin", "/x/%2e%2e/admin", "//admin", "/%61dmin"])("with a scheme and a host before it: %j", async (target) => {
    await expectRuledOut(stage, requestOf(stage, `GET https://${stage.host}${target}`));
  });
});

describe("is let through, once the trick is none:", () => {
  it.each(["/", "/x", "/x/", "/admins", "/x/admin", "/keysmith", "/a/keys/b", "/x?next=/admin/../..//%2e;%00", "/.well-known/x", "/x.y/z", "/a%20b", "/@scope%2fname", "/b%C3%BCcher", "/a:b"])("GET %j", async (target) => {
    expect(await expectThrough(stage, requestOf(stage, `GET ${target}`))).toMatch(`GET ${target} HTTP/1.1\r\n`);
  });

  it("and what the run notes names the rule, and not the path", async () => {
    await expectThrough(stage, requestOf(stage, "GET /MARKER"));
    const event = stage.run.events.findLast(({ kind }) => kind === "substituted");
    expect(event).toMatchObject({ secrets: ["API_KEY"], rules: ["API_KEY: allow GET /**"] });
    const told = await expectRuledOut(stage, requestOf(stage, "GET /admin/MARKER"));
    expect(told).toContain('its rule "deny * /admin/**" refuses it');
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", remedy: "to allow it: vault secrets update API_KEY --remove-rule '* /admin/**' --widen" });
    expect(told + JSON.stringify(stage.run.events)).not.toContain("MARKER");
  });
});

it("a secret without rules is sent as before, whatever the path", async () => {
  const free = await openRuledStage({});
  await expectThrough(free, requestOf(free, "DELETE /x/..//%2e%2e;%2f"));
  await free.close();
});
