// lowdb itself, with files, below and above the adapter.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Low, LowSync, Memory } from "lowdb";
import { JSONFile, JSONFileSync } from "lowdb/node";
import { describe, expect, it } from "vitest";
import { loadSealingKey, sealedAdapter } from "../../src/sealed/library.ts";
import type { SealedStoreOptions } from "../../src/sealed/sealed-store.ts";
import { makeKeyText } from "../../src/sealed/sealing-key.ts";
import { makeFolder } from "../support/temporary.ts";

interface Data {
  apiKey: string;
  users: { name: string; token: string | null; pin?: number }[];
  providers?: Record<string, { credentials: Record<string, string | boolean> }>;
}

const OPTIONS: SealedStoreOptions = { name: "users", fields: ["apiKey", "users.*.token", "users.*.pin", "providers.*.credentials.*"] };
const EXAMPLE: Data = {
  apiKey: "sk-1",
  users: [{ name: "ann", token: "t-ann", pin: 1234 }, { name: "bob", token: null }],
  providers: { mail: { credentials: { user: "u", password: "p", tls: true } } },
};

function makeFile(data?: unknown): { path: string; stored: () => string; json: () => Data } {
  const path = join(makeFolder(), "db.json");
  if (data !== undefined) writeFileSync(path, JSON.stringify(data));
  const stored = (): string => readFileSync(path, "utf8");
  return { path, stored, json: () => JSON.parse(stored()) as Data };
}

async function openLow(path: string, key: string | undefined, options: Partial<SealedStoreOptions> = {}): Promise<Low<Data>> {
  const low = new Low<Data>(sealedAdapter(new JSONFile<Data>(path), loadSealingKey(key), { ...OPTIONS, ...options }), structuredClone(EXAMPLE));
  await low.read();
  return low;
}

/** One value of a store taken, as a thief would, and put elsewhere. */
function rewrite(path: string, change: (data: Data) => void): void {
  const data = JSON.parse(readFileSync(path, "utf8")) as Data;
  change(data);
  writeFileSync(path, JSON.stringify(data));
}

const withCode = (code: string): unknown => expect.objectContaining({ code });

describe("a store with sealed fields", () => {
  it("holds none of their values, and all else as it is; the program sees no difference", async () => {
    const { path, stored, json } = makeFile();
    const key = makeKeyText();
    const low = await openLow(path, key);
    await low.write();
    expect(low.data).toEqual(EXAMPLE);
    expect(stored()).not.toMatch(/sk-1|t-ann|1234|"p"|"tls":true/);
    expect(json().users[0]?.name).toBe("ann");
    expect(json().users[1]?.token).toBe(null);
    expect((await openLow(path, key)).data).toEqual(EXAMPLE);
  });

  it("is the same with a synchronous adapter, and in memory", async () => {
    const { path, stored } = makeFile();
    const key = loadSealingKey(makeKeyText());
    const low = new LowSync<Data>(sealedAdapter(new JSONFileSync<Data>(path), key, OPTIONS), EXAMPLE);
    low.write();
    expect(stored()).not.toContain("sk-1");
    low.data = { apiKey: "", users: [] };
    low.read();
    expect(low.data).toEqual(EXAMPLE);
    const memory = new Memory<Data>();
    await sealedAdapter(memory, key, OPTIONS).write(EXAMPLE);
    expect((await memory.read())?.apiKey).toMatch(/^enc:v2:/);
  });

  it("reads plain values from before, and seals them at the next write", async () => {
    const { path, stored } = makeFile(EXAMPLE);
    const low = await openLow(path, makeKeyText());
    expect(low.data).toEqual(EXAMPLE);
    expect(stored()).toContain("sk-1");
    await low.update((data) => { data.users.push({ name: "eve", token: "t-eve" }); });
    expect(stored()).not.toMatch(/sk-1|t-ann|t-eve/);
  });

  it("is refused with a plain value in it where the store is strict", async () => {
    const { path } = makeFile(EXAMPLE);
    await expect(openLow(path, makeKeyText(), { strict: true })).rejects.toThrow(withCode("bad-seal"));
  });

  it("keeps the ciphertext of what has not changed", async () => {
    const { path, json } = makeFile();
    const key = makeKeyText();
    await (await openLow(path, key)).write();
    const before = json();
    await (await openLow(path, key)).update((data) => { data.users[0]!.token = "other"; });
    expect(json().apiKey).toBe(before.apiKey);
    expect(json().users[0]?.pin).toBe(before.users[0]?.pin);
    expect(json().users[0]?.token).not.toBe(before.users[0]?.token);
  });

  it("changes nothing of what the program handed over", async () => {
    const data = structuredClone(EXAMPLE);
    await sealedAdapter(new Memory<Data>(), loadSealingKey(makeKeyText()), OPTIONS).write(data);
    expect(data).toEqual(EXAMPLE);
  });

  it("refuses a field that is no single value, instead of leaving it plain", async () => {
    const adapter = sealedAdapter(new Memory<Data>(), loadSealingKey(makeKeyText()), { ...OPTIONS, fields: ["users"] });
    await expect(adapter.write(EXAMPLE)).rejects.toThrow(withCode("usage"));
  });

  it("shows no key to whoever prints what it was made of", () => {
    const text = makeKeyText();
    const key = loadSealingKey(text);
    expect(JSON.stringify(key)).not.toContain(text.slice(0, 20));
    expect(() => loadSealingKey("c2hvcnQ=")).toThrow(expect.not.objectContaining({ message: expect.stringContaining("c2hvcnQ") as unknown }));
  });
});

describe("keys", () => {
  it("that are older open, and the newest writes", async () => {
    const { path, json } = makeFile();
    const [old, next] = [makeKeyText(), makeKeyText()];
    await (await openLow(path, old)).write();
    const low = await openLow(path, `${next},${old}`);
    expect(low.data).toEqual(EXAMPLE);
    await low.write();
    const ids = new Set(JSON.stringify(json()).match(/enc:v2:[^:]+/g));
    expect([...ids]).toEqual([`enc:v2:${loadSealingKey(next).newest.id}`]);
    await expect(openLow(path, old)).rejects.toThrow(withCode("wrong-key"));
    expect((await openLow(path, next)).data).toEqual(EXAMPLE);
  });

  it("seal a whole store anew, and tell how far it is", async () => {
    const { path, json } = makeFile();
    const key = makeKeyText();
    const adapter = sealedAdapter(new JSONFile<Data>(path), loadSealingKey(key), OPTIONS);
    await adapter.write(EXAMPLE);
    const before = json();
    const steps: string[] = [];
    expect(await adapter.reseal((done, total) => steps.push(`${done}/${total}`))).toBe(6);
    expect(steps).toEqual(["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]);
    expect(json().apiKey).not.toBe(before.apiKey);
    expect(await adapter.read()).toEqual(EXAMPLE);
    const sync = sealedAdapter(new JSONFileSync<Data>(path), loadSealingKey(key), OPTIONS);
    expect(sync.reseal()).toBe(6);
    expect(sync.read()).toEqual(EXAMPLE);
  });
});

describe("a sealed value in another place", () => {
  it.each<[string, (data: Data) => void]>([
    ["another field", (data) => { data.users[1]!.token = data.apiKey; }],
    ["another item", (data) => { data.users[1]!.token = data.users[0]!.token; }],
    ["another key", (data) => { const { credentials } = data.providers!["mail"]!; [credentials["user"], credentials["password"]] = [credentials["password"]!, credentials["user"]!]; }],
    ["changed order", (data) => { data.users.reverse(); }],
  ])("is refused: %s", async (_name, change) => {
    const { path } = makeFile();
    const key = makeKeyText();
    await (await openLow(path, key)).write();
    rewrite(path, change);
    await expect(openLow(path, key)).rejects.toThrow(withCode("bad-seal"));
  });

  it("is refused in another store, all of whose values it replaces", async () => {
    const { path } = makeFile();
    const key = makeKeyText();
    await (await openLow(path, key)).write();
    await expect(openLow(path, key, { name: "other" })).rejects.toThrow(withCode("bad-seal"));
  });
});

describe("random data", () => {
  const leaf = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)), fc.constantFrom("enc:v1:", "enc:v2:x", null));
  const data = fc.dictionary(fc.string({ maxLength: 4 }), fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(fc.constantFrom("secret", "a", "__proto__"), leaf)), { maxKeys: 5 });

  it("comes back as it was, 2,500 times", () => {
    const keys = loadSealingKey(makeKeyText());
    fc.assert(fc.property(data, (some) => {
      let stored: unknown = null;
      const adapter = sealedAdapter<unknown>({ read: (): unknown => stored, write: (now) => void (stored = now) }, keys, { name: "n", fields: ["*.secret", "*.0"] });
      adapter.write(some);
      expect(adapter.read()).toEqual(some);
    }), { numRuns: 2500 });
  });
});
