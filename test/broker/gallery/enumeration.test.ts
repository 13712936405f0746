// What whoever may nothing, or little, finds out about others: vaults, sessions, names. What does not exist and what is somebody else's answer the same bytes.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SessionOrder } from "../../../src/broker/order.ts";
import type { IdentityKey } from "../../../src/identity/identity-key.ts";
import type { GalleryBroker, RawReply } from "../../support/gallery-broker.ts";
import { openGalleryBroker, orderText, requestOf } from "../../support/gallery-broker.ts";

let stage: GalleryBroker;
beforeAll(async () => { stage = await openGalleryBroker(); });
afterAll(async () => { await stage.close(); });

const NOWHERE = Buffer.alloc(16, 7).toString("base64");
const ask = (key: IdentityKey, order: Partial<SessionOrder>): Promise<RawReply> => stage.ask(key, "POST", "/v1/sessions", { body: orderText(order) });
const bare = ({ head, body }: RawReply): string => `${head}\n${body}`;
const upgrade = (key: IdentityKey, session: string, what: "connections" | "events"): Promise<RawReply> =>
  stage.ask(key, "GET", `/v1/sessions/${session}/${what}`, { headers: ["Connection: Upgrade", `Upgrade: ${what === "events" ? "vault-events" : "vault-connection"}`, "Vault-Arrival: listener"] });

it("another principal's vault and one that does not exist are the same, to an accepted identity and to a stranger", async () => {
  for (const key of [stage.anna, stage.mallory]) {
    const replies = [await ask(key, { vault: stage.secondVault }), await ask(key, { vault: NOWHERE })];
    expect(replies.map(({ status }) => status)).toEqual([403, 403]);
    expect(new Set(replies.map(bare)).size).toBe(1);
  }
});

it("a stranger is told the same of a vault, of none, and of no vault at all", async () => {
  const replies = [await ask(stage.mallory, {}), await ask(stage.mallory, { vault: stage.firstVault }), await ask(stage.mallory, { workspace: "acme" }), await ask(stage.mallory, { workspace: "nowhere", group: "none" })];
  expect(new Set(replies.map(bare)).size).toBe(1);
  expect(replies[0]?.body).toBe("");
});

it("a workspace or group that an identity was not accepted for, and one that there is not, are the same", async () => {
  const replies = [await ask(stage.anna, { workspace: "acme" }), await ask(stage.anna, { workspace: "acme", group: "ci" }), await ask(stage.anna, { workspace: "nowhere" }), await ask(stage.anna, { workspace: "acme", group: "nothing" }), await ask(stage.anna, { workspace: "acmf" })];
  expect(replies.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
  expect(new Set(replies.map(bare)).size).toBe(1);
});

it("a secret outside of the viewpoint, one with nearly its name and one that there is not are the same", async () => {
  const replies: RawReply[] = [];
  for (const name of ["DEPLOY_KEY", "CI_KEY", "OTHER_KEY", "DEPLOY_KEX", "API_KEX", "NOTHING_LIKE_IT"]) replies.push(await ask(stage.anna, { selections: [{ variable: "X", name }] }));
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 422));
  expect(new Set(replies.map(bare)).size).toBe(1);
  expect(replies[0]?.body).toBe('{"code":"not-found"}');
});

it("with several secrets asked for, the answer does not tell which there are", async () => {
  const both = await ask(stage.anna, { selections: [{ variable: "A", name: "API_KEY" }, { variable: "B", name: "DEPLOY_KEY" }] });
  const none = await ask(stage.anna, { selections: [{ variable: "A", name: "API_KEX" }, { variable: "B", name: "DEPLOY_KEX" }] });
  expect(bare(both)).toBe(bare(none));
});

it("an order that is none is answered alike whoever sends it, before anybody is looked up", async () => {
  for (const body of ["", "{", "[]", '{"program":"x","vault":7}', `{"program":"x","vault":"${"A".repeat(30)}"}`, '{"program":"x","group":"ci"}', '{"program":"\\u001b[2J"}']) {
    const replies = [];
    for (const key of [stage.anna, stage.ben, stage.mallory]) replies.push(await stage.ask(key, "POST", "/v1/sessions", { body }));
    expect(new Set(replies.map(bare)).size, body).toBe(1);
    expect(replies[0]?.status, body).toBe(422);
  }
});

it("another identity's session and none are the same: for a connection, for its events, for its end", async () => {
  const { session } = await stage.open(stage.anna);
  const none = "0".repeat(32);
  for (const key of [stage.ben, stage.mallory]) {
    for (const what of ["connections", "events"] as const) {
      const replies = [await upgrade(key, session, what), await upgrade(key, none, what)];
      expect(replies.map(({ status }) => status)).toEqual([403, 403]);
      expect(new Set(replies.map(bare)).size).toBe(1);
    }
    const ends = [];
    for (const id of [session, none]) for (const body of ['{"kind":"exited","status":0}', "{}"]) ends.push(await stage.ask(key, "DELETE", `/v1/sessions/${id}`, { body }));
    expect(ends.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(new Set(ends.map(bare)).size).toBe(1);
  }
});

it("an answer to a claim does not tell whether somebody is known, accepted or called so already", async () => {
  const replies = [];
  for (const [key, handle] of [[stage.anna, "anna"], [stage.mallory, "anna"], [stage.mallory, "ben"], [stage.ben, "nobody"]] as const) replies.push(await stage.ask(key, "POST", "/v1/claims", { body: handle }));
  expect(new Set(replies.map(bare)).size).toBe(1);
});

it("without a proof nothing but health, readiness and counts is answered, and no path is told from another", async () => {
  const { session } = await stage.open(stage.anna);
  const replies = [];
  for (const target of ["/", "/v1/sessions", "/v1/nothing", `/v1/sessions/${session}`, "/health/", "/health?x", "//health", "/METRICS", "http://broker/health"]) replies.push(await stage.send(requestOf("GET", target, [])));
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 401));
  expect(new Set(replies.map(bare)).size).toBe(1);
});

it("neither counts nor health name anybody, any vault or any secret", async () => {
  await stage.open(stage.anna);
  const texts = [];
  for (const what of ["health", "ready", "metrics"]) texts.push((await stage.send(requestOf("GET", `/${what}`, []))).text);
  const all = texts.join("\n");
  expect(all).toContain("vault_broker_sessions ");
  for (const word of [stage.anna.did, stage.ben.did, stage.firstVault, stage.secondVault, "anna", "API_KEY", "acme"]) expect(all).not.toContain(word);
});

it("a session tells names, places and placeholders of the viewpoint, and no value", async () => {
  const reply = await ask(stage.anna, {});
  expect(reply.status).toBe(201);
  expect(reply.body).toContain("API_KEY");
  for (const word of ["value of", "DEPLOY_KEY", "CI_KEY", "OTHER_KEY", Buffer.from("value of API_KEY").toString("base64"), stage.secondVault]) expect(reply.body).not.toContain(word);
});

it("a stranger writes nothing into the broker's own log, whatever he sends and as often as he likes", async () => {
  const before = stage.said();
  for (const body of ["", "{", orderText({ vault: stage.firstVault }), '{"program":"x","group":"ci"}']) for (let count = 0; count < 5; count += 1) await stage.ask(stage.mallory, "POST", "/v1/sessions", { body });
  await stage.send(requestOf("POST", "/v1/claims", ["Authorization: Proof a.b.c"], "x"));
  // What an accepted one is refused for is told there.
  await ask(stage.anna, { selections: [{ variable: "X", name: "NO_SUCH_KEY" }] });
  await expect.poll(() => stage.said().slice(before.length)).toContain("NO_SUCH_KEY");
  expect(stage.said().slice(before.length)).not.toContain(stage.mallory.did);
  expect(stage.said().slice(before.length).trim().split("\n")).toHaveLength(1);
});
