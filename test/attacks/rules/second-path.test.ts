// A secret that may work in /public and touch nothing of /admin. The program asks for a path that it may have, and names the forbidden one in a header: where WebDAV is to copy or move it to, or what an object store is to copy it from. Then it fetches the copy.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { expectRuledOut, expectThrough, openRuledStage, requestOf } from "../../support/ruled-stage.ts";

let denying: AttackStage;
let listing: AttackStage;
let asking: AttackStage;
beforeAll(async () => {
  denying = await openRuledStage({ deny: ["* /admin/**"] });
  listing = await openRuledStage({ allow: ["COPY,GET,MOVE,PUT /public/**"] });
  asking = await openRuledStage({ ask: ["* /admin/**"] });
});
afterAll(() => Promise.all([denying.close(), listing.close(), asking.close()]));

const FORBIDDEN = [
  "/admin/x", "/ADMIN/x", "/%61dmin/x", "/public/../admin/x", "/public/%2e%2e/admin/x", "//admin/x", "/public//../admin", "/admin;a/x", "/admin%2fx", "/admin/x?y", "/admin/x#y", "/\\admin/x", "/admin",
];

describe("is refused, by what is denied and by what alone is allowed:", () => {
  it.each(FORBIDDEN.flatMap((path) => ["MOVE", "COPY"].map((method) => [method, path] as const)))("%s to %s", async (method, path) => {
    for (const stage of [denying, listing]) {
      await expectRuledOut(stage, requestOf(stage, `${method} /public/x`, [`Destination: ${path}`]));
      await expectRuledOut(stage, requestOf(stage, `${method} /public/x`, [`destination: https://${stage.host}${path}`]));
    }
  });

  it.each(["X-Amz-Copy-Source", "x-goog-copy-source", "X_Amz_Copy_Source", "x-ms-copy-source", "x-ms-rename-source", "x-amz-rename-source", "x-oss-copy-source", "x-cos-copy-source"])("what is copied by %s", async (name) => {
    for (const stage of [denying, listing]) {
      for (const source of ["/admin/x", "admin/x", "/bucket/admin/x", "bucket%2Fadmin%2Fx", "/bucket/Admin/x?versionId=abc", `https://${stage.host}/admin/x`, `https://${stage.host}/container/admin/x?sv=1`]) await expectRuledOut(stage, requestOf(stage, "PUT /public/x", [`${name}: ${source}`]));
    }
  });

  it.each([
    ["a destination at another host", "Destination: https://elsewhere.example.test/public/y"],
    ["at a host with a name before it", "Destination: https://a@elsewhere.example.test/public/y"],
    ["a destination that is no path", "Destination: public/y"],
    ["an empty one", "Destination:"],
    ["a list of them", "Destination: /public/a, /public/b"],
    ["a source by its ARN", "x-amz-copy-source: arn:aws:s3:eu-central-1:123456789012:accesspoint/point/object/public/x"],
    ["a source with another question", "x-amz-copy-source: /public/x?y/../../admin"],
    ["a source below an account", "X-Copy-From: /public/x"],
    ["a link", "x-oss-symlink-target: public/x"],
    ["a list of pieces", "X-Object-Manifest: public/x"],
  ])("what servers take in different ways: %s", async (_, header) => {
    await expectRuledOut(denying, requestOf(denying, "PUT /public/x", [header]));
  });

  it("the second of two", async () => {
    await expectRuledOut(denying, requestOf(denying, "MOVE /public/x", ["Destination: /public/y", "Destination: /admin/y"]));
    await expectRuledOut(denying, requestOf(denying, "MOVE /public/x", ["Destination: /admin/y", "Destination: /public/y"]));
  });

  it("a source that may be written and not read", async () => {
    const stage = await openRuledStage({ allow: ["GET /public/**", "PUT /**"] });
    await expectRuledOut(stage, requestOf(stage, "PUT /public/x", ["x-amz-copy-source: /inbox/x"]));
    await stage.close();
  });

  it("where somebody is to be asked about it", async () => {
    await expectRuledOut(asking, requestOf(asking, "MOVE /public/x", ["Destination: /admin/y"]), "asks");
    await expectThrough(asking, requestOf(asking, "MOVE /public/x", ["Destination: /public/y"]));
  });
});

describe("is let through:", () => {
  it.each([
    ["MOVE /public/x", "Destination: /public/y"],
    ["COPY /public/x", "Destination: /public/a%20b/"],
    ["PUT /public/x", "x-amz-copy-source: /public/public/y"],
    ["PUT /public/x", "x-amz-copy-source: public/public/y?versionId=3HL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY"],
    ["PUT /public/x", "x-amz-copy-source-if-match: \"abc\""],
    ["PUT /public/x", "Destination-Name: /admin"],
  ])("%s, %s", async (line, header) => {
    for (const stage of [denying, listing]) expect(await expectThrough(stage, requestOf(stage, line, [header]))).toContain(header.split(":")[1]);
  });

  it("to the request's own host, by its whole address", async () => {
    await expectThrough(listing, requestOf(listing, "MOVE /public/x", [`Destination: https://${listing.host.toUpperCase()}/public/y`]));
  });

  it("a secret without patterns", async () => {
    const free = await openRuledStage({ maxBodyBytes: 1000 });
    await expectThrough(free, requestOf(free, "MOVE /public/x", ["Destination: /admin/y"]));
    await free.close();
  });
});
