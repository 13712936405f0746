// What an attack is played on: a bound host that keeps every byte it got, and the proxy of a run with one secret for that host.
import { expect, onTestFinished } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { RefusalCode } from "../../src/proxy/grants/refusal.ts";
import type { ProxyOptions } from "../../src/proxy/proxy-options.ts";
import type { Reply } from "./proxy-child.ts";
import { ask, collect, openSecure } from "./proxy-child.ts";
import type { TestRun } from "./proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "./proxy-run.ts";
import type { Answer, RawServer } from "./raw-server.ts";
import { openRawServer, plainAnswer } from "./raw-server.ts";
import type { TestCa } from "./test-ca.ts";
import { makeTestCa } from "./test-ca.ts";

export interface AttackStage {
  readonly ca: TestCa;
  readonly server: RawServer;
  readonly run: TestRun;
  readonly grant: Grant;
  /** `api.example.test:<port>`: what the secret is bound to. */
  readonly host: string;
  close(): Promise<void>;
}

export interface Attempt {
  readonly reply: Reply;
  /** The bytes that arrived upstream meanwhile. */
  readonly sent: string;
}

export interface StageOptions extends Partial<ProxyOptions> {
  readonly answer?: Answer;
  readonly grant?: Parameters<typeof makeGrant>[2];
}

/** What a refusal must not teach the program: a command of ours, or a flag. */
export const COMMAND = /\bvault(?:run)? (?:(?:audit|doctor|explain|init|lock|rotate-master|seal|secrets|services|status|unlock|unseal)\b|run -)|(?:^|[\s(])--[a-z]/m;

export const BOUND_NAME = "api.example.test";

export async function openStage({ answer = () => plainAnswer("fine"), grant: grantOptions, ...options }: StageOptions = {}): Promise<AttackStage> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor(BOUND_NAME), answer);
  const host = `${BOUND_NAME}:${server.port}`;
  const grant = makeGrant("API_KEY", [host], grantOptions);
  const run = await openTestRun([grant], { roots: [ca.certificate], ...options });
  return {
    ca,
    server,
    run,
    grant,
    host,
    async close() {
      await run.proxy.close();
      await server.close();
    },
  };
}

/** A stage of a test's own, gone when the test is over. */
export async function openOwnStage(options?: StageOptions): Promise<AttackStage> {
  const stage = await openStage(options);
  onTestFinished(() => stage.close());
  return stage;
}

/** Sends one request, byte for byte, through an intercepted connection. */
export async function attempt({ server, run, host }: AttackStage, request: string): Promise<Attempt> {
  const before = server.received().length;
  const reply = await ask(run.proxy, host, request);
  return { reply, sent: server.received().slice(before) };
}

/** Sends bytes on one connection and reads whatever comes, until the proxy closes it or `until` says that it is enough. */
export async function converse({ server, run, host }: AttackStage, bytes: string, until?: (raw: string) => boolean): Promise<{ readonly raw: string; readonly statuses: readonly number[]; readonly sent: string }> {
  const before = server.received().length;
  const secure = await openSecure(run.proxy, host);
  try {
    const answer = collect(secure);
    secure.write(bytes, "latin1");
    const raw = await answer.read(until);
    return { raw, statuses: [...raw.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)), sent: server.received().slice(before) };
  } finally {
    secure.destroy();
  }
}

/** The request meets this refusal: no byte goes upstream, the audit log has it, and neither answer nor log repeats what was asked. */
export async function expectRefused(stage: AttackStage, request: string, status: number, code: RefusalCode): Promise<Reply> {
  const { reply, sent } = await attempt(stage, request);
  expect([reply.status, reply.headers["x-vault-refusal"], sent]).toEqual([status, code, ""]);
  const event = stage.run.events.at(-1);
  expect(event).toMatchObject({ kind: "refused", code });
  expect(reply.body).not.toMatch(COMMAND);
  for (const told of [reply.raw, JSON.stringify(event)]) {
    for (const kept of [VALUE, stage.grant.placeholder, "MARKER"]) expect(told).not.toContain(kept);
  }
  return reply;
}

/** The request is served, and the value arrives upstream exactly once. */
export async function expectServedWithValue(stage: AttackStage, request: string): Promise<Attempt> {
  const tried = await attempt(stage, request);
  expect(tried.reply.status).toBe(200);
  expect(tried.sent.split(VALUE)).toHaveLength(2);
  expect(tried.sent).not.toContain(stage.grant.placeholder);
  return tried;
}
