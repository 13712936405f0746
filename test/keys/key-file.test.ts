import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes.ts";
import { adoptKeyFile, loadKeyFile, locateKeyFile, resolveKeyFile, retireKeyFile, settleKeyFile, stageKeyFile, stageNextKeyFile } from "../../src/keys/key-file.ts";
import { keyIdOf } from "../../src/vault/derive.ts";
import type { Kek } from "../../src/vault/key-bytes.ts";
import { parseKek } from "../../src/vault/key-bytes.ts";
import { can } from "../support/machine.ts";
import { refusalOf } from "../support/refusal.ts";
import { makeFolder } from "../support/temporary.ts";

const NOBODY = 65_534;
const drawKek = (): Kek => parseKek(new Uint8Array(randomBytes(32)));
const noWarning = (message: string): void => { throw new Error(message); };

function makePlace() {
  const folder = makeFolder();
  return { path: join(folder, "kek.key"), vault: { id: new Uint8Array(randomBytes(16)), folder } };
}

/** A vault whose key file is in place. */
function makeKey() {
  const place = makePlace();
  const kek = drawKek();
  stageKeyFile(place.path, kek, place.vault);
  return { ...place, kek, keyId: keyIdOf(kek, place.vault.id) };
}

describe("a key file as a user may write it", () => {
  const bytes = new Uint8Array(randomBytes(32));
  const base64 = Buffer.from(bytes).toString("base64");

  test.each([
    ["32 raw bytes", bytes],
    ["base64", base64],
    ["base64 and a line feed", `${base64}\n`],
    ["base64 and a carriage return with it", `${base64}\r\n`],
  ])("%s is taken", (_, text) => {
    const { path, vault } = makePlace();
    writeFileSync(path, text, { mode: 0o600 });
    expect(adoptKeyFile(path, vault, noWarning).kek).toEqual(bytes);
    expect(loadKeyFile(path, keyIdOf(parseKek(bytes), vault.id), vault.id)).toEqual(bytes);
  });

  test.each([
    ["nothing", ""],
    ["31 bytes", bytes.subarray(1)],
    ["33 bytes", Buffer.concat([bytes, Buffer.from("\n")])],
    ["two line ends", `${base64}\n\n`],
    ["a space in front", ` ${base64}`],
    ["a byte order mark", `\ufeff${base64}`],
    ["no padding", base64.replace("=", "")],
    ["loose last bits", base64.replace(/.=$/, (end) => `${end.startsWith("9") ? "-" : "9"}=`)],
    ["base64url", base64.replace(/^./, "_")],
    ["hexadecimal", encodeHex(bytes)],
    ["base64 of 16 bytes", Buffer.from(bytes.subarray(16)).toString("base64")],
    ["one byte repeated", new Uint8Array(32).fill(7)],
    ["nothing but zeros", Buffer.alloc(32).toString("base64")],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0xfd])],
  ])("%s is refused, and nothing of it is said", async (_, text) => {
    const { path, vault } = makePlace();
    writeFileSync(path, text, { mode: 0o600 });
    const error: unknown = await Promise.resolve().then(() => adoptKeyFile(path, vault, noWarning)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "wrong-key" });
    if (text.length > 3) expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(Buffer.from(text).toString("utf8").trim().slice(0, 8));
    expect(readFileSync(path)).toEqual(Buffer.from(text));
  });
});

describe("adopting", () => {
  test.each([0o644, 0o640, 0o666])("a file of mode %o makes it 0600, and warns that its key may be known", (mode) => {
    const { path, vault } = makePlace();
    writeFileSync(path, randomBytes(32));
    chmodSync(path, mode);
    const warnings: string[] = [];
    const staged = adoptKeyFile(path, vault, (message) => warnings.push(message));
    expect(warnings).toEqual([expect.stringContaining(path)]);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(staged.locator).toEqual({ provider: "file", path: "kek.key", owned: false });
  });

  test("leaves the file to the user: neither discarding nor settling touches it", async () => {
    const { path, vault } = makePlace();
    writeFileSync(path, randomBytes(32), { mode: 0o600 });
    const before = readFileSync(path);
    const staged = adoptKeyFile(path, vault, noWarning);
    await staged.settle();
    await staged.discard();
    retireKeyFile(path, false);
    expect(readFileSync(path)).toEqual(before);
  });

  test("a link, a folder, and nothing at all are refused, and modes stay", async () => {
    const { path, vault } = makePlace();
    expect(await refusalOf(() => adoptKeyFile(path, vault, noWarning))).toBe("key-unavailable");
    writeFileSync(`${path}-elsewhere`, randomBytes(32), { mode: 0o644 });
    symlinkSync(`${path}-elsewhere`, path);
    expect(await refusalOf(() => adoptKeyFile(path, vault, noWarning))).toBe("key-unavailable");
    expect(lstatSync(`${path}-elsewhere`).mode & 0o777).toBe(0o644);
    mkdirSync(`${path}-folder`);
    expect(await refusalOf(() => adoptKeyFile(`${path}-folder`, vault, noWarning))).toBe("key-unavailable");
  });

  test.runIf(can.root)("another user's file is refused and left alone", async () => {
    const { path, vault } = makePlace();
    writeFileSync(path, randomBytes(32), { mode: 0o644 });
    chownSync(path, NOBODY, NOBODY);
    expect(await refusalOf(() => adoptKeyFile(path, vault, noWarning))).toBe("key-unavailable");
    expect(lstatSync(path).mode & 0o777).toBe(0o644);
  });
});

describe("loading", () => {
  test.each([0o644, 0o640, 0o604])("a file of mode %o is refused: only adopting mends it", async (mode) => {
    const { path, keyId, vault } = makeKey();
    chmodSync(path, mode);
    expect(await refusalOf(() => loadKeyFile(path, keyId, vault.id))).toBe("key-unavailable");
    expect(lstatSync(path).mode & 0o777).toBe(mode);
  });

  test("a missing file is named", () => {
    const { path, vault } = makePlace();
    expect(() => loadKeyFile(path, new Uint8Array(16), vault.id)).toThrow(`the key file "${path}" is missing`);
  });

  test("another key is handed out as it is: the vault says that it is wrong", () => {
    const { path, kek, vault } = makeKey();
    expect(loadKeyFile(path, new Uint8Array(16), vault.id)).toEqual(kek);
  });

  test("the same key has another id in another vault", () => {
    const { kek, keyId } = makeKey();
    expect(keyIdOf(kek, new Uint8Array(16))).not.toEqual(keyId);
  });
});

describe("staging", () => {
  test("makes the file 0600, readable as base64 with a line end, its folders 0700", () => {
    const { path, vault } = makePlace();
    const kek = drawKek();
    const below = join(path, "..", "keys", "deep", "kek.key");
    stageKeyFile(below, kek, vault);
    expect(readFileSync(below, "utf8")).toBe(`${Buffer.from(kek).toString("base64")}\n`);
    expect(lstatSync(below).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(below, "..")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(below, ".."))).toEqual(["kek.key"]);
  });

  test("never overwrites: neither a key, nor rubbish, nor a link that leads nowhere", async () => {
    for (const spoil of [(path: string) => { writeFileSync(path, randomBytes(32)); }, (path: string) => { writeFileSync(path, ""); }, (path: string) => { symlinkSync("/nonexistent", path); }]) {
      const { path, vault } = makePlace();
      spoil(path);
      const before = [lstatSync(path).ino, lstatSync(path).size];
      expect(await refusalOf(() => stageKeyFile(path, drawKek(), vault))).toBe("already-exists");
      expect([lstatSync(path).ino, lstatSync(path).size]).toEqual(before);
    }
  });

  test("discarding removes what was staged", async () => {
    const { path, vault } = makePlace();
    await stageKeyFile(path, drawKek(), vault).discard();
    expect(readdirSync(vault.folder)).toEqual([]);
  });
});

describe("a successor in the place of a key that vault made", () => {
  test("at every point exactly the right key loads, and only the new one is left", async () => {
    const { path, kek, keyId, vault } = makeKey();
    const next = drawKek();
    const nextId = keyIdOf(next, vault.id);

    const staged = stageNextKeyFile(path, true, next, vault);
    expect(staged.locator).toEqual({ provider: "file", path: "kek.key", owned: true });
    // The vault still points to the old key …
    expect(loadKeyFile(path, keyId, vault.id)).toEqual(kek);
    // … and once it is written, to the new one.
    expect(loadKeyFile(path, nextId, vault.id)).toEqual(next);
    await staged.settle();
    expect(loadKeyFile(path, nextId, vault.id)).toEqual(next);
    expect(loadKeyFile(path, keyId, vault.id)).toEqual(next);
    expect(readdirSync(vault.folder)).toEqual(["kek.key"]);
    await staged.settle();
    expect(loadKeyFile(path, nextId, vault.id)).toEqual(next);
  });

  test("discarded leaves the old key as it was", async () => {
    const { path, kek, keyId, vault } = makeKey();
    const before = lstatSync(path, { bigint: true });
    await stageNextKeyFile(path, true, drawKek(), vault).discard();
    expect(readdirSync(vault.folder)).toEqual(["kek.key"]);
    expect(loadKeyFile(path, keyId, vault.id)).toEqual(kek);
    expect(lstatSync(path, { bigint: true }).ino).toBe(before.ino);
  });

  test("discarded after another was staged removes only its own", async () => {
    const { path, vault } = makeKey();
    const [first, second] = [drawKek(), drawKek()];
    const staged = stageNextKeyFile(path, true, first, vault);
    stageNextKeyFile(path, true, second, vault);
    await staged.discard();
    expect(loadKeyFile(path, keyIdOf(second, vault.id), vault.id)).toEqual(second);
    expect(readdirSync(vault.folder)).toHaveLength(2);
  });

  test("the very same successor can be staged again, when the first attempt was cut off before the vault was written", async () => {
    const { path, kek, keyId, vault } = makeKey();
    const next = drawKek();
    stageNextKeyFile(path, true, next, vault);
    const again = stageNextKeyFile(path, true, next, vault);
    expect(loadKeyFile(path, keyId, vault.id)).toEqual(kek);
    await again.settle();
    expect(loadKeyFile(path, keyIdOf(next, vault.id), vault.id)).toEqual(next);
    expect(readdirSync(vault.folder)).toEqual(["kek.key"]);
  });

  test("a file under the successor's name that holds another key is never overwritten", async () => {
    const { path, vault } = makeKey();
    const next = drawKek();
    const pending = `${path}.${encodeHex(keyIdOf(next, vault.id))}`;
    const other = randomBytes(32);
    writeFileSync(pending, other, { mode: 0o600 });
    expect(await refusalOf(() => stageNextKeyFile(path, true, next, vault))).toBe("already-exists");
    expect(readFileSync(pending)).toEqual(other);
  });

  test("a missing or damaged old file does not hide the key that the vault means", () => {
    const { path, vault } = makeKey();
    const next = drawKek();
    stageNextKeyFile(path, true, next, vault);
    const nextId = keyIdOf(next, vault.id);
    writeFileSync(path, "damaged");
    expect(loadKeyFile(path, nextId, vault.id)).toEqual(next);
    retireKeyFile(path, true);
    expect(loadKeyFile(path, nextId, vault.id)).toEqual(next);
    settleKeyFile(path, nextId);
    expect(loadKeyFile(path, nextId, vault.id)).toEqual(next);
  });
});

describe("a successor of a key that the user made", () => {
  test("has a name of its own, for good, and the user's file stays", async () => {
    const { path, vault } = makePlace();
    const own = randomBytes(32);
    writeFileSync(path, own, { mode: 0o600 });
    const next = drawKek();
    const nextId = keyIdOf(next, vault.id);
    const staged = stageNextKeyFile(path, false, next, vault);
    await staged.settle();
    expect(staged.locator).toEqual({ provider: "file", path: `kek.key.${encodeHex(nextId)}`, owned: true });
    expect(loadKeyFile(resolveKeyFile(`kek.key.${encodeHex(nextId)}`, vault.folder), nextId, vault.id)).toEqual(next);
    expect(readFileSync(path)).toEqual(own);
  });
});

describe("retiring", () => {
  test("removes a key that vault made, with copies that a killed writer left of it", () => {
    const { path, vault } = makeKey();
    writeFileSync(join(vault.folder, `.kek.key.${2 ** 22 + 1}-abcdef.tmp`), "a copy");
    retireKeyFile(path, true);
    expect(readdirSync(vault.folder)).toEqual([]);
    retireKeyFile(path, true);
    expect(existsSync(path)).toBe(false);
  });
});

describe("where a key file is", () => {
  test.each([
    ["/v", "/v/kek.key", "kek.key"],
    ["/v", "/v/keys/kek.key", "keys/kek.key"],
    ["/v", "/v/..kek", "..kek"],
    ["/v", "/w/kek.key", "/w/kek.key"],
    ["/v", "/kek.key", "/kek.key"],
    ["/v", "/v", "/v"],
    ["/v/data", "/v/kek.key", "/v/kek.key"],
    ["/v", "/vault/kek.key", "/vault/kek.key"],
  ])("for the vault in %s, %s is %s, and found again", (folder, path, located) => {
    expect(locateKeyFile(path, folder)).toBe(located);
    expect(resolveKeyFile(located, folder)).toBe(path);
  });
});
