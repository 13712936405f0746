// A token endpoint asked over real TLS, that answers what a test tells it to; and what may be made of each answer.
import { generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Failure } from "../../../src/agent/sources/source-maker.ts";
import { SourceFailure } from "../../../src/agent/sources/source-maker.ts";
import type { ClientProof, Granted } from "../../../src/agent/sources/token-endpoint.ts";
import { askTokenEndpoint, readGranted, requireValue } from "../../../src/agent/sources/token-endpoint.ts";
import type { Answer, RawServer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { failureOf } from "../../support/source-failure.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const NONE: ClientProof = { kind: "none" };
const NOW_MS = 1_700_000_000_000;
const json = (value: unknown, status = "200 OK"): string => plainAnswer(JSON.stringify(value), "Content-Type: application/json").replace("200 OK", status);
const good = json({ access_token: "at-1", token_type: "Bearer", expires_in: 3600, refresh_token: "rt-2" });

interface Stage {
  readonly server: RawServer;
  readonly ask: (more?: { readonly proof?: ClientProof; readonly roots?: string | null; readonly signal?: AbortSignal }) => Promise<Granted>;
}

async function setUp(answer: Answer): Promise<Stage> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor("localhost"), answer);
  onTestFinished(() => server.close());
  return {
    server,
    ask: ({ proof = NONE, roots = ca.certificate, signal = new AbortController().signal } = {}) => askTokenEndpoint({ tokenEndpoint: `https://localhost:${server.port}/token`, issuer: null, clientId: "the client", proof, grantType: "refresh_token", parameters: [{ name: "refresh_token", value: "rt-1" }, { name: "audience", value: "a b" }], roots, nowMs: NOW_MS, signal }),
  };
}

describe("a request", () => {
  test("is a form of the standard, and its answer is read", async () => {
    const { ask, server } = await setUp(() => good);
    expect(await ask()).toEqual({ accessToken: "at-1", tokenType: "Bearer", expiresMs: NOW_MS + 3_600_000, refreshToken: "rt-2", scope: undefined });
    const [head = "", body = ""] = server.received().split("\r\n\r\n");
    expect(head).toMatch(/^POST \/token HTTP\/1\.1\r\n/);
    expect(head).toMatch(/accept: application\/json/i);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ refresh_token: "rt-1", audience: "a b", client_id: "the client", grant_type: "refresh_token" });
  });

  test("shows who the client is by Basic, in the form, or by a JWT that its key has signed", async () => {
    const { ask, server } = await setUp(() => good);
    await ask({ proof: { kind: "basic", secret: "s:1" } });
    expect(server.received()).toContain(`Basic ${Buffer.from("the+client:s%3A1").toString("base64")}`);
    await ask({ proof: { kind: "post", secret: "s:2" } });
    expect(server.received()).toContain("client_secret=s%3A2");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    await ask({ proof: { kind: "private-key-jwt", privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), algorithm: "EdDSA", keyId: "k1" } });
    const [head = "", payload = "", signature = ""] = (/client_assertion=([^&]+)/.exec(server.received())?.[1] ?? "").split(".");
    expect(JSON.parse(Buffer.from(head, "base64url").toString())).toEqual({ alg: "EdDSA", kid: "k1" });
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({ iss: "the client", sub: "the client", aud: `https://localhost:${server.port}/token` });
    expect(verify(null, Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, "base64url"))).toBe(true);
  });

  test("goes to nobody whose certificate is not trusted, whatever the environment says of that", async () => {
    const { ask, server } = await setUp(() => good);
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    onTestFinished(() => { delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]; });
    expect((await failureOf(ask({ roots: null }))).reason).toBe("unreachable");
    expect(server.received()).toBe("");
  });

  test("of a key that is none is not made", async () => {
    const { ask, server } = await setUp(() => good);
    expect((await failureOf(ask({ proof: { kind: "private-key-jwt", privateKey: "no key", algorithm: "ES256", keyId: null } }))).reason).toBe("bad-order");
    expect(server.connections()).toBe(0);
  });
});

describe("an endpoint that", () => {
  test("redirects is not followed", async () => {
    const { ask, server } = await setUp(() => "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    expect(await failureOf(ask())).toMatchObject({ reason: "bad-answer", status: 307 });
    expect(server.connections()).toBe(1);
  });

  test("answers without end is given up", async () => {
    const { ask } = await setUp(() => plainAnswer("x".repeat(65_537)));
    expect((await failureOf(ask())).reason).toBe("too-long");
  });

  test("says nothing is left alone when nobody needs the answer any more", async () => {
    const stop = new AbortController();
    const { ask } = await setUp(() => {
      stop.abort();
      return undefined;
    });
    expect((await failureOf(ask({ signal: stop.signal }))).reason).toBe("stopped");
  });

  test("hangs up, or does not speak HTTP, may have taken what it was asked", async () => {
    const { ask } = await setUp((_request, socket) => {
      socket.destroy();
      return undefined;
    });
    expect((await failureOf(ask())).reason).toBe("cut-off");
    const other = await setUp(() => "no HTTP at all\r\n\r\n");
    expect((await failureOf(other.ask())).reason).toBe("cut-off");
  });

  test("answers with an error of its own, HTML, or nothing", async () => {
    const { ask: fails } = await setUp(() => plainAnswer("<html>").replace("200 OK", "500 Internal Server Error"));
    expect(await failureOf(fails())).toMatchObject({ reason: "bad-answer", status: 500 });
    const { ask: empty } = await setUp(() => "HTTP/1.1 204 No Content\r\n\r\n");
    expect(await failureOf(empty())).toMatchObject({ reason: "bad-answer", status: 204 });
  });
});

describe("an answer", () => {
  const read = (answer: unknown, status = 200): Granted => readGranted(status, typeof answer === "string" ? answer : JSON.stringify(answer), NOW_MS);
  const failing = (act: () => unknown): Failure => {
    try {
      act();
    } catch (error) {
      if (error instanceof SourceFailure) return error.failure;
    }
    throw new Error("it did not fail");
  };

  test("with an error is one, whatever its status; what it says is cut and made printable", () => {
    expect(failing(() => read({ error: "invalid_grant", error_description: "gone\u001b[2J" }, 400))).toEqual({ reason: "over", status: 400, said: "invalid_grant: gone?[2J" });
    expect(failing(() => read({ error: "bad_refresh_token" })).reason).toBe("over");
    expect(failing(() => read({ ok: false, error: "invalid_refresh_token" })).reason).toBe("over");
    expect(failing(() => read({ error: "e".repeat(999), access_token: "x" }))).toEqual({ reason: "denied", status: 200, said: "e".repeat(64) });
    expect(failing(() => read({ error: "temporarily_unavailable" }, 503))).toMatchObject({ reason: "denied", status: 503 });
  });

  test("that is HTML, a list, or in the form of a form is none", () => {
    for (const text of ["<html></html>", "[]", "null", "access_token=x", ""]) expect(failing(() => read(text))).toEqual({ reason: "bad-answer", status: 200, said: "" });
  });

  test("without an end has none; one in text is read; one that makes no sense is as if nothing was said", () => {
    expect(read({ access_token: "a" }).expiresMs).toBeUndefined();
    expect(read({ access_token: "a", expires_in: "60" }).expiresMs).toBe(NOW_MS + 60_000);
    expect(read({ access_token: "a", expires_in: -5 }).expiresMs).toBe(NOW_MS - 5000);
    for (const expires of ["soon", {}, null]) expect(read({ access_token: "a", expires_in: expires }).expiresMs).toBeUndefined();
    expect(read('{"access_token":"a","expires_in":1e300}').expiresMs).toBe(NOW_MS + 2 ** 33 * 1000);
  });

  test("has its new refresh token kept even where its access token is worth nothing", () => {
    for (const answer of [{}, { access_token: "" }, { access_token: 7 }, { access_token: "a", token_type: "DPoP" }]) {
      const granted = read({ ...answer, refresh_token: "rt-2" });
      expect(granted.refreshToken).toBe("rt-2");
      expect(failing(() => requireValue(granted)).reason).toBe("bad-answer");
    }
  });

  test("of the type Bearer in any spelling, of none, or of Slack's is good", () => {
    for (const type of ["Bearer", "bearer", "BEARER", undefined, "bot", "user"]) expect(Buffer.from(requireValue(read({ access_token: "a", token_type: type })).value.reveal()).toString()).toBe("a");
  });

  test("is longer than a value may be", () => {
    expect(failing(() => requireValue(read({ access_token: "a".repeat(65_537) }))).reason).toBe("too-long");
  });
});
