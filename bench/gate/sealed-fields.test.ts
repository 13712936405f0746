// At least 100,000 fields a minute on one core, sealed or opened, in every format. Machines differ, and are busy with other things: so this is measured
// against hashes made in the same moment, by the processor's time. A machine that makes 334,000 small hashes a second has 200 of them for each field.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseDotenv } from "../../src/env-files/dotenv-file.ts";
import { dotenvFormat } from "../../src/sealed/documents/dotenv.ts";
import { jsonFormat } from "../../src/sealed/documents/json.ts";
import { yamlFormat } from "../../src/sealed/documents/yaml.ts";
import { parsePattern } from "../../src/sealed/field-path.ts";
import { sealDocument, unsealDocument } from "../../src/sealed/sealed-document.ts";
import { makeSealedStore } from "../../src/sealed/sealed-store.ts";
import { makeKeyText, parseSealingKeys } from "../../src/sealed/sealing-key.ts";

const FIELDS = 1000;
const HASHES_A_FIELD_MAX = 200;
const wishes = { keys: parseSealingKeys(makeKeyText(), "key"), form: undefined, name: undefined };
const entries = Array.from({ length: FIELDS }, (_, index) => [`K${index}`, `value ${index}`] as const);

function secondsOf(act: () => unknown): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The best of three, in hashes a field. */
function costOf(act: () => unknown): number {
  return Math.min(...[1, 2, 3].map(() => {
    const hashes = secondsOf(() => entries.map(([, value]) => createHash("sha256").update(value.repeat(8)).digest()));
    return secondsOf(act) / hashes;
  }));
}

describe("a field is sealed, or opened, at the price of a few hashes", () => {
  it.each([
    ["JSON", jsonFormat("the file"), JSON.stringify(Object.fromEntries(entries))],
    ["YAML", yamlFormat("the file"), entries.map(([key, value]) => `${key}: ${value}\n`).join("")],
    [".env", dotenvFormat((text) => parseDotenv(new Uint8Array(Buffer.from(text)), "the file").assignments), entries.map(([key, value]) => `${key}='${value}'\n`).join("")],
  ])("in %s", (_name, format, text) => {
    const { text: sealed } = sealDocument(format, text, [parsePattern("*")], wishes);
    expect(costOf(() => sealDocument(format, text, [parsePattern("*")], wishes))).toBeLessThan(HASHES_A_FIELD_MAX);
    expect(costOf(() => unsealDocument(format, sealed, undefined, wishes))).toBeLessThan(HASHES_A_FIELD_MAX);
    expect(unsealDocument(format, sealed, undefined, wishes).text).toBe(text);
  });

  it("in a store", () => {
    const store = makeSealedStore(wishes.keys, { name: "store", fields: ["*"] });
    const data = Object.fromEntries(entries);
    const sealed = store.seal(data);
    expect(costOf(() => { store.forget(); store.seal(data); })).toBeLessThan(HASHES_A_FIELD_MAX);
    expect(costOf(() => store.open(sealed))).toBeLessThan(HASHES_A_FIELD_MAX);
  });

  it("and twice as many fields take about twice as long, not four times", () => {
    const list = Array.from({ length: 4 * FIELDS }, (_, index) => `k${index}: ${index}\n`);
    const time = (count: number): number => Math.min(...[1, 2, 3].map(() => secondsOf(() => sealDocument(yamlFormat("the file"), list.slice(0, count).join(""), [parsePattern("k1")], wishes))));
    expect(time(4 * FIELDS) / time(2 * FIELDS)).toBeLessThan(3);
  });
});
