// AuthHero's published rules, with files as it writes them; and its known faults, each of which a test here would show.
import { randomBytes } from "node:crypto";
import { Memory } from "lowdb";
import { describe, expect, it } from "vitest";
import { loadSealingKey, sealedAdapter } from "../../src/sealed/library.ts";
import type { SealedStoreOptions } from "../../src/sealed/sealed-store.ts";
import { writeFirst } from "./second-opinion.ts";

type Clients = Record<string, { client_id: string; client_secret: string }>;

const FIELDS = { name: "clients", fields: ["*.client_secret"] } as const;
const FIRST: SealedStoreOptions = { ...FIELDS, form: "v1" };
const key = randomBytes(32);
const keyText = key.toString("base64");

/** As AuthHero encrypts. */
const encrypt = (text: string, by = key, keyName?: string): string => writeFirst(by, randomBytes(12), text, keyName);
const clientsWith = (secret: string): Clients => ({ a: { client_id: "a", client_secret: secret } });

async function storeWith(data: Clients): Promise<Memory<Clients>> {
  const memory = new Memory<Clients>();
  await memory.write(data);
  return memory;
}

const open = (memory: Memory<Clients>, keys: string | undefined, options = FIRST) => sealedAdapter(memory, loadSealingKey(keys), options);
const withCode = (code: string): unknown => expect.objectContaining({ code });

describe("AuthHero's rules", () => {
  it("what it has sealed is opened, and what is sealed here is in its form", async () => {
    const memory = await storeWith(clientsWith(encrypt("s3cret")));
    const adapter = open(memory, keyText);
    expect(await adapter.read()).toEqual(clientsWith("s3cret"));
    await adapter.write(clientsWith("new"));
    expect((await memory.read())?.["a"]?.client_secret).toMatch(/^enc:v1:[A-Za-z0-9_-]+$/);
    expect((await memory.read())?.["a"]?.client_id).toBe("a");
  });

  it("no key, nothing sealed: nothing changes, in the store or for the program", async () => {
    const memory = await storeWith(clientsWith("plain"));
    const adapter = open(memory, undefined);
    expect(await adapter.read()).toEqual(clientsWith("plain"));
    await adapter.write(clientsWith("other"));
    expect(await memory.read()).toEqual(clientsWith("other"));
  });

  it("rows from before are read, and migrate when they are written", async () => {
    const memory = await storeWith({ ...clientsWith("legacy"), b: { client_id: "b", client_secret: encrypt("sealed") } });
    const adapter = open(memory, keyText);
    const data = await adapter.read();
    expect([data?.["a"]?.client_secret, data?.["b"]?.client_secret]).toEqual(["legacy", "sealed"]);
    await adapter.write(data ?? {});
    expect((await memory.read())?.["a"]?.client_secret).toMatch(/^enc:v1:/);
  });

  it("a value that is sealed already and written again is sealed once, to the byte", async () => {
    const stored = encrypt("s3cret");
    const memory = await storeWith(clientsWith(stored));
    const adapter = open(memory, keyText);
    await adapter.write((await adapter.read()) ?? {});
    expect(await memory.read()).toEqual(clientsWith(stored));
  });

  it("a key that was rotated: the old one reads, the new one writes", async () => {
    const next = randomBytes(32);
    const memory = await storeWith(clientsWith(encrypt("s3cret")));
    const adapter = open(memory, `${next.toString("base64")},${keyText}`);
    await adapter.write((await adapter.read()) ?? {});
    expect(await open(memory, next.toString("base64")).read()).toEqual(clientsWith("s3cret"));
    await expect(open(memory, keyText).read()).rejects.toThrow(withCode("wrong-key"));
  });

  it("keys with names, of several tenants in one store", async () => {
    const cp = randomBytes(32);
    const memory = await storeWith({ ...clientsWith(encrypt("own")), b: { client_id: "b", client_secret: encrypt("inherited", cp, "cp") } });
    expect((await open(memory, `${keyText},cp=${cp.toString("base64")}`).read())?.["b"]?.client_secret).toBe("inherited");
    await expect(open(memory, keyText).read()).rejects.toThrow(withCode("wrong-key"));
  });

  it("a store that moves to the second form, when it is written", async () => {
    const memory = await storeWith(clientsWith(encrypt("s3cret")));
    const adapter = open(memory, keyText, { ...FIELDS, opensFirstForm: true });
    await adapter.write((await adapter.read()) ?? {});
    expect((await memory.read())?.["a"]?.client_secret).toMatch(/^enc:v2:/);
    expect(await open(memory, keyText, FIELDS).read()).toEqual(clientsWith("s3cret"));
  });
});

describe("AuthHero's faults", () => {
  it("a stolen ciphertext that is written into one's own field is read back as it was written, and not opened", async () => {
    for (const options of [FIRST, FIELDS]) {
      const stolen = encrypt("somebody else's secret");
      const memory = new Memory<Clients>();
      const adapter = open(memory, keyText, options);
      await adapter.write(clientsWith(stolen));
      expect((await memory.read())?.["a"]?.client_secret).not.toBe(stolen);
      expect(await adapter.read()).toEqual(clientsWith(stolen));
      expect(await open(memory, keyText, options).read()).toEqual(clientsWith(stolen));
    }
  });

  it("what only looks sealed is never stored as if it were", async () => {
    const memory = new Memory<Clients>();
    const adapter = open(memory, keyText);
    await adapter.write(clientsWith("enc:v1:not really"));
    expect((await memory.read())?.["a"]?.client_secret).not.toContain("not really");
    expect(await open(memory, keyText).read()).toEqual(clientsWith("enc:v1:not really"));
  });

  it("a ciphertext pasted into the store itself does not open in the second form, nor does one of the first form there", async () => {
    const memory = new Memory<Clients>();
    await open(memory, keyText, FIELDS).write({ ...clientsWith("mine"), b: { client_id: "b", client_secret: "theirs" } });
    const stored = (await memory.read()) ?? {};
    const pasted = { ...stored, a: { client_id: "a", client_secret: stored["b"]?.client_secret ?? "" } };
    await expect(open(await storeWith(pasted), keyText, FIELDS).read()).rejects.toThrow(withCode("bad-seal"));
    await expect(open(await storeWith(clientsWith(encrypt("first form"))), keyText, FIELDS).read()).rejects.toThrow(withCode("bad-seal"));
  });

  it("without the key, the ciphertext is not handed out as the value, and not overwritten", async () => {
    for (const secret of [encrypt("s3cret"), "enc:v9:whatever comes"]) {
      const memory = await storeWith(clientsWith(secret));
      await expect(open(memory, undefined).read()).rejects.toThrow(withCode("key-unavailable"));
      await expect(open(memory, undefined).write(clientsWith("plain"))).rejects.toThrow(withCode("key-unavailable"));
      await expect(open(memory, undefined).reseal()).rejects.toThrow(withCode("key-unavailable"));
      expect(await memory.read()).toEqual(clientsWith(secret));
    }
  });

  it("an empty, short or repeated key is an error, and not no key", () => {
    for (const text of ["", " ", keyText.slice(4), Buffer.alloc(32).toString("base64"), `${keyText},${keyText}`, `${keyText}x`, keyText.replace("=", "")]) expect(() => loadSealingKey(text)).toThrow(withCode("wrong-key"));
    expect(loadSealingKey(undefined)).toBe(undefined);
  });

  it("the wrong key is an error", async () => {
    for (const options of [FIRST, FIELDS]) {
      const memory = new Memory<Clients>();
      await open(memory, keyText, options).write(clientsWith("s3cret"));
      await expect(open(memory, randomBytes(32).toString("base64"), options).read()).rejects.toThrow(withCode("wrong-key"));
    }
  });
});
