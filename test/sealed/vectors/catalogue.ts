// All vectors of docs/SEALED.md, made by the second opinion from fixed bytes: one case each.
import { createHash } from "node:crypto";
import type { Content, Place } from "../second-opinion.ts";
import { writeFirst, writeSecond } from "../second-opinion.ts";

export interface SealedVector {
  readonly name: string;
  /** `success`, `plain` for what is no sealed value and claims to be none, or the error that a reader must give. */
  readonly expect: string;
  readonly comment: string;
  /** As `loadSealingKey` takes them. */
  readonly keys: string;
  /** The form of the file that it stands in. */
  readonly form: "v1" | "v2";
  readonly place: Place;
  readonly content: Content;
  readonly value: string;
}

/** Bytes that anybody can make again. */
export const bytes = (label: string, length: number): Buffer => createHash("sha512").update(`sealed vector: ${label}`).digest().subarray(0, length);

export const [key, otherKey] = [bytes("key", 32), bytes("other key", 32)];
export const [iv, nonce] = [bytes("iv", 12), bytes("nonce", 24)];
export const base64 = (some: Buffer): string => some.toString("base64");
const place: Place = { fileId: bytes("file id", 16), path: ["database", "password"] };
const content: Content = { kind: 0, text: "correct horse", spelling: "" };

const common = { expect: "success", keys: base64(key), place, content };

function first(name: string, comment: string, rest: Partial<SealedVector> = {}): SealedVector {
  return { ...common, name: `first-${name}`, comment, form: "v1", value: writeFirst(key, iv, (rest.content ?? content).text), ...rest };
}

function second(name: string, comment: string, rest: Partial<SealedVector> = {}): SealedVector {
  return { ...common, name: `second-${name}`, comment, form: "v2", value: writeSecond(key, nonce, rest.place ?? place, rest.content ?? content), ...rest };
}

/** The value with one bit of its payload's byte `at` changed; negative counts from the end. */
function flip(value: string, at: number): string {
  const colon = value.lastIndexOf(":") + 1;
  const payload = Buffer.from(value.slice(colon), "base64url");
  const index = at < 0 ? payload.length + at : at;
  payload.writeUInt8(payload.readUInt8(index) ^ 1, index);
  return value.slice(0, colon) + payload.toString("base64url");
}

const firstValue = writeFirst(key, iv, content.text);
const secondValue = writeSecond(key, nonce, place, content);
const elsewhere = (path: Place["path"], fileId = place.fileId): string => writeSecond(key, nonce, { fileId, path }, content);

export const vectors: readonly SealedVector[] = [
  first("text", "a text, as AuthHero writes it"),
  first("empty", "an empty text", { content: { ...content, text: "" } }),
  first("unicode", "text beyond ASCII, with a byte order mark", { content: { ...content, text: "\uFEFFpässwörd 🔑" } }),
  first("named-key", "a key with a name", { keys: `cp=${base64(key)},${base64(otherKey)}`, value: writeFirst(key, iv, content.text, "cp") }),
  first("padded", "base64url with its padding", { content: { ...content, text: "correct horse battery" }, value: `${writeFirst(key, iv, "correct horse battery")}==` }),
  first("older-key", "sealed with the older of two keys", { keys: `${base64(otherKey)} ${base64(key)}` }),
  first("wrong-key", "sealed with a key that is not at hand", { expect: "wrong-key", keys: base64(otherKey) }),
  first("unknown-key-name", "the key's name is another", { expect: "wrong-key", keys: `dp=${base64(key)}`, value: writeFirst(key, iv, content.text, "cp") }),
  first("missing-key-name", "a value without a key's name, and only a key with one", { expect: "wrong-key", keys: `cp=${base64(key)}` }),
  first("flipped-iv", "a bit of the iv", { expect: "wrong-key", value: flip(firstValue, 0) }),
  first("flipped-ciphertext", "a bit of the ciphertext", { expect: "wrong-key", value: flip(firstValue, 12) }),
  first("flipped-tag", "a bit of the tag", { expect: "wrong-key", value: flip(firstValue, -1) }),
  first("short", "shorter than an iv and a tag", { expect: "bad-seal", value: firstValue.slice(0, 7 + 36) }),
  first("no-payload", "nothing behind the prefix", { expect: "bad-seal", value: "enc:v1:" }),
  first("plain-behind-prefix", "plain text that only looks sealed", { expect: "bad-seal", value: "enc:v1:correct horse" }),
  first("loose-bits", "unused bits that are not zero", { expect: "bad-seal", value: loosen(firstValue) }),
  first("wrong-padding", "padding that does not fill a group of four", { expect: "bad-seal", value: `${firstValue}==` }),
  first("white-space", "a line end behind it", { expect: "bad-seal", value: `${firstValue}\n` }),
  first("in-second-form-file", "a value of the first form in a file of the second", { expect: "bad-seal", form: "v2" }),
  first("long-key-name", "a key's name of more than 64 characters", { expect: "bad-seal", value: writeFirst(key, iv, content.text, "c".repeat(65)) }),
  second("text", "a text"),
  second("empty", "an empty text", { content: { ...content, text: "" } }),
  second("unicode", "text beyond ASCII", { content: { ...content, text: "pässwörd 🔑" } }),
  second("spelling", "a text that the document spelled in its own way", { content: { ...content, spelling: "'correct horse'" } }),
  second("number", "a number, as the document spells it", { content: { kind: 1, text: "1.50", spelling: "" } }),
  second("truth-value", "a truth value", { content: { kind: 1, text: "true", spelling: "" } }),
  second("index", "a field in a list", { place: { ...place, path: ["users", 3, "token"] } }),
  second("odd-keys", "keys that are empty, have a dot, or look like an index", { place: { ...place, path: ["", "a.b", "0", "ключ"] } }),
  second("older-key", "sealed with the older of two keys", { keys: `${base64(otherKey)},${base64(key)}` }),
  second("wrong-key", "sealed with a key that is not at hand", { expect: "wrong-key", keys: base64(otherKey) }),
  second("other-key-id", "another key's value under this key's id", { expect: "bad-seal", value: writeSecond(otherKey, nonce, place, content).replace(/^enc:v2:[^:]+/, secondValue.slice(0, 18)) }),
  second("other-file", "from another file", { expect: "bad-seal", value: elsewhere(place.path, bytes("other file", 16)) }),
  second("other-file-id", "this file's id on a value from another", { expect: "bad-seal", value: elsewhere(place.path, bytes("other file", 16)).replace(/^(enc:v2:[^:]+:)[^:]+/, `$1${place.fileId.toString("base64url")}`) }),
  second("other-field", "from the field beside it", { expect: "bad-seal", value: elsewhere(["database", "user"]) }),
  second("other-level", "from a key that spells the whole path", { expect: "bad-seal", value: elsewhere(["database.password"]) }),
  second("key-for-index", "from the key 0 of a map, in a list", { expect: "bad-seal", place: { ...place, path: ["users", 0] }, value: elsewhere(["users", "0"]) }),
  second("flipped-nonce", "a bit of the nonce", { expect: "bad-seal", value: flip(secondValue, 0) }),
  second("flipped-commitment", "a bit of the commitment", { expect: "bad-seal", value: flip(secondValue, 24) }),
  second("flipped-ciphertext", "a bit of the ciphertext", { expect: "bad-seal", value: flip(secondValue, 56) }),
  second("flipped-tag", "a bit of the tag", { expect: "bad-seal", value: flip(secondValue, -1) }),
  second("unknown-kind", "a kind of content that is not known", { expect: "bad-seal", content: { ...content, kind: 2 } }),
  second("cut", "the last character is missing", { expect: "bad-seal", value: secondValue.slice(0, -1) }),
  second("padded", "base64url with padding, which this form never has", { expect: "bad-seal", value: `${secondValue}=` }),
  second("loose-bits", "unused bits that are not zero", { expect: "bad-seal", value: loosen(writeSecond(key, nonce, place, { ...content, text: "correct horses" })) }),
  second("no-file-id", "a part is missing", { expect: "bad-seal", value: secondValue.replace(/^(enc:v2:[^:]+):[^:]+/, "$1") }),
  second("newer", "a form that is not known yet", { expect: "newer-version", value: secondValue.replace("v2", "v3") }),
  second("much-newer", "a form of nine digits", { expect: "newer-version", value: "enc:v123456789:" }),
  second("in-first-form-file", "a value of the second form in a file of the first", { expect: "bad-seal", form: "v1" }),
  claim("other-letter", "enc:w1: is damage", `enc:w1:${firstValue.slice(7)}`),
  claim("other-case", "the letters of the prefix in capitals", firstValue.replace("enc:v", "ENC:V")),
  claim("version-0", "no form has this number", firstValue.replace("v1", "v0")),
  claim("leading-zero", "the number of a form is spelled in one way", firstValue.replace("v1", "v01")),
  claim("ten-digits", "the number of no form", firstValue.replace("v1", "v1000000000")),
  claim("no-number", "no number at all", firstValue.replace("v1", "v")),
  claim("no-colon", "another character for the colon behind the number", firstValue.replace("v1:", "v1;")),
  claim("first-colon", "another character for the first colon", firstValue.replace("enc:", "enc;")),
  claim("first-letter", "a letter of another alphabet that looks like the first", firstValue.replace("enc:", "еnc:")),
  claim("indented", "white space before it", ` \t${firstValue}`),
  claim("only-the-scheme", "enc: and nothing behind it", "enc:"),
  claim("cut-in-front", "a value of the second form without its first five characters", secondValue.slice(5)),
  claim("quoted-scheme", "any other text that begins with enc:", "enc: see the manual"),
  plain("like-a-word", "a word that begins like it", "encoded:v1:x"),
  plain("in-the-middle", "the scheme within a text", "see enc:v1:"),
  plain("token", "a text of the first form's characters without its prefix", firstValue.slice(7)),
  plain("empty", "an empty text", ""),
];

/** Damage: it claims to be sealed, and is in no form. */
function claim(name: string, comment: string, value: string): SealedVector {
  return second(name, comment, { name: `claim-${name}`, expect: "bad-seal", value });
}

function plain(name: string, comment: string, value: string): SealedVector {
  return second(name, comment, { name: `plain-${name}`, expect: "plain", value });
}

/** The same bytes in another text: the last character's unused bits are set. */
function loosen(value: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const loose = value.slice(0, -1) + alphabet.charAt(alphabet.indexOf(value.slice(-1)) + 1);
  if (!Buffer.from(loose.slice(7).replace(/^.*:/, ""), "base64url").equals(Buffer.from(value.slice(7).replace(/^.*:/, ""), "base64url"))) throw new Error("the last character of this value has no unused bits");
  return loose;
}
