import { chmodSync, existsSync, linkSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { rotateFiles, sealFiles, unsealFile } from "../../../src/app/sealing/seal-file.ts";
import type { SealOptions } from "../../../src/app/sealing/seal-options.ts";
import { SEALED_FILE_BYTES_MAX } from "../../../src/app/sealing/seal-options.ts";
import { SEALING_KEY, withSealingKeys } from "../../../src/app/sealing/sealing-keys.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import { makeKeyText } from "../../../src/sealed/sealing-key.ts";
import { makeHome, makeVaultHome } from "../../support/home.ts";
import { makeFolder } from "../../support/temporary.ts";

const OPTIONS: SealOptions = { variables: undefined, format: undefined, form: undefined, opensFirstForm: false, name: undefined, strict: false };
const TEXT = '{ "a": "one", /* kept */ "b": "two" }\n';

function makeFile(text = TEXT, name = "config.json"): string {
  const path = join(makeFolder(), name);
  writeFileSync(path, text);
  return path;
}

const read = (path: string) => ({ path, bytes: new Uint8Array(readFileSync(path)) });
const seal = (surroundings: Surroundings, path: string, fields = ["a"], options: Partial<SealOptions> = {}) => sealFiles(surroundings, [read(path)], fields, { ...OPTIONS, ...options });
const rotate = (surroundings: Surroundings, paths: readonly string[], options: Partial<SealOptions> = {}) => rotateFiles(surroundings, paths.map(read), { ...OPTIONS, ...options });
const unseal = (surroundings: Surroundings, path: string, options: Partial<SealOptions> & { readonly inPlace?: boolean } = {}) => unsealFile(surroundings, read(path), undefined, { ...OPTIONS, inPlace: false, ...options });
const withCode = (code: string): unknown => expect.objectContaining({ code });

async function keyIds(surroundings: Surroundings): Promise<string[]> {
  return withSealingKeys(surroundings, undefined, false, ({ keys }) => Promise.resolve(keys.all.map(({ id }) => id)));
}

describe("the sealing key", () => {
  it("is made with the first field, as a secret that no host gets, and used from then on", async () => {
    const { surroundings, warnings } = await makeVaultHome();
    const path = makeFile();
    await seal(surroundings, path);
    await seal(surroundings, path, ["b"]);
    const { secrets } = (await requireVault(surroundings)).contents;
    expect(secrets).toMatchObject([{ name: SEALING_KEY, scope: { kind: "global" }, hosts: [], places: ["body"], version: 1 }]);
    expect(warnings).toHaveLength(1);
    expect((await unseal(surroundings, path)).text).toBe(TEXT);
  });

  it("is made with the vault where there is none", async () => {
    const { surroundings } = makeHome({ VAULT_KEK: "" });
    const path = makeFile();
    await seal(surroundings, path);
    expect((await unseal(surroundings, path)).text).toBe(TEXT);
  });

  it("is not made by what opens, rotates or only checks", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    for (const act of [() => unseal(surroundings, path), () => rotate(surroundings, [path]), () => seal(surroundings, path, ["a"], { strict: true })]) await expect(act()).rejects.toThrow(withCode("key-unavailable"));
    expect((await requireVault(surroundings)).contents.secrets).toEqual([]);
  });

  it("that is made by many at once is one", async () => {
    const { surroundings } = await makeVaultHome();
    const paths = Array.from({ length: 4 }, () => makeFile());
    await Promise.all(paths.map((path) => seal(surroundings, path)));
    for (const path of paths) expect((await unseal(surroundings, path)).text).toBe(TEXT);
    expect((await requireVault(surroundings)).contents.secrets).toHaveLength(1);
  });

  it("comes from variables, the newest first, and needs no vault then", async () => {
    const [old, next] = [makeKeyText(), makeKeyText()];
    const { surroundings } = makeHome({ OLD: old, NEXT: next, EMPTY: "" });
    const path = makeFile();
    await seal(surroundings, path, ["a"], { variables: ["OLD"] });
    await expect(unseal(surroundings, path, { variables: ["NEXT"] })).rejects.toThrow(withCode("wrong-key"));
    for (const name of ["EMPTY", "UNSET"]) await expect(unseal(surroundings, path, { variables: [name] })).rejects.toThrow(withCode("key-unavailable"));
    await rotate(surroundings, [path], { variables: ["NEXT", "OLD"] });
    expect((await unseal(surroundings, path, { variables: ["NEXT"] })).text).toBe(TEXT);
    await expect(rotate(surroundings, [path], { variables: ["NEXT", "OLD"] })).rejects.toThrow(withCode("usage"));
    expect(existsSync(surroundings.paths.vaultFile)).toBe(false);
  });
});

describe("a rotation", () => {
  it("makes one key for all its files, and keeps the old one for the others", async () => {
    const { surroundings } = await makeVaultHome();
    const [one, two, other] = [makeFile(), makeFile("A: 1\n", "b.yaml"), makeFile()];
    for (const path of [one, other]) await seal(surroundings, path);
    await seal(surroundings, two, ["A"]);
    const [old] = await keyIds(surroundings);
    await rotate(surroundings, [one, two]);
    const ids = await keyIds(surroundings);
    expect(ids).toEqual([expect.not.stringMatching(old ?? ""), old]);
    for (const path of [one, two]) expect(readFileSync(path, "utf8")).toContain(`enc:v2:${ids[0] ?? ""}`);
    for (const [path, text] of [[one, TEXT], [two, "A: 1\n"], [other, TEXT]] as const) expect((await unseal(surroundings, path)).text).toBe(text);
  });

  it("that was cut off is completed without a second key", async () => {
    const { surroundings } = await makeVaultHome();
    const [one, two] = [makeFile(), makeFile()];
    for (const path of [one, two]) await seal(surroundings, path);
    const before = readFileSync(two);
    await rotate(surroundings, [one, two]);
    writeFileSync(two, before);
    await rotate(surroundings, [one, two]);
    expect(await keyIds(surroundings)).toHaveLength(2);
    expect(readFileSync(two, "utf8")).toContain((await keyIds(surroundings))[0]);
  });

  it("of two processes at once loses no key", async () => {
    const { surroundings } = await makeVaultHome();
    const paths = [makeFile(), makeFile(), makeFile()];
    for (const path of paths) await seal(surroundings, path);
    await Promise.all(paths.map((path) => rotate(surroundings, [path])));
    expect(await keyIds(surroundings)).toHaveLength(4);
    for (const path of paths) expect((await unseal(surroundings, path)).text).toBe(TEXT);
  });
});

describe("the file", () => {
  it("keeps its mode when it is sealed, and is its owner's alone when it is opened in place", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    chmodSync(path, 0o664);
    await seal(surroundings, path);
    expect(statSync(path).mode & 0o777).toBe(0o664);
    await unseal(surroundings, path, { inPlace: true });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toBe(TEXT);
  });

  it("that is a link is sealed where it leads; one with two names is refused, since the other would keep the value", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    const link = join(makeFolder(), "link.json");
    symlinkSync(path, link);
    await seal(surroundings, link);
    expect(readFileSync(path, "utf8")).toContain("enc:v2:");
    const other = makeFile();
    linkSync(other, `${other}.twin`);
    await expect(seal(surroundings, other)).rejects.toThrow(withCode("usage"));
    expect(readFileSync(other, "utf8")).toBe(TEXT);
  });

  it("that was changed since it was read is left as it is", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    const before = read(path);
    writeFileSync(path, '{"a":"changed"}');
    await expect(sealFiles(surroundings, [before], ["a"], OPTIONS)).rejects.toThrow(withCode("busy"));
    expect(readFileSync(path, "utf8")).toBe('{"a":"changed"}');
  });

  it("in which nothing changes is not written", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    await seal(surroundings, path);
    const before = statSync(path);
    await seal(surroundings, path);
    expect(statSync(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it.each([["config.toml", "usage"], ["config", "usage"]])("whose name does not tell its format is refused: %s", async (name, code) => {
    const { surroundings } = await makeVaultHome();
    await expect(seal(surroundings, makeFile(TEXT, name))).rejects.toThrow(withCode(code));
    expect(await seal(surroundings, makeFile(TEXT, name), ["a"], { format: "json" })).toMatchObject([{ changed: ["a"] }]);
  });

  it("that would become too large to be read again is left as it is", async () => {
    const { surroundings } = await makeVaultHome();
    const text = JSON.stringify({ a: "one", rest: "x".repeat(SEALED_FILE_BYTES_MAX - 50) });
    const path = makeFile(text);
    await expect(seal(surroundings, path)).rejects.toThrow(withCode("usage"));
    expect(readFileSync(path, "utf8") === text).toBe(true);
  });

  it("has its entry in the log, which names no value and no field", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    await seal(surroundings, path);
    await unseal(surroundings, path);
    const log = readdirSync(surroundings.paths.auditFolder).map((name) => readFileSync(join(surroundings.paths.auditFolder, name), "utf8")).join("");
    expect(log).toMatch(/"kind":"file.seal".*"file":"config.json"/);
    expect(log).toMatch(/"kind":"file.unseal"/);
    expect(log).not.toMatch(/"one"/);
  });

  it("and the key's value are told apart: the vault holds the one, and no file the other", async () => {
    const { surroundings } = await makeVaultHome();
    const path = makeFile();
    await seal(surroundings, path);
    const value = await withOpenVault(surroundings, async ({ file, holder }) => Buffer.from((await openSecrets(holder, file.contents.id, file.contents.secrets))[0]!.reveal()).toString());
    for (const text of [readFileSync(path, "utf8"), readFileSync(surroundings.paths.vaultFile, "utf8")]) expect(text).not.toContain(value);
  });
});
