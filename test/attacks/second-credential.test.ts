// A program sends the secret's header twice, once with the placeholder and once with a credential of the attacker's: the server reads one of the two, logs
// the other, or joins them into something that a proxy further on splits. Where a value goes in, its header stands once.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { VALUE } from "../support/proxy-run.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const get = (...lines: readonly string[]): string => ["GET /MARKER HTTP/1.1", `Host: ${stage.host}`, ...lines, "", ""].join("\r\n");
const ours = (): string => `Authorization: Bearer ${stage.grant.placeholder}`;
const basic = (): string => `Authorization: Basic ${Buffer.from(`user:${stage.grant.placeholder}`).toString("base64")}`;

describe("a request is refused with the placeholder and", () => {
  it.each<[string, () => readonly string[]]>([
    ["another credential after it", () => [ours(), "Authorization: Bearer mine"]],
    ["another credential before it", () => ["Authorization: Bearer mine", ours()]],
    ["another in another case", () => [ours(), "authorization: Bearer mine"]],
    ["an empty one", () => [ours(), "Authorization:"]],
    ["another of another scheme", () => [ours(), "Authorization: Basic dTpw"]],
    ["another beside one in Basic", () => [basic(), "Authorization: Bearer mine"]],
    ["itself again", () => [ours(), ours()]],
    ["a second key", () => [`X-Api-Key: ${stage.grant.placeholder}`, "X-Api-Key: mine"]],
    ["a second cookie header", () => [`Cookie: a=${stage.grant.placeholder}`, "Cookie: b=mine"]],
  ])("%s", async (_name, lines) => {
    await expectRefused(stage, get(...lines()), 400, "bad-request");
  });

  it.each<[string, () => readonly string[]]>([
    ["itself in another header", () => [ours(), `X-Api-Key: ${stage.grant.placeholder}`]],
    ["itself in Basic", () => [`X-Api-Key: ${stage.grant.placeholder}`, basic()]],
    ["itself in the same value", () => [`X-Api-Key: ${stage.grant.placeholder},${stage.grant.placeholder}`]],
    ["itself in a second cookie", () => [`Cookie: a=${stage.grant.placeholder}; b=${stage.grant.placeholder}`]],
  ])("%s", async (_name, lines) => {
    await expectRefused(stage, get(...lines()), 400, "repeated");
  });
});

describe("a request is served with the placeholder and", () => {
  it.each<[string, () => readonly string[]]>([
    ["a credential of another kind", () => [ours(), "X-Api-Key: mine"]],
    ["other cookies in the same header", () => [`Cookie: a=1; b=${stage.grant.placeholder}; c=3`]],
    ["two headers that are no credentials", () => [ours(), "Accept: a/b", "Accept: c/d"]],
  ])("%s", async (_name, lines) => {
    await expectServedWithValue(stage, get(...lines()));
  });

  it("a user in Basic, encoded anew", async () => {
    const { reply, sent } = await attempt(stage, get(basic()));
    expect(reply.status).toBe(200);
    expect(sent).toContain(`Authorization: Basic ${Buffer.from(`user:${VALUE}`).toString("base64")}\r\n`);
  });
});
