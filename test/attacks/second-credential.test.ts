// A program sends a credential of the attacker's beside the placeholder. In the same header: the server reads one of the two, logs the other, or joins them into
// something that a proxy further on splits. In another one: the host acts for the attacker's account, which may read there what was sent. Where a value goes in,
// its header stands once, and no other credential but those of the run goes along.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage({ grant: { places: ["basic", "body", "header", "query"] } });
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
    ["one of another kind", () => [ours(), "X-Api-Key: mine"]],
    ["one of another kind before it", () => ["X-Auth-Token: mine", ours()]],
    ["one in Basic", () => [`X-Api-Key: ${stage.grant.placeholder}`, "Authorization: Basic dTpw"]],
    ["one beside itself in two headers", () => [ours(), `X-Api-Key: ${stage.grant.placeholder}`, "Private-Token: mine"]],
  ])("%s", async (_name, lines) => {
    const reply = await expectRefused(stage, get(...lines()), 400, "second-credential");
    expect(reply.body).not.toContain("mine");
  });

  it("one beside itself in the query, or in a body", async () => {
    const { placeholder } = stage.grant;
    await expectRefused(stage, `GET /MARKER?key=${placeholder} HTTP/1.1\r\nHost: ${stage.host}\r\nAuthorization: Bearer mine\r\n\r\n`, 400, "second-credential");
    const body = `{"text":"${placeholder}"}`;
    await expectRefused(stage, `POST /MARKER HTTP/1.1\r\nHost: ${stage.host}\r\nAuthorization: Bearer mine\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 400, "second-credential");
  });

  it.each<[string, () => readonly string[]]>([
    ["itself as user and password", () => [`Authorization: Basic ${Buffer.from(`${stage.grant.placeholder}:${stage.grant.placeholder}`).toString("base64")}`]],
    ["itself in the same value", () => [`Authorization: Token a=${stage.grant.placeholder}, b=${stage.grant.placeholder}`]],
    ["itself in a second cookie", () => [`Cookie: a=${stage.grant.placeholder}; b=${stage.grant.placeholder}`]],
  ])("%s", async (_name, lines) => {
    await expectRefused(stage, get(...lines()), 400, "repeated");
  });
});

describe("a request is refused in which the placeholder is not all of a credential", () => {
  it.each<[string, (placeholder: string) => string]>([
    ["behind another one and a comma", (p) => `Authorization: Bearer mine, Bearer ${p}`],
    ["behind another one and a blank", (p) => `Authorization: Bearer mine ${p}`],
    ["behind another one in Basic", (p) => `Authorization: Basic dTpw, Bearer ${p}`],
    ["in front of another one", (p) => `Authorization: Bearer ${p}, Bearer mine`],
    ["beside another token", (p) => `Authorization: Token token=mine, token=${p}`],
    ["beside another token in another case", (p) => `Authorization: Token token=${p}, TOKEN="mine"`],
    ["in an address", (p) => `Authorization: Digest username="a", uri="https://evil.example/${p}"`],
    ["in an address without quotes", (p) => `Authorization: Digest uri=https://evil.example/${p}`],
    ["in a longer word", (p) => `Authorization: Bearer ${p}.evil.example`],
    ["behind another key", (p) => `X-Api-Key: mine,${p}`],
    ["in front of another key", (p) => `X-Api-Key: ${p}, mine`],
    ["behind a word that is no scheme", (p) => `X-Api-Key: mine ${p}`],
    ["in a key's address", (p) => `X-Api-Key: https://evil.example/${p}`],
    ["itself twice", (p) => `X-Api-Key: ${p},${p}`],
    ["in a part of a cookie", (p) => `Cookie: a=1; b=https://evil.example/${p}; c=3`],
    ["at the beginning of a cookie", (p) => `Cookie: b=${p}.evil.example`],
    ["as a cookie's name", (p) => `Cookie: ${p}=1`],
  ])("%s", async (_name, line) => {
    await expectRefused(stage, get(line(stage.grant.placeholder)), 403, "place");
  });
});

describe("a request is served with the placeholder as all of a credential", () => {
  it.each<[string, (placeholder: string) => string]>([
    ["alone", (p) => `Authorization: ${p}`],
    ["behind a scheme of a service's own", (p) => `Authorization: DeepL-Auth-Key ${p}`],
    ["as Firebase has it", (p) => `Authorization: key=${p}`],
    ["as Rails has it", (p) => `Authorization: Token token="${p}", nonce="abc"`],
    ["without quotes", (p) => `Authorization: Token token=${p}`],
    ["as Jellyfin has it", (p) => `Authorization: MediaBrowser Client="a, b", Device="c", Token="${p}"`],
    ["behind a user's name", (p) => `Authorization: ApiKey me:${p}`],
    ["in front of a password", (p) => `Authorization: ${p}:x`],
    ["in a key's header", (p) => `X-Api-Key: ${p}`],
    ["in a key's header, with a scheme", (p) => `X-Auth-Token: Bearer ${p}`],
    ["in a cookie without a name", (p) => `Cookie: ${p}`],
    ["in a quoted cookie", (p) => `Cookie: a=1;b="${p}" ; c=3`],
  ])("%s", async (_name, line) => {
    await expectServedWithValue(stage, get(line(stage.grant.placeholder)));
  });
});

describe("a request is served with the placeholder and", () => {
  it.each<[string, () => readonly string[]]>([
    ["a cookie, which the host itself may have set", () => [ours(), "Cookie: session=mine"]],
    ["a header of keys with nothing in it", () => [ours(), "X-Api-Key:"]],
    ["other cookies in the same header", () => [`Cookie: a=1; b=${stage.grant.placeholder}; c=3`]],
    ["two headers that are no credentials", () => [ours(), "Accept: a/b", "Accept: c/d"]],
  ])("%s", async (_name, lines) => {
    await expectServedWithValue(stage, get(...lines()));
  });

  it("itself in other credential headers, each once: clients that do not know which one counts", async () => {
    const { placeholder } = stage.grant;
    for (const lines of [[`apikey: ${placeholder}`, ours()], [`x-api-key: ${placeholder}`, ours()], [`x-api-key: ${placeholder}`, basic()]]) {
      const { reply, sent } = await attempt(stage, get(...lines));
      expect([reply.status, sent.includes(placeholder)]).toEqual([200, false]);
      expect(sent).toContain(lines[0]?.replace(placeholder, () => VALUE));
    }
  });

  it("a user in Basic, encoded anew", async () => {
    const { reply, sent } = await attempt(stage, get(basic()));
    expect(reply.status).toBe(200);
    expect(sent).toContain(`Authorization: Basic ${Buffer.from(`user:${VALUE}`).toString("base64")}\r\n`);
  });
});

describe("two secrets of the run", () => {
  const pinTo = (service: string, header: string, ...sharesHostsWith: readonly string[]): Pick<Grant, "pin"> => ({ pin: { service, sharesHostsWith, spots: [{ place: "header", header, form: "{key}" }] } });
  const outcomeOf = async (write: (one: string, other: string) => readonly string[], one: Pick<Grant, "pin">, other: Pick<Grant, "pin">): Promise<readonly [number, boolean, boolean]> => {
    const [a, b] = [makeGrant("ONE", [stage.host], { value: "value-of-the-first", ...one }), makeGrant("OTHER", [stage.host], { value: "value-of-the-second", ...other })];
    const run = await openTestRun([a, b], { roots: [stage.ca.certificate] });
    try {
      const { reply, sent } = await attempt({ ...stage, run }, get(...write(a.placeholder, b.placeholder)));
      const seen = sent + Buffer.from(/Basic (\S+)/.exec(sent)?.[1] ?? "", "base64").toString();
      return [reply.status, seen.includes("value-of-the-first"), seen.includes("value-of-the-second")];
    } finally {
      await run.proxy.close();
    }
  };
  const twoHeaders = (one: string, other: string): readonly string[] => [`DD-Api-Key: ${one}`, `DD-Application-Key: ${other}`];
  const userAndPassword = (one: string, other: string): readonly string[] => [`Authorization: Basic ${Buffer.from(`${one}:${other}`).toString("base64")}`];

  it("are served as user and password, and in two headers, where the user has bound both to the host", async () => {
    expect(await outcomeOf(userAndPassword, {}, {})).toEqual([200, true, true]);
    expect(await outcomeOf(twoHeaders, {}, {})).toEqual([200, true, true]);
  });

  it("are served where a service says that they go together", async () => {
    expect(await outcomeOf(twoHeaders, pinTo("datadog", "dd-api-key"), pinTo("datadog-application", "dd-application-key", "datadog"))).toEqual([200, true, true]);
    expect(await outcomeOf(userAndPassword, {}, { pin: { service: "twilio", sharesHostsWith: [], spots: [{ place: "basic", form: "ACCOUNT_SID:{key}" }] } })).toEqual([200, true, true]);
  });

  it("of which one is not the run's are served where the service takes a user of its own beside its key", async () => {
    const project = { pin: { service: "supabase-project", sharesHostsWith: [], spots: [{ place: "header", header: "apikey", form: "{key}" }], besides: ["authorization"] } } as const;
    expect(await outcomeOf((one) => [`apikey: ${one}`, "Authorization: Bearer of-a-user"], project, {})).toEqual([200, true, false]);
    expect(await outcomeOf((one) => [`apikey: ${one}`, "X-Api-Key: of-a-user"], project, {})).toEqual([400, false, false]);
    expect(await outcomeOf((one, other) => [`apikey: ${one}`, `X-Api-Key: ${other}`, "Authorization: Bearer of-a-user"], project, {})).toEqual([400, false, false]);
  });

  it("are refused where they are keys of services that do not know each other", async () => {
    expect(await outcomeOf(twoHeaders, pinTo("datadog", "dd-api-key"), pinTo("stranger", "dd-application-key"))).toEqual([400, false, false]);
  });
});
