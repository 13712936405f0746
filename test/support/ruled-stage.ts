// An attack stage whose one secret has rules, and the sure sign of a refusal: no byte of the request has arrived upstream.
import { expect } from "vitest";
import { layered, makeLayer } from "../../src/proxy/grants/grant-rules.ts";
import type { Rules } from "../../src/vault/rules.ts";
import { NO_RULES, parseRules } from "../../src/vault/rules.ts";
import type { AttackStage, StageOptions } from "./attack-stage.ts";
import { attempt, openStage } from "./attack-stage.ts";

/** @param rules what differs from none. */
export function openRuledStage(rules: Partial<Rules>, options: StageOptions = {}): Promise<AttackStage> {
  const parsed = Object.keys(rules).length === 0 ? undefined : parseRules({ ...NO_RULES, ...rules }, "API_KEY");
  return openStage({ ...options, grant: { rules: layered(parsed === undefined ? undefined : makeLayer(parsed)), ...options.grant } });
}

/** A request with the placeholder in its header. @param line such as `DELETE /x`. */
export function requestOf({ host, grant }: AttackStage, line: string, headers: readonly string[] = [], body?: string): string {
  const length = body === undefined || headers.some((header) => /^(?:content-length|transfer-encoding):/i.test(header)) ? [] : [`Content-Length: ${Buffer.byteLength(body, "latin1")}`];
  return [`${line} HTTP/1.1`, `Host: ${host}`, `X-Api-Key: ${grant.placeholder}`, ...headers, ...length, "", body ?? ""].join("\r\n");
}

/** @returns what the program was told. */
export async function expectRuledOut(stage: AttackStage, request: string, code: "rule" | "asks" | "bad-request" | "method" | "upgrade" | "misdirected" = "rule"): Promise<string> {
  const { reply, sent } = await attempt(stage, request);
  expect([reply.headers["x-vault-refusal"], sent]).toEqual([code, ""]);
  expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code });
  return reply.body;
}

export async function expectThrough(stage: AttackStage, request: string): Promise<string> {
  const { reply, sent } = await attempt(stage, request);
  expect(reply.status, reply.body).toBe(200);
  return sent;
}
