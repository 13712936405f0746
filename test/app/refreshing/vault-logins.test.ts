// Refreshes of a login that lies in a real vault, at a real authorization server that ends a login one of whose tokens it sees twice.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ValueAnswer } from "../../../src/agent/sources/value-store.ts";
import { parseSealedLogin } from "../../../src/agent/sources/sealed-login.ts";
import { askTokenEndpoint } from "../../../src/agent/sources/token-endpoint.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import { deleteSecret, updateSecret } from "../../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import type { AuthorizationOptions, AuthorizationServer } from "../../support/authorization-server.ts";
import { openAuthorizationServer } from "../../support/authorization-server.ts";
import { makeVaultHome } from "../../support/home.ts";
import { addLogin, replaceLogin } from "../../support/login-secret.ts";
import type { Refresher } from "../../support/refresher.ts";
import { openRefresher, readRecord } from "../../support/refresher.ts";

interface Stage {
  readonly server: AuthorizationServer;
  readonly surroundings: Surroundings;
  readonly open: () => Promise<Refresher>;
  readonly refreshToken: () => Promise<string | null>;
  readonly logInAgain: () => Promise<string>;
}

async function setUp(options: AuthorizationOptions = {}): Promise<Stage> {
  const server = await openAuthorizationServer(options);
  onTestFinished(() => server.close());
  const { surroundings } = await makeVaultHome();
  const roots = server.certificate;
  await addLogin(surroundings, { name: "LOGIN", host: server.apiHost, source: server.source, sealed: { refreshToken: await server.logIn(), roots } });
  return {
    server,
    surroundings,
    async open() {
      const refresher = await openRefresher(surroundings, "LOGIN");
      onTestFinished(() => { refresher.lock(); });
      return refresher;
    },
    refreshToken: () => withOpenVault(surroundings, async ({ holder, file }) => {
      const [sealed] = await openSecrets(holder, file.contents.id, [await readRecord(surroundings, "LOGIN")]);
      return sealed === undefined ? null : parseSealedLogin(sealed).refreshToken;
    }),
    async logInAgain() {
      const refreshToken = await server.logIn();
      await replaceLogin(surroundings, { name: "LOGIN", source: server.source, sealed: { refreshToken, roots } });
      return refreshToken;
    },
  };
}

/** Returns once the server was asked, or the answer is there. */
async function startAsking(server: AuthorizationServer, agent: Refresher): Promise<{ readonly answer: Promise<ValueAnswer> }> {
  const before = server.asked();
  const answer = agent.ask();
  const over = answer.then(() => true, () => true);
  while (server.asked() === before && !(await Promise.race([over, sleep(2, false)])));
  return { answer };
}

const shown = (answer: ValueAnswer): string => (answer.kind === "value" ? Buffer.from(answer.value.reveal()).toString() : answer.failure.reason);
const logOf = ({ paths }: Surroundings): string => readdirSync(paths.auditFolder).filter((name) => name.endsWith(".jsonl")).map((name) => readFileSync(join(paths.auditFolder, name), "utf8")).join("");

test("the new refresh token is in the vault when the access token is there, under the next version; the log tells of it, and of no token", async () => {
  const { open, server, surroundings, refreshToken } = await setUp();
  const before = [await refreshToken(), (await readRecord(surroundings, "LOGIN")).version];
  const answer = await (await open()).ask();
  expect(answer).toMatchObject({ kind: "value", isNew: true });
  const after = await refreshToken();
  expect(after).not.toBe(before[0]);
  expect((await readRecord(surroundings, "LOGIN")).version).toBe(2);
  expect(logOf(surroundings)).toContain('"event":{"kind":"login.refresh","secret":"LOGIN"');
  for (const token of [before[0], after, shown(answer)]) expect(logOf(surroundings)).not.toContain(token);
  expect(readdirSync(surroundings.paths.loginsFolder).filter((name) => !name.endsWith(".asked"))).toEqual([]);
  expect(server.errors()).toEqual([]);
});

test("a value that was made is what both have that read the vault before and after, and is not made twice", async () => {
  const { open, server, surroundings } = await setUp();
  const agent = await open();
  const record = await readRecord(surroundings, "LOGIN");
  const first = shown(await agent.ask());
  expect([shown(await agent.ask()), shown(await agent.ask({ record }))]).toEqual([first, first]);
  expect(server.asked()).toBe(1);
});

test("one that a host has refused is made anew, once a second at most", async () => {
  const { open, server } = await setUp();
  const agent = await open();
  const first = await agent.ask();
  if (first.kind !== "value") throw new Error(shown(first));
  const second = await agent.ask({ refused: first.value });
  expect(shown(second)).not.toBe(shown(first));
  if (second.kind !== "value") throw new Error(shown(second));
  for (let time = 0; time < 5; time += 1) expect(shown(await agent.ask({ refused: second.value }))).toBe(shown(second));
  expect(server.asked()).toBe(2);
});

test("16 agents at once refresh one after the other, and no token is used twice", async () => {
  const { open, server } = await setUp({ thinksMs: 20 });
  const agents = await Promise.all(Array.from({ length: 16 }, () => open()));
  const answers = await Promise.all(agents.map((agent) => agent.ask()));
  expect(answers.map(({ kind }) => kind)).toEqual(Array.from({ length: 16 }, () => "value"));
  expect(new Set(answers.map(shown)).size).toBe(16);
  expect([server.mostAtOnce(), server.asked(), server.errors()]).toEqual([1, 16, []]);
});

test("a server that does not rotate is asked again with the same token, and the vault stays as it is", async () => {
  const { open, server, surroundings } = await setUp({ doesRotate: false });
  for (let time = 0; time < 2; time += 1) expect((await (await open()).ask()).kind).toBe("value");
  expect([server.asked(), (await readRecord(surroundings, "LOGIN")).version]).toEqual([2, 1]);
  expect(readdirSync(surroundings.paths.loginsFolder)).toEqual([]);
});

describe("while a refresh is under way", () => {
  /** Has `act` done between the question and the answer. */
  async function during(stage: Stage, act: () => Promise<unknown>): Promise<ValueAnswer> {
    const agent = await stage.open();
    const { answer } = await startAsking(stage.server, agent);
    await act();
    return answer;
  }

  test("another login takes the old one's place: that one counts, at once and from then on", async () => {
    const stage = await setUp({ thinksMs: 300 });
    const answer = await during(stage, stage.logInAgain);
    expect(answer.kind).toBe("value");
    expect(stage.server.asked()).toBe(2);
    expect((await (await stage.open()).ask()).kind).toBe("value");
    expect(stage.server.errors()).toEqual([]);
  });

  test("the secret gets another host: the new token goes into the secret as it is now", async () => {
    const stage = await setUp({ thinksMs: 300 });
    const before = await stage.refreshToken();
    const answer = await during(stage, () => updateSecret(stage.surroundings, "LOGIN", undefined, { addHosts: ["other.example.com:443"] }));
    expect(answer.kind).toBe("value");
    expect((await readRecord(stage.surroundings, "LOGIN")).hosts).toContain("other.example.com:443");
    expect(await stage.refreshToken()).not.toBe(before);
    expect((await (await stage.open()).ask()).kind).toBe("value");
    expect(stage.server.errors()).toEqual([]);
  });

  test("the secret is deleted: it stays deleted, and nobody gets the token", async () => {
    const stage = await setUp({ thinksMs: 300 });
    const answer = await during(stage, () => deleteSecret(stage.surroundings, "LOGIN", undefined));
    expect(shown(answer)).toBe("changed");
    await expect(readRecord(stage.surroundings, "LOGIN")).rejects.toThrow("there is no LOGIN");
  });

  test("the master key is replaced: that waits for it, and the login goes on with the new key", async () => {
    for (const isDeep of [false, true]) {
      const stage = await setUp({ thinksMs: 300 });
      const next = { provider: "file", path: undefined, kek: undefined } as const;
      expect((await during(stage, () => rotateMaster(stage.surroundings, next, isDeep))).kind).toBe("value");
      expect((await (await stage.open()).ask()).kind).toBe("value");
      expect(stage.server.errors()).toEqual([]);
    }
  });
});

describe("a vault that cannot be written", () => {
  test("before the server is asked: it is not asked", async () => {
    const { open, server, surroundings } = await setUp();
    mkdirSync(surroundings.paths.loginsFolder, { mode: 0o755 });
    chmodSync(surroundings.paths.loginsFolder, 0o755);
    await expect((await open()).ask()).rejects.toMatchObject({ code: "unsafe-file" });
    expect(server.asked()).toBe(0);
  });

  test("after the server was asked: nothing is given out, and the new token is written by the next attempt", async () => {
    const { open, server, surroundings } = await setUp({ thinksMs: 300 });
    const agent = await open();
    const { answer } = await startAsking(server, agent);
    const head = join(surroundings.paths.auditFolder, "head.json");
    const kept = readFileSync(head);
    rmSync(head);
    mkdirSync(head);
    expect(shown(await answer)).toBe("unwritten");
    rmSync(head, { recursive: true });
    writeFileSync(head, kept, { mode: 0o600 });
    await sleep(1100);
    expect((await agent.ask()).kind).toBe("value");
    expect((await (await open()).ask()).kind).toBe("value");
    expect(server.errors()).toEqual([]);
  });
});

test("a login that was ended says so; one whose answer never came is lost, and says that, each time", async () => {
  const { open, server, surroundings, logInAgain } = await setUp();
  const token = await logInAgain();
  // Somebody else uses it.
  const use = (): Promise<unknown> => askTokenEndpoint({ tokenEndpoint: server.tokenEndpoint, issuer: null, clientId: server.source.clientId, proof: { kind: "none" }, grantType: "refresh_token", parameters: [{ name: "refresh_token", value: token }], roots: server.certificate, nowMs: 0, signal: new AbortController().signal });
  await use();
  expect(shown(await (await open()).ask())).toBe("over");
  expect(readdirSync(surroundings.paths.loginsFolder)).toEqual([]);
  // The next one is cut off once it was asked.
  await logInAgain();
  const cutOff = await openRefresher(surroundings, "LOGIN");
  const { answer } = await startAsking(server, cutOff);
  cutOff.lock();
  expect(shown(await answer)).toBe("stopped");
  await sleep(200);
  for (let time = 0; time < 2; time += 1) expect(shown(await (await open()).ask())).toBe("lost");
  await logInAgain();
  expect((await (await open()).ask()).kind).toBe("value");
});
