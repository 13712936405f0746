// Who is accepted: handles that are taken from others, lists that are flooded or edited, and what a revocation ends. A handle proves nothing; the name that is a key does.
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { acceptIdentity, listIdentities, rejectClaim, revokeIdentity } from "../../../src/app/broker/accept-identity.ts";
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import { newestPart } from "../../../src/audit/parts.ts";
import { VaultError } from "../../../src/errors.ts";
import type { IdentityKey } from "../../../src/identity/identity-key.ts";
import type { GalleryBroker } from "../../support/gallery-broker.ts";
import { drawKey, openGalleryBroker, orderText, requestOf } from "../../support/gallery-broker.ts";
import { connect } from "../../support/raw-sockets.ts";

let stage: GalleryBroker;
beforeAll(async () => { stage = await openGalleryBroker(); });
afterAll(async () => { await stage.close(); });

const GLOBAL = { workspace: undefined, group: undefined };
const claim = async (key: IdentityKey, handle: string): Promise<number> => (await stage.ask(key, "POST", "/v1/claims", { body: handle })).status;
const accept = (name: string): ReturnType<typeof acceptIdentity> => acceptIdentity(stage.first.surroundings, name, undefined, GLOBAL);
const codeOf = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: unknown) => { if (error instanceof VaultError) return `${error.code}: ${error.message}`; throw error; });
const claims = async (): Promise<readonly { readonly did: string; readonly handle: string }[]> => (await listIdentities(stage.first.surroundings)).claims;
const sessionStatus = async (key: IdentityKey): Promise<number> => (await stage.ask(key, "POST", "/v1/sessions", { body: orderText() })).status;
/** What the owner says is heard of a moment later. */
const heard = (key: IdentityKey, status = 201): Promise<void> => expect.poll(() => sessionStatus(key)).toBe(status);
const openSessions = async (): Promise<number> => Number(/^vault_broker_sessions (\d+)$/m.exec((await stage.send(requestOf("GET", "/metrics", []))).text)?.[1]);
const dropAll = async (): Promise<void> => { for (const { did } of await claims()) rejectClaim(stage.first.surroundings, did); };

it("of two who claim one handle none is accepted by it, and both are named by their keys", async () => {
  const [honest, thief] = [drawKey(), drawKey()];
  expect([await claim(honest, "build-runner"), await claim(thief, "build-runner")]).toEqual([202, 202]);
  const refusal = await codeOf(accept("build-runner"));
  expect(refusal).toMatch(/^usage: /);
  expect(refusal).toContain(honest.did);
  expect(refusal).toContain(thief.did);
  expect((await accept(honest.did)).did).toBe(honest.did);
  await heard(honest);
  expect([await sessionStatus(honest), await sessionStatus(thief)]).toEqual([201, 403]);
  await dropAll();
});

it("the handle of somebody who is accepted leads to nobody else who claims it, and its own key goes on", async () => {
  expect(await claim(stage.mallory, "anna")).toBe(202);
  expect(await codeOf(accept("anna"))).toMatch(/^usage: several/);
  expect([await sessionStatus(stage.anna), await sessionStatus(stage.mallory)]).toEqual([201, 403]);
  rejectClaim(stage.first.surroundings, stage.mallory.did);
  expect((await listIdentities(stage.first.surroundings)).accepted.map(({ did, handle }) => [did, handle])).toContainEqual([stage.anna.did, "anna"]);
});

it("a flood of claims is bounded; of those that it leaves, none is accepted by a handle, since the honest one may have fallen out", async () => {
  const honest = drawKey();
  expect(await claim(honest, "deployer")).toBe(202);
  for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 14 }, (_, at) => claim(drawKey(), `flood-${round}-${at}`)));
  const thief = drawKey();
  expect(await claim(thief, "deployer")).toBe(202);
  const left = await claims();
  expect(left).toHaveLength(64);
  // The thief alone is left of that name.
  expect(left.filter(({ handle }) => handle === "deployer").map(({ did }) => did)).toEqual([thief.did]);
  expect(await codeOf(accept("deployer"))).toMatch(/^usage: .*did:key/);
  expect(await sessionStatus(thief)).toBe(403);
  expect((await accept(honest.did)).did).toBe(honest.did);
  await heard(honest);
  expect([await sessionStatus(honest), await sessionStatus(thief)]).toEqual([201, 403]);
  await dropAll();
});

it("whoever has taken a handle first is not accepted where the owner says whose key he expects, and is named", async () => {
  const [honest, thief] = [drawKey(), drawKey()];
  const expecting = (name: string, { did }: IdentityKey): ReturnType<typeof acceptIdentity> => acceptIdentity(stage.first.surroundings, name, undefined, GLOBAL, did);
  expect(await claim(thief, "releaser")).toBe(202);
  const refusal = await codeOf(expecting("releaser", honest));
  expect(refusal).toMatch(/^not-found: .*another key/);
  expect(refusal).toContain(thief.did);
  // Nor by a handle that nobody claims, nor under the thief's own key.
  expect(await codeOf(expecting("nobody", honest))).toMatch(/^not-found: /);
  expect(await codeOf(expecting(thief.did, honest))).toMatch(/^not-found: /);
  expect([await sessionStatus(honest), await sessionStatus(thief)]).toEqual([403, 403]);
  // Beside the thief, and in a list that is full of others.
  expect(await claim(honest, "releaser")).toBe(202);
  await Promise.all(Array.from({ length: 62 }, (_, at) => claim(drawKey(), `crowd-${at}`)));
  expect(await claims()).toHaveLength(64);
  expect((await expecting("releaser", honest)).did).toBe(honest.did);
  await heard(honest);
  expect([await sessionStatus(honest), await sessionStatus(thief)]).toEqual([201, 403]);
  await dropAll();
});

it("claims of one identity are one claim, however many it makes and in however many hands at once", async () => {
  const statuses = await Promise.all(Array.from({ length: 16 }, (_, at) => claim(stage.mallory, `name-${at}`)));
  expect(statuses).toEqual(statuses.map(() => 202));
  expect(await claims()).toHaveLength(1);
  await Promise.all(Array.from({ length: 16 }, (_, at) => claim(drawKey(), `other-${at}`)));
  expect(await claims()).toHaveLength(17);
  await dropAll();
});

it("a handle that would move a cursor, forge a line, leave a folder or look like another one is no claim", async () => {
  for (const handle of ["\u001b[2Janna", "an\nna", "anna\n", "anna\u0000", "Anna", "\u0430nna", "../anna", "anna/key", "-anna", "anna\u202e", "", " anna", "a".repeat(65), "a".repeat(300)]) expect(await claim(stage.mallory, handle), JSON.stringify(handle)).toBe(400);
  expect(await claims()).toHaveLength(0);
});

it("whoever was rejected may still do nothing, and is off the list until he asks again", async () => {
  expect(await claim(stage.mallory, "mallory")).toBe(202);
  expect(rejectClaim(stage.first.surroundings, "mallory").did).toBe(stage.mallory.did);
  expect(await sessionStatus(stage.mallory)).toBe(403);
  expect(await claims()).toHaveLength(0);
  await stage.ask(stage.mallory, "POST", "/v1/sessions", { body: orderText() });
  expect(await claims()).toHaveLength(0);
});

it("an acceptance is for its viewpoint, and one by another principal is for that one's vault alone", async () => {
  const key = drawKey();
  await acceptIdentity(stage.first.surroundings, key.did, "ci", { workspace: "acme", group: "ci" });
  await expect.poll(async () => (await stage.ask(key, "POST", "/v1/sessions", { body: orderText({ workspace: "acme", group: "ci" }) })).status).toBe(201);
  const names = async (workspace: string | undefined, group: string | undefined): Promise<unknown> => {
    const { status, body } = await stage.ask(key, "POST", "/v1/sessions", { body: orderText({ workspace, group }) });
    return status === 201 ? (JSON.parse(body) as { secrets: { name: string }[] }).secrets.map(({ name }) => name).sort() : status;
  };
  expect(await names("acme", "ci")).toEqual(["API_KEY", "CI_KEY", "DEPLOY_KEY"]);
  expect([await names("acme", undefined), await names("acme", "other"), await names("globex", "ci")]).toEqual([403, 403, 403]);
  expect((await stage.ask(key, "POST", "/v1/sessions", { body: orderText({ vault: stage.secondVault, workspace: "acme", group: "ci" }) })).status).toBe(403);
});

it("a revocation cuts the sessions that are open, and opens no other", async () => {
  const key = drawKey();
  await acceptIdentity(stage.first.surroundings, key.did, "leaver", GLOBAL);
  await heard(key);
  const { session } = await stage.open(key);
  const target = `/v1/sessions/${session}/events`;
  const socket = connect(stage.port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await new Promise((resolve) => { socket.once("data", resolve).write(requestOf("GET", target, [`Authorization: ${stage.prove(key, "GET", target)}`, "Connection: Upgrade", "Upgrade: vault-events"])); });
  await revokeIdentity(stage.first.surroundings, "leaver");
  await closed;
  expect([await sessionStatus(key), (await stage.ask(key, "DELETE", `/v1/sessions/${session}`, { body: '{"kind":"exited","status":0}' })).status]).toEqual([403, 403]);
});

it("a session that is opened while the revocation is written does not outlive it", async () => {
  const key = drawKey();
  await acceptIdentity(stage.first.surroundings, key.did, "racer", GLOBAL);
  await heard(key);
  const before = await openSessions();
  const opening = Promise.all(Array.from({ length: 12 }, () => sessionStatus(key)));
  await revokeIdentity(stage.first.surroundings, key.did);
  expect((await opening).every((status) => status === 201 || status === 403)).toBe(true);
  // Those of others, of earlier stories, may end meanwhile.
  await heard(key, 403);
  await expect.poll(openSessions).toBeLessThan(before);
});

it("a list of claims that somebody has edited accepts nobody: what it says of a thief is shown with the thief's key", async () => {
  const [honest, thief] = [drawKey(), drawKey()];
  expect(await claim(honest, "tester")).toBe(202);
  const path = join(stage.first.surroundings.paths.runtimeFolder, "claims.json");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(honest.did, thief.did));
  expect(await sessionStatus(thief)).toBe(403);
  expect((await claims()).map(({ did }) => did)).toEqual([thief.did]);
  for (const text of ["{", "[1]", `[{"did":"${thief.did}","handle":"\\u001b[2J","at":"2026-01-01T00:00:00.000Z"}]`, `[{"did":"did:key:z6Mk","handle":"a","at":"2026-01-01T00:00:00.000Z"}]`]) {
    writeFileSync(path, text);
    expect(await claims(), text).toEqual([]);
  }
});

it("an older log in the place of the one with a revocation, head file and all, brings nobody back: not while the broker runs, and not when it is started anew", async () => {
  const key = drawKey();
  const folder = stage.first.surroundings.paths.auditFolder;
  const copies = { older: `${folder}.older`, newer: `${folder}.newer` };
  await acceptIdentity(stage.first.surroundings, key.did, "returner", GLOBAL);
  await heard(key);
  cpSync(folder, copies.older, { recursive: true });
  await revokeIdentity(stage.first.surroundings, "returner");
  await heard(key, 403);
  cpSync(folder, copies.newer, { recursive: true });
  const put = (from: string): void => {
    rmSync(folder, { recursive: true });
    cpSync(from, folder, { recursive: true });
  };
  put(copies.older);
  for (let tries = 0; tries < 5; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await sessionStatus(key)).toBe(403);
  }
  await expect(stage.restart()).rejects.toThrow(/audit log/);
  put(copies.newer);
  await stage.restart();
  expect([await sessionStatus(key), await sessionStatus(stage.anna)]).toEqual([403, 201]);
});

it("whoever was accepted before the keys were replaced throughout (`rotate-master --deep`) is accepted no more: somebody who had the old key could have accepted himself", async () => {
  const { surroundings } = stage.second;
  await acceptIdentity(surroundings, stage.mallory.did, "helper", GLOBAL);
  await heard(stage.mallory);
  await rotateMaster(surroundings, { provider: "file", path: undefined, kek: undefined }, true);
  await heard(stage.mallory, 403);
  await stage.restart();
  expect([await sessionStatus(stage.mallory), await sessionStatus(stage.ben), await sessionStatus(stage.anna)]).toEqual([403, 403, 201]);
  expect((await listIdentities(surroundings)).accepted).toEqual([]);
  await acceptIdentity(surroundings, stage.ben.did, "ben", GLOBAL);
  await heard(stage.ben);
  expect(await sessionStatus(stage.mallory)).toBe(403);
});

/** The last story: it leaves a log that is not whole. */
it("an acceptance that was written into the log without the vault's key accepts nobody, and the owner is told", async () => {
  const path = newestPart(stage.first.surroundings.paths.auditFolder);
  const before = readFileSync(path);
  const line = before.toString("utf8").split("\n").find((text) => text.includes('"identity.accept"') && text.includes(stage.anna.did)) ?? "";
  expect(line).not.toBe("");
  appendFileSync(path, `${line.replaceAll(stage.anna.did, stage.mallory.did)}\n`);
  // Nobody knows any more who was accepted.
  await expect.poll(() => sessionStatus(stage.mallory)).toBe(403);
  await expect.poll(() => sessionStatus(stage.anna)).toBe(403);
  await expect.poll(() => stage.said()).toMatch(/no identity is accepted any more: the audit log/);
  writeFileSync(path, before);
  await expect.poll(() => sessionStatus(stage.anna)).toBe(201);
  expect(await sessionStatus(stage.mallory)).toBe(403);
  // In the place of an honest line it does no better.
  writeFileSync(path, before.toString("utf8").replaceAll(stage.anna.did, stage.mallory.did));
  await stage.send(requestOf("GET", "/health", []));
  expect(await sessionStatus(stage.mallory)).toBe(403);
  writeFileSync(path, before);
});
