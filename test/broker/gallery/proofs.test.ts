// What is made of proofs: shown again, dated anew, aimed elsewhere, signed by nobody, by another or with another thing. Each is tried at a broker that admits the honest one.
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { formatDidKey, parseDidKey } from "../../../src/identity/did-key.ts";
import { makeProof } from "../../../src/identity/proof.ts";
import type { GalleryBroker } from "../../support/gallery-broker.ts";
import { drawKey, exchange, openGalleryBroker, orderText, readReply, requestOf } from "../../support/gallery-broker.ts";
import { connect } from "../../support/raw-sockets.ts";

let stage: GalleryBroker;
beforeAll(async () => { stage = await openGalleryBroker(); });
afterAll(async () => { await stage.close(); });

const TARGET = "/v1/sessions";
/** For a claim, which anybody may make: what refuses it is the proof, and nothing else. */
const CLAIMS = "/v1/claims";
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
/** The three parts of an honest proof for a claim. */
function parts(key = stage.anna): { head: Record<string, unknown>; claims: Record<string, unknown>; proof: string; signature: string } {
  const proof = stage.prove(key, "POST", CLAIMS, "anna");
  const [head = "", claims = "", signature = ""] = proof.slice("Proof ".length).split(".");
  return { head: decode(head), claims: decode(claims), proof, signature };
}
const statusOf = async (authorization: string): Promise<number> => (await stage.ask(stage.anna, "POST", CLAIMS, { body: "anna", authorization })).status;
const signedBy = (head: unknown, claims: unknown, signer: (text: Buffer) => Uint8Array): string => {
  const text = `${encode(head)}.${encode(claims)}`;
  return `Proof ${text}.${Buffer.from(signer(Buffer.from(text))).toString("base64url")}`;
};

it("honestly, a proof is taken", async () => {
  expect(await statusOf(parts().proof)).toBe(202);
});

it("a proof that is shown again on the same connection is good once", async () => {
  const authorization = stage.prove(stage.anna, "POST", CLAIMS, "anna");
  const one = requestOf("POST", CLAIMS, [`Authorization: ${authorization}`, "Connection: keep-alive"], "anna");
  const last = requestOf("POST", CLAIMS, [`Authorization: ${authorization}`], "anna");
  const { text } = await stage.send(`${one}${last}`);
  expect([...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(["202", "401"]);
});

it("a proof that is shown again on another connection is refused", async () => {
  const { proof } = parts();
  expect([await statusOf(proof), await statusOf(proof), await statusOf(proof)]).toEqual([202, 401, 401]);
});

it("of sixteen who show one proof at once, exactly one is let in", async () => {
  const authorization = stage.prove(stage.anna, "POST", TARGET, orderText());
  const replies = await Promise.all(Array.from({ length: 16 }, () => stage.ask(stage.anna, "POST", TARGET, { body: orderText(), authorization })));
  expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 15 }, () => 401)]);
});

it("a proof for a connection of a session opens one connection, and not a second", async () => {
  const { session } = await stage.open(stage.anna);
  const target = `${TARGET}/${session}/events`;
  const request = requestOf("GET", target, [`Authorization: ${stage.prove(stage.anna, "GET", target)}`, "Connection: Upgrade", "Upgrade: vault-events"]);
  const socket = connect(stage.port, "127.0.0.1");
  const first = await new Promise<string>((resolve) => { socket.once("data", (chunk: Buffer) => { resolve(chunk.toString()); }).write(request); });
  expect(readReply(first).status).toBe(101);
  expect((await stage.send(request)).status).toBe(401);
  socket.destroy();
});

it("a proof that a broker took before it was started anew is refused after", async () => {
  const { proof } = parts();
  const unused = parts().proof;
  expect(await statusOf(proof)).toBe(202);
  await stage.restart();
  expect([await statusOf(proof), await statusOf(unused)]).toEqual([401, 401]);
  expect(await statusOf(parts().proof)).toBe(202);
});

it("a proof that was dated anew without the key is refused", async () => {
  const { head, claims, signature } = parts();
  for (const change of [{ iat: Number(claims["iat"]) + 1, exp: Number(claims["exp"]) + 1 }, { exp: Number(claims["exp"]) + 1 }, { jti: "AAAAAAAAAAAAAAAAAAAAAA" }])
    expect(await statusOf(`Proof ${encode(head)}.${encode({ ...claims, ...change })}.${signature}`), JSON.stringify(change)).toBe(401);
});

it("a proof of another time is refused, whoever signs it: of an hour ago, of an hour ahead, and good for a day", async () => {
  const now = Math.floor(Date.now() / 1000);
  const { head, claims } = parts();
  for (const times of [{ iat: now - 3600, exp: now - 3540 }, { iat: now + 3600, exp: now + 3660 }, { iat: now, exp: now + 86_400 }, { iat: now, exp: now }, { iat: String(now), exp: String(now + 60) }])
    expect(await statusOf(signedBy(head, { ...claims, ...times }, (text) => stage.anna.sign(text))), JSON.stringify(times)).toBe(401);
});

it.each<[string, { method?: string; target?: string; body?: string; audience?: string; nonce?: string }]>([
  ["another method", { method: "DELETE" }],
  ["another path", { target: TARGET }],
  ["a path that means the same", { target: "/v1/./claims" }],
  ["another query", { target: `${CLAIMS}?as=root` }],
  ["another body", { body: "root" }],
  ["no body", { body: "" }],
  ["another broker", { audience: "https://broker.example:7998" }],
  ["the same broker by another name", { audience: "http://localhost:7998" }],
  ["a broker that has said nothing", { nonce: "" }],
])("a proof that was aimed elsewhere is refused: %s", async (_what, { body = "anna", ...change }) => {
  expect(await statusOf(makeProof(stage.anna, { ...stage.proven("POST", CLAIMS, body), ...change }, Date.now()))).toBe(401);
});

it.each(["none", "None", "HS256", "ES256", "RS256", "Ed25519", "eddsa", "EdDSA "])("a header that names another algorithm is refused, whoever signs: %s", async (alg) => {
  const { head, claims } = parts();
  expect(await statusOf(signedBy({ ...head, alg }, claims, (text) => stage.anna.sign(text)))).toBe(401);
});

it("a proof without a signature is refused", async () => {
  const { head, claims } = parts();
  expect(await statusOf(`Proof ${encode({ ...head, alg: "none" })}.${encode(claims)}.`)).toBe(401);
  expect(await statusOf(`Proof ${encode(head)}.${encode(claims)}.`)).toBe(401);
  expect(await statusOf(`Proof ${encode(head)}.${encode(claims)}.${Buffer.alloc(64).toString("base64url")}`)).toBe(401);
});

it("a MAC whose key is the public key is no signature", async () => {
  const { head, claims } = parts();
  const { publicKey = new Uint8Array() } = parseDidKey(stage.anna.did) ?? {};
  for (const alg of ["HS512", "EdDSA"]) expect(await statusOf(signedBy({ ...head, alg }, claims, (text) => createHmac("sha512", publicKey).update(text).digest()))).toBe(401);
});

it("a signature by a key of another curve is refused", async () => {
  const { head, claims } = parts();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (const alg of ["ES256", "EdDSA"]) expect(await statusOf(signedBy({ ...head, alg }, claims, (text) => sign("sha256", text, { key: privateKey, dsaEncoding: "ieee-p1363" })))).toBe(401);
});

it("a key that the proof brings along is not looked at", async () => {
  const { head, claims } = parts();
  const x = Buffer.from(parseDidKey(stage.mallory.did)?.publicKey ?? []).toString("base64url");
  for (const more of [{ jwk: { kty: "OKP", crv: "Ed25519", x } }, { x5c: [x] }, { jku: "http://127.0.0.1/keys" }, { crit: ["exp"] }, { b64: false }])
    expect(await statusOf(signedBy({ ...head, ...more }, claims, (text) => stage.mallory.sign(text))), JSON.stringify(more)).toBe(401);
});

it("a proof with somebody else's name on it is refused", async () => {
  const { head, claims } = parts(stage.anna);
  expect(await statusOf(signedBy(head, claims, (text) => stage.mallory.sign(text)))).toBe(401);
  expect(await statusOf(signedBy({ ...head, kid: stage.ben.did }, claims, (text) => stage.anna.sign(text)))).toBe(401);
});

/** Points of order 1, 2, 4 and 8, and what reads as one of them: under those, signatures are made without a key. Little-endian, as in RFC 8032; each has a twin with the sign bit set. */
const SMALL = ["01", "ec7f", "00", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "ed7f", "ee7f"].map((text) => {
  if (text.length === 64) return Buffer.from(text, "hex");
  return text.length === 4 ? Buffer.concat([Buffer.from(text.slice(0, 2), "hex"), Buffer.alloc(30, 0xff), Buffer.from("7f", "hex")]) : Buffer.concat([Buffer.from(text, "hex"), Buffer.alloc(31)]);
});

it("a key for which anybody can sign is nobody's name: points of small order", async () => {
  const points = SMALL.flatMap((point) => [point, Buffer.from(point.map((byte, at) => (at === 31 ? byte | 0x80 : byte)))]);
  let tried = 0;
  for (const publicKey of points) {
    const kid = formatDidKey(publicKey);
    // Each passes for one in eight at least, where nobody looks at the point.
    for (let count = 0; count < 8; count += 1) {
      const { head, claims } = parts(drawKey());
      const replies = await Promise.all([points[0], publicKey].map((r) => statusOf(signedBy({ ...head, kid }, claims, () => Buffer.concat([r ?? publicKey, Buffer.alloc(32)])))));
      expect(replies, publicKey.toString("hex")).toEqual([401, 401]);
      tried += 1;
    }
  }
  expect(tried).toBe(112);
});

it("the second form of a signature, with the group's order added to it, is refused", async () => {
  const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
  const { head, claims, signature } = parts();
  const bytes = Buffer.from(signature, "base64url");
  const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString("hex")}`) + ORDER;
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(scalar.toString(16).padStart(64, "0"), "hex").reverse()]);
  expect(await statusOf(`Proof ${encode(head)}.${encode(claims)}.${other.toString("base64url")}`)).toBe(401);
});

it("two headers with proofs are no proof, whichever is good", async () => {
  const good = (): string => stage.prove(stage.anna, "POST", CLAIMS, "anna");
  for (const [first, second] of [[good(), "Proof a.b.c"], ["Proof a.b.c", good()], [good(), good()], [good(), stage.prove(stage.mallory, "POST", CLAIMS, "anna")]] as const) {
    expect((await stage.send(requestOf("POST", CLAIMS, [`Authorization: ${first}`, `Authorization: ${second}`], "anna"))).status).toBe(401);
  }
});

it("another scheme, another case, spaces and a list are no proof", async () => {
  const bare = (): string => parts().proof.slice("Proof ".length);
  for (const text of [`Bearer ${bare()}`, `proof ${bare()}`, `Proof  ${bare()}`, `Proof ${bare()}, Proof ${bare()}`, `Proof ${bare()}.x`, `Proof ${bare()}=`, bare(), "Proof", ""]) expect(await statusOf(text), text.slice(0, 20)).toBe(401);
  expect((await exchange(stage.port, requestOf("POST", CLAIMS, [], "anna"))).status).toBe(401);
});
