// Many servers make one name of `X-Api-Key` and `X_Api_Key` (CGI's HTTP_X_API_KEY): the proxy fills one of them, the application reads the other, or the
// second framing header is the one that counts. A header whose name differs from another's only so is refused, and one that stands in for
// `Authorization`, `Host` or the framing always.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const post = (...lines: readonly string[]): string => ["POST /MARKER HTTP/1.1", `Host: ${stage.host}`, ...lines, "", ""].join("\r\n");

describe("a twin is refused:", () => {
  it.each<[string, () => readonly string[]]>([
    ["of the secret's header, after it", () => [`X-Api-Key: ${stage.grant.placeholder}`, "X_Api_Key: mine"]],
    ["of the secret's header, before it", () => ["X_Api_Key: mine", `X-Api-Key: ${stage.grant.placeholder}`]],
    ["in another case", () => [`X-Api-Key: ${stage.grant.placeholder}`, "x_api_KEY: mine"]],
    ["with one underscore of two", () => [`X-Api-Key: ${stage.grant.placeholder}`, "X_Api-Key: mine"]],
    ["with the placeholder in the twin", () => ["X-Api-Key: mine", `X_Api_Key: ${stage.grant.placeholder}`]],
    ["of a header that carries no secret", () => ["X-Forwarded-For: 1.1.1.1", "X_Forwarded_For: 2.2.2.2"]],
    ["of a length", () => ["Content_Length: 5"]],
    ["of a length beside it", () => ["Content-Length: 0", "Content_Length: 5"]],
    ["of a coding", () => ["Transfer_Encoding: chunked"]],
    ["of a coding beside a length", () => ["Content-Length: 0", "Transfer_Encoding: chunked"]],
  ])("%s", async (_name, lines) => {
    await expectRefused(stage, post(...lines()), 400, "bad-request");
  });
});

describe("an underscore", () => {
  it("by itself is a name as good as any, and carries a secret where it is a credential's", async () => {
    const { sent } = await expectServedWithValue(stage, post(`api_key: ${stage.grant.placeholder}`, "x_request_id: 7"));
    expect(sent).toContain("x_request_id: 7\r\n");
  });
});
