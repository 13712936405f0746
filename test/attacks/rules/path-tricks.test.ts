// A secret that may read and not touch what is below /admin. The program writes the forbidden path so that a rule does not see it, and a server does: dots, slashes that are encoded or doubled, parameters, letters in another
// case or form, encodings in encodings. What arrives upstream is what counts: nothing of any of these does.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { PATH_TRICKS } from "../../support/path-tricks.ts";
import { expectRuledOut, expectThrough, openRuledStage, requestOf } from "../../support/ruled-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openRuledStage({ allow: ["GET /**"], deny: ["* /**/keys", "* /admin/**"] });
});
afterAll(() => stage.close());

describe("is refused:", () => {
  it.each(PATH_TRICKS)("GET %j", async (target) => {
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

describe("of rules that name no methods:", () => {
  it.each(["X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X_ORIGINAL_URL", "X-Override-URL", "X-Http-DestinationURL", "X-WAWS-Unencoded-URL", "X-Envoy-Original-Path"])("another path in the header %s is refused", async (name) => {
    const pathsOnly = await openRuledStage({ deny: ["* /admin/**"] });
    await expectRuledOut(pathsOnly, requestOf(pathsOnly, "GET /x", [`${name}: /admin/users`]));
    await expectThrough(pathsOnly, requestOf(pathsOnly, "POST /x", ["X-HTTP-Method-Override: DELETE"]));
    await pathsOnly.close();
  });

  it("a person who is asked is shown the method that counts", async () => {
    const asking = await openRuledStage({ ask: ["* /**"] });
    await expectRuledOut(asking, requestOf(asking, "POST /x", ["X-HTTP-Method-Override: DELETE"]));
    await expectRuledOut(asking, requestOf(asking, "POST /x", ["Content-Type: application/x-www-form-urlencoded"], "_method=DELETE"));
    await asking.close();
  });
});

it("a secret without rules is sent as before, whatever the path", async () => {
  const free = await openRuledStage({});
  await expectThrough(free, requestOf(free, "DELETE /x/..//%2e%2e;%2f"));
  await free.close();
});
