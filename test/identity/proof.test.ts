// Proofs as an attacker makes them, with jose for the tools of the trade.
import { generateKeyPairSync } from "node:crypto";
import { SignJWT, importJWK, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { parseDidKey } from "../../src/identity/did-key.ts";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import type { ProvenRequest } from "../../src/identity/proof.ts";
import { judgeProof, makeProof } from "../../src/identity/proof.ts";

const NOW = Date.parse("2026-01-31T09:30:00Z");
const request: ProvenRequest = { audience: "https://broker.example:7998", method: "POST", target: "/v1/sessions?x=1", body: Buffer.from("{}"), nonce: "0123abcd" };
const own = parseIdentityKey(drawIdentityKey(), "a test");
const header = makeProof(own, request, NOW);
const [head = "", claims = "", signature = ""] = header.slice("Proof ".length).split(".");

const decode = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
const encode = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
/** Signed by whoever owns the key, who may sign what he likes. */
const signed = (headText: string, claimsText: string, key = own): string => `Proof ${headText}.${claimsText}.${Buffer.from(key.sign(Buffer.from(`${headText}.${claimsText}`))).toString("base64url")}`;
const judge = (text: string, wanted: Partial<ProvenRequest> = {}, now = NOW): string => {
  const verdict = judgeProof(text, { ...request, ...wanted }, now);
  return verdict.kind === "proven" ? "proven" : verdict.why;
};

test("a proof is good for its request, and says whose it is", () => {
  expect(judgeProof(header, request, NOW)).toMatchObject({ kind: "proven", proof: { did: own.did, issued: NOW / 1000, expires: NOW / 1000 + 60 } });
});

test("it is a JWT as others read it", async () => {
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: Buffer.from(parseDidKey(own.did)?.publicKey ?? []).toString("base64url") }, "EdDSA");
  const { payload, protectedHeader } = await jwtVerify(header.slice("Proof ".length), key, { currentDate: new Date(NOW), audience: request.audience, typ: "vault-proof+jwt" });
  expect(protectedHeader.kid).toBe(own.did);
  expect(payload["htm"]).toBe("POST");
});

test("no two are the same", () => {
  expect(new Set(Array.from({ length: 100 }, () => makeProof(own, request, NOW))).size).toBe(100);
});

describe("for another request it is worth nothing", () => {
  test.each<[string, Partial<ProvenRequest>]>([
    ["another method", { method: "DELETE" }],
    ["another path", { target: "/v1/sessions/1" }],
    ["another query", { target: "/v1/sessions?x=2" }],
    ["another body", { body: Buffer.from("{ }") }],
    ["no body", { body: Buffer.alloc(0) }],
    ["the same broker, which has started anew", { nonce: "0123abce" }],
    ["a broker that asks for no nonce", { nonce: "" }],
    ["another broker", { audience: "https://broker.example" }],
    ["the same without TLS", { audience: "http://broker.example:7998" }],
  ])("%s", (_what, wanted) => {
    expect(judge(header, wanted)).toBe("other");
  });
});

describe("at another time it is worth nothing", () => {
  test.each([[-31, "time"], [-30, "proven"], [0, "proven"], [89, "proven"], [90, "time"], [3600, "time"]])("%i seconds later: %s", (seconds, expected) => {
    expect(judge(header, {}, NOW + seconds * 1000)).toBe(expected);
  });

  test.each([
    ["a minute and a second", { exp: NOW / 1000 + 61 }],
    ["a day", { exp: NOW / 1000 + 86_400 }],
    ["nothing", { exp: NOW / 1000 }],
    ["less than nothing", { exp: NOW / 1000 - 1 }],
  ])("one that is to be good for %s", (_what, changed) => {
    expect(judge(signed(head, encode({ ...decode(claims), ...changed })))).toBe("time");
  });
});

describe("what its owner did not sign", () => {
  const other = parseIdentityKey(drawIdentityKey(), "a test");
  const reSigned = (changes: object, key = own): string => signed(head, encode({ ...decode(claims), ...changes }), key);
  test.each([
    ["another key's signature", signed(head, claims, other)],
    ["a changed claim", `Proof ${head}.${encode({ ...decode(claims), exp: NOW / 1000 + 59 })}.${signature}`],
    ["no signature", `Proof ${head}.${claims}.`],
    ["a signature of zeros", `Proof ${head}.${claims}.${Buffer.alloc(64).toString("base64url")}`],
    ["a byte more of it", `Proof ${head}.${claims}.${signature}AA`],
    ["unused bits set in it", `Proof ${head}.${claims}.${signature.slice(0, -1)}${signature.endsWith("A") ? "B" : signature.endsWith("Q") ? "R" : signature.endsWith("g") ? "h" : "x"}`],
    ["S beyond the group's order", `Proof ${head}.${claims}.${(() => { const bytes = Buffer.from(signature, "base64url"); bytes.fill(0xff, 32); return bytes.toString("base64url"); })()}`],
    ["somebody else's name over its own signature", signed(encode({ alg: "EdDSA", typ: "vault-proof+jwt", kid: other.did }), claims)],
    ["its owner's name over somebody else's", reSigned({}, other)],
  ])("%s", (_what, text) => {
    expect(judge(text)).toBe("bad");
  });
});

describe("other algorithms, headers and claims", () => {
  const { did } = own;
  const withHead = (value: unknown): string => signed(encode(value), claims);
  test.each([
    ["alg none", withHead({ alg: "none", typ: "vault-proof+jwt", kid: did })],
    ["alg none, unsigned", `Proof ${encode({ alg: "none", typ: "vault-proof+jwt", kid: did })}.${claims}.`],
    ["alg None", withHead({ alg: "None", typ: "vault-proof+jwt", kid: did })],
    ["alg Ed25519, of RFC 9864", withHead({ alg: "Ed25519", typ: "vault-proof+jwt", kid: did })],
    ["alg HS256", withHead({ alg: "HS256", typ: "vault-proof+jwt", kid: did })],
    ["a plain JWT", withHead({ alg: "EdDSA", typ: "JWT", kid: did })],
    ["no typ", withHead({ alg: "EdDSA", kid: did })],
    ["a key of its own", withHead({ alg: "EdDSA", typ: "vault-proof+jwt", kid: did, jwk: { kty: "OKP", crv: "Ed25519", x: "AA" } })],
    ["a URL of keys", withHead({ alg: "EdDSA", typ: "vault-proof+jwt", kid: did, jku: "https://evil.example/keys" })],
    ["crit", withHead({ alg: "EdDSA", typ: "vault-proof+jwt", kid: did, crit: ["b64"], b64: false })],
    ["kid twice", signed(encode(`{"alg":"EdDSA","typ":"vault-proof+jwt","kid":"x","kid":"${did}"}`), claims)],
    ["another order", withHead({ typ: "vault-proof+jwt", alg: "EdDSA", kid: did })],
    ["spaces", signed(encode(`{ "alg":"EdDSA","typ":"vault-proof+jwt","kid":"${did}"}`), claims)],
    ["kid as a list", withHead({ alg: "EdDSA", typ: "vault-proof+jwt", kid: [did] })],
    ["null", withHead(null)],
    ["padding", `Proof ${head}=.${claims}.${signature}`],
    ["base64 of the other alphabet", `Proof ${head}.${claims}.${signature.replace(/[-_]|$/, "+")}`],
    ["five parts", `${header}.x.y`],
    ["JSON form", `Proof ${JSON.stringify({ protected: head, payload: claims, signature })}`],
    ["Bearer", header.replace("Proof", "Bearer")],
    ["another case", header.replace("Proof", "proof")],
    ["two spaces", header.replace(" ", "  ")],
    ["two proofs", `${header}, ${header}`],
    ["a line behind it", `${header}\n`],
    ["nothing", ""],
    ["eight thousand characters", `Proof ${"A".repeat(8000)}.${claims}.${signature}`],
  ])("%s", (_what, text) => {
    expect(judge(text)).toBe("bad");
  });

  test.each<[string, (was: Record<string, unknown>) => unknown]>([
    ["one claim more", (was) => ({ ...was, nbf: 1 })],
    ["aud as a list", (was) => ({ ...was, aud: [was["aud"]] })],
    ["another order of them", ({ aud, ...rest }) => ({ ...rest, aud })],
    ["a claim twice", (was) => JSON.stringify(was).replace("{", '{"htm":"GET",')],
    ["an escape", (was) => JSON.stringify(was).replace("POST", "\\u0050OST")],
  ])("%s is for no request", (_what, change) => {
    expect(judge(signed(head, encode(change(decode(claims)))))).toBe("other");
  });

  test.each<[string, Record<string, unknown>]>([
    ["a time in text", { iat: "1" }],
    ["a time with a fraction", { iat: NOW / 1000 + 0.5 }],
    ["no time", { iat: undefined }],
    ["no end", { exp: undefined }],
    ["a time beyond all", { exp: 1e300 }],
    ["no id", { jti: undefined }],
    ["a short id", { jti: "AAAA" }],
    ["an id with unused bits set", { jti: `${"A".repeat(21)}B` }],
  ])("%s", (_what, changed) => {
    expect(judge(signed(head, encode({ ...decode(claims), ...changed })))).toBe("bad");
  });
});

test("the key of another curve signs no proof", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const text = await new SignJWT(decode(claims)).setProtectedHeader({ alg: "ES256", typ: "vault-proof+jwt", kid: own.did }).sign(privateKey);
  expect(judge(`Proof ${text}`)).toBe("bad");
});

test("an HMAC with the public key as its secret signs no proof", async () => {
  const secret = parseDidKey(own.did)?.publicKey ?? new Uint8Array();
  const text = await new SignJWT(decode(claims)).setProtectedHeader({ alg: "HS256", typ: "vault-proof+jwt", kid: own.did }).sign(secret);
  expect(judge(`Proof ${text}`)).toBe("bad");
});
