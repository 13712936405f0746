import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeReply, parseReply, refusalCodeOf, refusalError } from "../../src/agent/messages/reply.ts";
import type { Reply } from "../../src/agent/messages/reply.ts";
import type { Request } from "../../src/agent/messages/request.ts";
import { encodeRequest, parseRequest } from "../../src/agent/messages/request.ts";
import { FAILURES } from "../../src/agent/sources/source-maker.ts";
import { encodeStart, encodeStartReply, parseStart, parseStartReply, startFailure } from "../../src/agent/start.ts";
import type { Frame } from "../../src/agent/wire/frame.ts";
import { encodeBase64 } from "../../src/bytes.ts";
import { VaultError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { asDek } from "../../src/vault/key-bytes.ts";
import { parseRecord } from "../../src/vault/record.ts";
import { drawKek, grantFor } from "../support/agent-process.ts";

const sized = (bytes: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: bytes, maxLength: bytes });
const aad = fc.uint8Array({ maxLength: 40 });
const wrapped = fc.record({ nonce: sized(24), ciphertext: sized(48) });
const dek = sized(32).map(asDek);
const identity = fc.record({ vaultId: sized(16), keyId: sized(16), commitment: sized(32) });
const limit = fc.integer({ min: 1, max: 86_400_000 });
const grant = fc.record({ identity, ttlMs: limit, idleMs: limit, isForRuns: fc.boolean() }).map((parts) => ({ ...parts.identity, ttlMs: parts.ttlMs, idleMs: parts.idleMs, isForRuns: parts.isForRuns, kek: drawKek() }));

const heads = fc.array(fc.record({ part: fc.constantFrom("log", "00112233aabbccdd"), sequence: fc.nat(), hash: sized(32).map((bytes) => Buffer.from(bytes).toString("base64")) }));

const box = { nonce: encodeBase64(new Uint8Array(24)), ciphertext: encodeBase64(new Uint8Array(48)) };
const record = parseRecord({
  ...{ id: encodeBase64(new Uint8Array(16)), name: "TOKEN", scope: { kind: "global" }, groups: [], service: null, hosts: ["api.example.com:443"], places: ["header"], allowPrivate: false, scrub: true, placeholder: null },
  ...{ source: { kind: "command", ttl: null, failureTtl: 10, timeout: 30 }, rules: null, version: 1, createdAt: "2026-01-31T09:30:00.000Z", updatedAt: "2026-01-31T09:30:00.000Z", dek: box, value: { nonce: box.nonce, commitment: encodeBase64(new Uint8Array(32)), ciphertext: box.ciphertext } },
});

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const hex = (bytes: number): fc.Arbitrary<string> => sized(bytes).map((each) => Buffer.from(each).toString("hex"));
const body = fc.oneof(fc.constant({ kind: "none" as const }), fc.record({ kind: fc.constant("held" as const), bytes: aad }), fc.record({ kind: fc.constant("unread" as const), length: fc.option(fc.nat(), { nil: null }), isHashed: fc.boolean() }));
const held = fc.record({ kind: fc.constantFrom("request" as const, "wish" as const), run: hex(8), programs: fc.array(text, { maxLength: 16 }), secrets: fc.array(text), secretIds: fc.array(text), rules: fc.array(text), method: text, host: text, path: text, body, digest: hex(32) });
const heldId = fc.stringMatching(/^[a-z0-9]{5}$/);
const extent = fc.oneof(fc.constantFrom({ kind: "once" as const }, { kind: "run" as const }, { kind: "rule" as const }), fc.record({ kind: fc.constant("time" as const), ms: limit }));
const answer = fc.oneof(fc.record({ kind: fc.constant("allow" as const), extent }), fc.record({ kind: fc.constant("deny" as const), reason: text }));
const door = fc.constantFrom("command" as const, "page" as const, "here" as const);

const decision = fc.oneof(fc.record({ kind: fc.constant("allowed" as const), by: fc.constantFrom("standing" as const, "command" as const), extent: fc.constantFrom("once" as const, "run" as const, "rule" as const, "time" as const) }), fc.record({ kind: fc.constant("denied" as const), by: door, reason: text }), fc.constantFrom({ kind: "unanswered" as const }, { kind: "crowded" as const }, { kind: "ended" as const }));

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc.constantFrom<Request>({ op: "status" }, { op: "lock" }),
  fc.record({ op: fc.constant("unlock" as const), grant }),
  fc.record({ op: fc.constant("unwrap" as const), items: fc.array(fc.record({ wrapped, aad })) }),
  fc.record({ op: fc.constant("wrap" as const), items: fc.array(fc.record({ dek, aad })) }),
  fc.record({ op: fc.constant("authenticate" as const), bodyHash: sized(32) }),
  fc.record({ op: fc.constant("remember" as const), heads }),
  fc.record({ op: fc.constant("value" as const), record: fc.constant(record), refused: fc.option(sized(32).map(encodeBase64), { nil: undefined }) }),
  fc.record({ op: fc.constant("hold" as const), request: held }),
  fc.record({ op: fc.constant("take" as const), uses: fc.array(fc.record({ key: hex(32), perMinute: limit, burst: limit })) }),
  fc.constantFrom<Request>({ op: "waiting" }, { op: "decisions" }),
  fc.record({ op: fc.constantFrom("look" as const, "withdraw" as const), id: heldId }),
  fc.record({ op: fc.constant("settle" as const), id: heldId, digest: hex(32), answer, by: door }),
  fc.record({ op: fc.constant("recall" as const), parts: fc.array(fc.constantFrom("log", "0")) }),
);

const replies: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: fc.constant("status" as const), status: fc.record({ pid: limit, idleMs: limit, ttlLeftMs: limit, idleLeftMs: limit, isForRuns: fc.boolean() }) }),
  fc.record({ kind: fc.constant("unlocked" as const), identity }),
  fc.record({ kind: fc.constant("unwrapped" as const), deks: fc.array(dek) }),
  fc.record({ kind: fc.constant("wrapped" as const), items: fc.array(wrapped) }),
  fc.record({ kind: fc.constant("mac" as const), mac: sized(32) }),
  fc.record({ kind: fc.constant("value" as const), value: fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => new Secret(bytes)), freshMs: limit, goodMs: limit, isNew: fc.boolean() }),
  fc.record({ kind: fc.constant("no-value" as const), failure: fc.record({ reason: fc.constantFrom(...FAILURES), said: fc.string(), status: fc.nat() }), retryMs: limit, isNew: fc.boolean() }),
  fc.record({ kind: fc.constant("held" as const), id: heldId }),
  fc.record({ kind: fc.constant("decided" as const), decision }),
  fc.record({ kind: fc.constant("decisions" as const), decided: fc.array(fc.record({ id: heldId, decision }), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant("rated" as const), waitMs: limit }),
  fc.record({ kind: fc.constant("waiting" as const), waiting: fc.array(fc.record({ id: heldId, request: held, isBodyKept: fc.boolean(), waitedMs: limit, leftMs: limit }), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant("settled" as const), isSettled: fc.boolean() }),
  fc.constantFrom<Reply>({ kind: "locked" }, { kind: "remembered" }),
  fc.record({ kind: fc.constant("recalled" as const), heads }),
  fc.record({ kind: fc.constant("refused" as const), code: fc.constantFrom("bad-wrap" as const, "wrong-key" as const, "bad-key-slot" as const, "locked" as const, "inside-run" as const, "io" as const) }),
);

/** As the other side has it: through JSON. */
function carried({ body, keys }: Frame): Frame {
  return { body: JSON.parse(JSON.stringify(body)) as unknown, keys };
}

/** One thing about the body changed at a time. */
function* spoiltBodies(body: unknown): Generator {
  if (typeof body !== "object" || body === null) return;
  if (Array.isArray(body)) {
    for (const [index, item] of body.entries()) for (const spoilt of spoiltBodies(item)) yield body.with(index, spoilt);
    return;
  }
  yield { ...body, more: 1 };
  for (const [name, value] of Object.entries(body)) {
    yield Object.fromEntries(Object.entries(body).filter(([other]) => other !== name));
    for (const wrong of [null, {}, -1, 1.5, "=", `${String(value)} `, [1]]) if (wrong !== value) yield { ...body, [name]: wrong };
    for (const spoilt of spoiltBodies(value)) yield { ...body, [name]: spoilt };
  }
}

function expectOnlyVaultErrors(frame: Frame, parse: (frame: Frame) => unknown): void {
  for (const body of spoiltBodies(frame.body)) expect(() => parse({ ...frame, body }), JSON.stringify(body)).toThrow(VaultError);
  expect(() => parse({ ...frame, keys: new Uint8Array(frame.keys.length + 32) })).toThrow(VaultError);
  if (frame.keys.length > 0) expect(() => parse({ ...frame, keys: frame.keys.slice(32) })).toThrow(VaultError);
}

describe("requests", () => {
  it("are read as they were meant", () => {
    fc.assert(fc.property(requests, (request) => { expect(parseRequest(carried(encodeRequest(request)))).toEqual(request); }));
  });

  it("carry the rules of a record", () => {
    const ruled = { ...record, rules: { allow: ["GET /a"], deny: [], ask: [], rate: null, uses: 1, until: null, maxBodyBytes: null, graphql: null } };
    const request: Request = { op: "value", record: ruled, refused: undefined };
    expect(parseRequest(carried(encodeRequest(request)))).toEqual(request);
  });

  it("may speak of a record as long as 1 MiB, and of none that is longer", () => {
    const [item] = [{ wrapped: { nonce: new Uint8Array(24), ciphertext: new Uint8Array(48) } }];
    const parse = (bytes: number): Request => parseRequest(carried(encodeRequest({ op: "unwrap", items: [{ ...item, aad: new Uint8Array(bytes) }] })));
    expect(parse(1_048_576)).toMatchObject({ op: "unwrap" });
    expect(() => parse(1_048_577)).toThrow(VaultError);
  });

  it("are refused when anything about them is wrong", () => {
    fc.assert(fc.property(requests, (request) => { expectOnlyVaultErrors(carried(encodeRequest(request)), parseRequest); }), { numRuns: 40 });
  });

  it("never show a key in what becomes a string", () => {
    const kek = drawKek();
    const { body } = encodeRequest({ op: "unlock", grant: grantFor(kek, new Uint8Array(16)) });
    expect(JSON.stringify(body)).not.toContain(Buffer.from(kek).toString("base64").slice(0, 20));
  });
});

describe("replies", () => {
  it("are read as they were meant", () => {
    fc.assert(fc.property(replies, (reply) => { expect(parseReply(carried(encodeReply(reply)))).toEqual(reply); }));
  });

  it("may come from the first process there is, and from the last", () => {
    for (const pid of [1, 2 ** 32]) {
      const reply: Reply = { kind: "status", status: { pid, idleMs: 1, ttlLeftMs: 1, idleLeftMs: 1, isForRuns: false } };
      expect(parseReply(carried(encodeReply(reply)))).toEqual(reply);
    }
  });

  it("are refused when anything about them is wrong", () => {
    fc.assert(fc.property(replies, (reply) => { expectOnlyVaultErrors(carried(encodeReply(reply)), parseReply); }), { numRuns: 40 });
  });

  it("tell the code of an error and nothing else", () => {
    expect(refusalCodeOf(new VaultError("bad-wrap", "with something secret"))).toBe("bad-wrap");
    expect(refusalCodeOf(new VaultError("usage", "no agent says this"))).toBe("io");
    expect(refusalCodeOf(new Error("ENOMEM"))).toBe("io");
    expect(refusalError("locked")).toMatchObject({ code: "locked", hint: "vault unlock" });
  });
});

describe("the start", () => {
  const order = { paths: { folder: "/a", socket: "/a/s", token: "/a/t", realm: "/vault", state: "/state" }, grant: grantFor(drawKek(), new Uint8Array(16).fill(1)), storeLogin: "a login" };

  it("is read as it was meant, and refused when anything about it is wrong", () => {
    const frame = carried(encodeStart(order));
    expect(parseStart(frame)).toEqual(order);
    const texts = ["folder", "socket", "token", "realm", "state", "store"];
    for (const body of spoiltBodies(frame.body)) {
      const isOtherText = texts.some((name) => typeof (body as Record<string, unknown>)[name] === "string" && (body as Record<string, unknown>)[name] !== (frame.body as Record<string, unknown>)[name]);
      if (!isOtherText) expect(() => parseStart({ ...frame, body }), JSON.stringify(body)).toThrow(VaultError);
    }
  });

  it("fails with the words of a VaultError, and with none of any other error's", () => {
    const failed = startFailure(new VaultError("unsafe-file", "the folder is open", "close it"));
    expect(parseStartReply(carried(encodeStartReply(failed)))).toEqual({ kind: "failed", code: "unsafe-file", message: "the folder is open", hint: "close it" });
    for (const code of ["unsafe-file", "busy", "wrong-key", "bad-key-slot", "io"] as const) expect(startFailure(new VaultError(code, "it is so"))).toMatchObject({ code, message: "it is so" });
    const { body, keys } = carried(encodeStartReply(failed));
    expect(() => parseStartReply({ body: { ...Object(body), code: "other" }, keys })).toThrow(expect.objectContaining({ code: "bad-schema" }));
    expect(startFailure(new Error("with a secret"))).toEqual({ kind: "failed", code: "io", message: "the agent did not start", hint: "" });
  });
});
