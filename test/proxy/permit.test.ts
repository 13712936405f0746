// The last word before a request goes out: what was true when it was judged may not be true any more when its connection is there.
import { beforeEach, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { attempt, openOwnStage } from "../support/attack-stage.ts";
import { openSecure } from "../support/proxy-child.ts";
import { VALUE } from "../support/proxy-run.ts";

let stage: AttackStage;
let isRevoked = false;
let isAuditBroken = false;
/** What happens while a name is looked up for a new connection. */
let meanwhile: () => void = () => undefined;

beforeEach(async () => {
  [isRevoked, isAuditBroken] = [false, false];
  // A stage of each test's own: a connection that is there already would be used again.
  stage = await openOwnStage({
    isRevoked: () => isRevoked,
    flush: () => {
      if (isAuditBroken) throw new Error("disk full");
    },
    resolve: () => {
      meanwhile();
      return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    },
  });
});

const request = (...lines: readonly string[]): string => ["GET / HTTP/1.1", `Host: ${stage.host}`, "Connection: close", ...lines, "", ""].join("\r\n");
const withKey = (): string => request(`X-Api-Key: ${stage.grant.placeholder}`);

it("is no where the vault is locked while the connection is being made, and no byte leaves", async () => {
  meanwhile = () => (isRevoked = true);
  const { reply, sent } = await attempt(stage, withKey());
  expect([reply.status, reply.headers["x-vault-refusal"], sent]).toEqual([403, "locked", ""]);
});

it("is no where it is locked meanwhile, for a request whose body is all there, too", async () => {
  meanwhile = () => (isRevoked = true);
  const { reply, sent } = await attempt(stage, ["POST / HTTP/1.1", `Host: ${stage.host}`, "Connection: close", `X-Api-Key: ${stage.grant.placeholder}`, "Content-Length: 4", "", "body"].join("\r\n"));
  expect([reply.status, reply.headers["x-vault-refusal"], sent]).toEqual([403, "locked", ""]);
});

it("is no where the entry cannot be written by then", async () => {
  meanwhile = () => (isAuditBroken = true);
  const { reply, sent } = await attempt(stage, withKey());
  expect([reply.status, reply.headers["x-vault-refusal"], sent]).toEqual([503, "audit", ""]);
});

it("is yes for a request without a secret, though the vault is locked and the log is broken", async () => {
  meanwhile = () => ([isRevoked, isAuditBroken] = [true, true]);
  expect((await attempt(stage, request())).reply.status).toBe(200);
});

it("is yes where nothing has changed, and was asked for behind the audit entry", async () => {
  meanwhile = () => undefined;
  const before = stage.run.events.length;
  const { reply, sent } = await attempt(stage, withKey());
  expect(reply.status).toBe(200);
  expect(sent).toContain(VALUE);
  expect(stage.run.events.slice(before)).toMatchObject([{ kind: "substituted", secrets: ["API_KEY"] }]);
});

it.each<[string, () => Promise<readonly { address: string; family: number }[]>, string]>([
  ["the host cannot be reached", () => Promise.resolve([{ address: "127.0.0.2", family: 4 }]), "upstream-unreachable"],
  ["its name has no address", () => Promise.resolve([]), "upstream-unreachable"],
  ["its address is a metadata service's", () => Promise.resolve([{ address: "169.254.169.254", family: 4 }]), "metadata-address"],
])("is never asked for where %s, and the log takes back what it was told", async (_why, resolve, code) => {
  const own = await openOwnStage({ resolve });
  const { reply, sent } = await attempt(own, ["GET / HTTP/1.1", `Host: ${own.host}`, `X-Api-Key: ${own.grant.placeholder}`, "", ""].join("\r\n"));
  expect([reply.headers["x-vault-refusal"], sent]).toEqual([code, ""]);
  expect(own.run.events).toMatchObject([{ kind: "substituted", secrets: ["API_KEY"] }, { kind: "unsent", secrets: ["API_KEY"] }, { kind: "refused", code }]);
});

it("is no for a child that hung up while the connection was being made, and the log takes back what it was told", async () => {
  let goOn = (): void => undefined;
  const waits = new Promise<void>((resolve) => (goOn = resolve));
  const own = await openOwnStage({ resolve: () => waits.then(() => [{ address: "127.0.0.1", family: 4 }]) });
  const secure = await openSecure(own.run.proxy, own.host);
  secure.write(["GET / HTTP/1.1", `Host: ${own.host}`, `X-Api-Key: ${own.grant.placeholder}`, "", ""].join("\r\n"));
  await expect.poll(() => own.run.events.length).toBe(1);
  secure.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  goOn();
  await expect.poll(() => own.run.events).toMatchObject([{ kind: "substituted" }, { kind: "unsent", secrets: ["API_KEY"] }]);
  expect(own.server.received()).toBe("");
});
