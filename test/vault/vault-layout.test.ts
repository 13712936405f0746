// What is laid out as a vault is found to be, and nothing else: what is not found is read another way, more slowly, so that a slip here would go unseen.
import { expect, test } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { encodeBody, encodeTail, findLayout, HEAD_LINES, memberJson } from "../../src/vault/vault-layout.ts";

const MAC = `"${"m".repeat(43)}="`;
const CHECKSUM = `"${"c".repeat(43)}="`;
const HEAD = { features: "[]", vault: '"v"', generation: "1", key: '{"k":1}', vaultKey: '"w"', audit: "{}" };
const text = (secrets: readonly string[]): string => encodeBody(HEAD, secrets) + Buffer.from(encodeTail(MAC, CHECKSUM)).toString();

test.each([[[]], [['    {"id":"1"}']], [['    {"id":"1"}', '    {"id":"2"}']]])("with secrets %j", (secrets) => {
  const layout = findLayout(utf8(text(secrets)));
  expect(layout).toMatchObject({ mac: MAC, checksum: CHECKSUM });
  expect(Buffer.from(layout?.body ?? []).toString()).toBe(encodeBody(HEAD, secrets));
  expect(Buffer.from(layout?.records ?? []).toString()).toBe(secrets.map((secret, index) => `${secret}${index < secrets.length - 1 ? "," : ""}\n`).join(""));
  expect(HEAD_LINES.map((name, index) => memberJson(layout?.head[index] ?? "", name))).toEqual(Object.values(HEAD));
});

test.each<[string, (whole: string) => string]>([
  ["no tail", (whole) => whole.slice(0, whole.indexOf('  "mac"'))],
  ["something behind the tail", (whole) => `${whole}\n`],
  ["a short MAC", (whole) => whole.replace("mmmm", "mmm")],
  ["a long checksum", (whole) => whole.replace("cccc", "ccccc")],
  ["another version", (whole) => whole.replace("vault/1", "vault/2")],
  ["a member missing", (whole) => whole.replace(/.*"vaultKey".*\n/, "")],
  ["a member more", (whole) => whole.replace('  "audit"', '  "more": 1,\n  "audit"')],
  ["members exchanged", (whole) => whole.replace('"key"', '"KEY"').replace('"vaultKey"', '"key"').replace('"KEY"', '"vaultKey"')],
  ["no comma behind a member", (whole) => whole.replace('"v",', '"v"')],
  ["no beginning of secrets", (whole) => whole.replace('"secrets": [', '"secrets":[')],
  ["no end of secrets", (whole) => whole.replace("  ],\n", " ],\n")],
  ["a secret on the line of the end", (whole) => whole.replace('}\n  ],\n', "}  ],\n")],
  ["nothing at all", () => ""],
])("but with %s it is none", (_what, spoil) => {
  const whole = text(['    {"id":"1"}']);
  expect(spoil(whole)).not.toBe(whole);
  expect(findLayout(utf8(spoil(whole)))).toBeUndefined();
});
