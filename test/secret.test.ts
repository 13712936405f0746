import { format, inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Secret } from "../src/secret.ts";

const VALUE = "not-a-real-token-5";
const secret = Secret.fromText(VALUE);

describe("a secret shows nothing of itself", () => {
  test.each<[way: string, print: (shown: Secret) => string]>([
    ["String()", (shown) => String(shown)],
    ["a template", (shown) => `shown: ${shown as unknown as string}`],
    ["concatenation", (shown) => "shown: " + (shown as unknown as string)],
    ["toLocaleString", (shown) => shown.toLocaleString()],
    ["an array's join", (shown) => [shown].join()],
    ["JSON", (shown) => JSON.stringify(shown)],
    ["JSON within an object", (shown) => JSON.stringify({ shown, list: [shown] })],
    ["inspect", (shown) => inspect(shown, { depth: null, showHidden: true, getters: true })],
    ["inspect within an object", (shown) => inspect({ shown, map: new Map([[shown, shown]]) }, { depth: null, showHidden: true })],
    ["inspect without its own hook", (shown) => inspect(shown, { customInspect: false, showHidden: true, getters: true, depth: null })],
    ["format %s", (shown) => format("%s", shown)],
    ["format %o", (shown) => format("%o", shown)],
    ["format %O", (shown) => format("%O", shown)],
    ["format %j", (shown) => format("%j", shown)],
    ["format %d", (shown) => format("%d", shown)],
    ["an error's message", (shown) => inspect(new Error(`failed with ${String(shown)}`))],
    ["an error's property", (shown) => inspect(Object.assign(new Error("failed"), { shown }), { depth: null, showHidden: true })],
    ["an error's cause", (shown) => inspect(new Error("failed", { cause: shown }), { depth: null, showHidden: true })],
    ["an aggregate", (shown) => inspect(new AggregateError([shown], "failed"), { depth: null })],
    ["its keys", (shown) => JSON.stringify([Object.keys(shown), Object.getOwnPropertyNames(shown), Object.entries(shown)])],
    ["its symbols", (shown) => inspect(Object.getOwnPropertySymbols(shown))],
    ["a spread", (shown) => inspect({ ...(shown as object) }, { showHidden: true })],
    ["Object.assign", (shown) => JSON.stringify(Object.assign({}, shown))],
    ["structuredClone", (shown) => inspect(structuredClone(shown), { showHidden: true, depth: null })],
    ["URL parameters", (shown) => new URLSearchParams({ shown: shown as unknown as string }).toString()],
  ])("%s", (_, print) => {
    const printed = print(secret);
    for (const form of [VALUE, Buffer.from(VALUE).toString("base64"), Buffer.from(VALUE).toString("hex"), Array.from(Buffer.from(VALUE)).join(","), Array.from(Buffer.from(VALUE)).join(", ")]) {
      expect(printed).not.toContain(form);
    }
  });

  test("the ways that give text give the mask", () => {
    expect([String(secret), JSON.stringify(secret), inspect(secret), format("%s", secret)]).toEqual(["[secret]", '"[secret]"', "[secret]", "[secret]"]);
  });

  test("it has no number", () => {
    expect(Number(secret)).toBeNaN();
  });
});

describe("the way out", () => {
  test("reveal gives the bytes; length counts bytes", () => {
    const text = Secret.fromText("\u00e4\u{1f511}");
    expect(text.reveal()).toEqual(new TextEncoder().encode("\u00e4\u{1f511}"));
    expect(text.length).toBe(6);
  });

  test("wiping overwrites the bytes that it was given", () => {
    const bytes = new TextEncoder().encode(VALUE);
    const taken = new Secret(bytes);
    taken.wipe();
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(taken.reveal()).toBe(bytes);
  });

  test("a copy has bytes of its own, and is equal for as long as neither changes", () => {
    const copy = secret.copy();
    expect([copy.equals(secret), secret.equals(copy), secret.equals(Secret.fromText("another"))]).toEqual([true, true, false]);
    copy.wipe();
    expect([copy.equals(secret), secret.reveal()]).toEqual([false, new TextEncoder().encode(VALUE)]);
  });

  test("renewing wipes what it was, and takes the other's bytes over", () => {
    const [before, after] = [new TextEncoder().encode("before"), new TextEncoder().encode("after")];
    const renewed = new Secret(before);
    renewed.renew(new Secret(after));
    expect(before.every((byte) => byte === 0)).toBe(true);
    expect(renewed.reveal()).toBe(after);
  });
});
