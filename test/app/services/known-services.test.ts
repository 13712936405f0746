import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { getNamedService, judgeService, openRegistry } from "../../../src/app/services/known-services.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { createSecret, updateSecret } from "../../../src/app/secrets/secrets.ts";
import { utf8 } from "../../../src/bytes.ts";
import { Secret } from "../../../src/secret.ts";
import { makeHome, makeVaultHome } from "../../support/home.ts";
import { refusalCode } from "../../support/refusal-code.ts";

const ENTRY = { id: "billing", title: "Billing", variables: ["BILLING_KEY"], hosts: ["billing.example.com:443"], credentials: [{ place: "query", parameter: "key" }], placeholders: ["bk_[A-Za-z0-9]{32}"], documentation: "https://example.com" };
const bytesOf = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const ask = () => Promise.resolve(Secret.fromText("kZ8!vR2#pQ9xW4mT-value"));
const wish = { scope: { kind: "global" }, service: undefined, hosts: [], places: undefined, allowPrivate: false } as const;

describe("a service that the user adds", () => {
  it("is kept for the user alone, and pins secrets from then on", async () => {
    const { surroundings } = await makeVaultHome();
    const candidate = await judgeService(surroundings, bytesOf(ENTRY), false);
    expect(openRegistry(surroundings).services.some(({ isOwn }) => isOwn)).toBe(false);
    await withOpenVault(surroundings, ({ keys }) => candidate.keep(keys.services));
    const folder = join(surroundings.paths.dataFolder, "services");
    expect(readdirSync(folder)).toEqual(["billing.json", "billing.mac"]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "billing.json")).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(folder, "billing.json"), "utf8"))).toEqual(ENTRY);
    expect(getNamedService(surroundings, "BILLING_KEY")).toMatchObject({ id: "billing", isOwn: true });
    const record = await createSecret(surroundings, { ...wish, name: "BILLING_KEY" }, ask);
    expect(record).toMatchObject({ service: "billing", hosts: ["billing.example.com:443"], places: ["basic", "header", "query"] });
  });

  it("is refused for bytes that are no JSON, quoting none of them", async () => {
    const { surroundings } = makeHome();
    for (const bytes of [utf8("API_KEY=sk-a-secret"), Uint8Array.of(0xff, 0xfe), utf8("")]) {
      await expect(judgeService(surroundings, bytes, false)).rejects.toThrow(expect.objectContaining({ code: "usage", message: "this is no JSON" }));
    }
    await expect(judgeService(surroundings, bytesOf({ ...ENTRY, hosts: [] }), false)).rejects.toMatchObject({ code: "usage" });
  });

  it("has no wildcard under which strangers have hosts", async () => {
    const { surroundings } = makeHome();
    await expect(judgeService(surroundings, bytesOf({ ...ENTRY, hosts: ["*.github.io:443"] }), false)).rejects.toThrow(/anybody can have a name below "github.io"/);
    await expect(judgeService(surroundings, bytesOf({ ...ENTRY, hosts: ["*.billing.example.com:443"] }), false)).resolves.toBeDefined();
  });

  it("is not read from a folder, or a file, that somebody else may write", async () => {
    const { surroundings } = makeHome();
    await (await judgeService(surroundings, bytesOf(ENTRY), false)).keep(new Uint8Array(32));
    const folder = join(surroundings.paths.dataFolder, "services");
    chmodSync(folder, 0o777);
    expect(refusalCode(() => openRegistry(surroundings))).toBe("unsafe-file");
    chmodSync(folder, 0o700);
    chmodSync(join(folder, "billing.json"), 0o644);
    expect(refusalCode(() => openRegistry(surroundings))).toBe("unsafe-file");
  });

  it("stops what needs the list when its file was changed into something else", () => {
    const { surroundings } = makeHome();
    const folder = join(surroundings.paths.dataFolder, "services");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, text] of [["other.json", JSON.stringify(ENTRY)], ["billing.json", "{"]] as const) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      expect(refusalCode(() => openRegistry(surroundings))).toBe("bad-schema");
      writeFileSync(join(folder, name), JSON.stringify({ ...ENTRY, id: name.replace(".json", "") }), { mode: 0o600 });
      expect(refusalCode(() => openRegistry(surroundings))).toBeUndefined();
    }
    symlinkSync("/dev/null", join(folder, "link.json"));
    expect(refusalCode(() => openRegistry(surroundings))).toBe("unsafe-file");
  });

  it("that takes a known variable by hand, behind the command's back, gets none of its secrets", async () => {
    const { surroundings } = await makeVaultHome();
    const folder = join(surroundings.paths.dataFolder, "services");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "billing.json"), JSON.stringify({ ...ENTRY, variables: ["OPENAI_API_KEY"], hosts: ["api.evil.example:443"] }), { mode: 0o600 });
    expect(await createSecret(surroundings, { ...wish, name: "OPENAI_API_KEY" }, ask)).toMatchObject({ service: "openai", hosts: ["api.openai.com:443"] });
  });
});

describe("a pin", () => {
  it("is widened only where that is said", async () => {
    const { surroundings, warnings } = await makeVaultHome();
    const evil = ["api.evil.example:443"];
    await expect(createSecret(surroundings, { ...wish, name: "KEY", service: "openai", hosts: evil }, ask)).rejects.toMatchObject({ code: "usage" });
    await createSecret(surroundings, { ...wish, name: "OPENAI_API_KEY" }, ask);
    await expect(updateSecret(surroundings, "OPENAI_API_KEY", undefined, { addHosts: evil })).rejects.toMatchObject({ code: "usage" });
    await expect(updateSecret(surroundings, "OPENAI_API_KEY", undefined, { service: "anthropic" })).rejects.toMatchObject({ code: "usage" });
    expect(await updateSecret(surroundings, "OPENAI_API_KEY", undefined, { addHosts: ["api.openai.com:443"] })).toMatchObject({ hosts: ["api.openai.com:443"] });
    expect(await updateSecret(surroundings, "OPENAI_API_KEY", undefined, { addHosts: evil, widen: true })).toMatchObject({ service: "openai", hosts: ["api.evil.example:443", "api.openai.com:443"] });
    expect(warnings).toEqual([expect.stringContaining("and goes beyond")]);
  });

  it("to a service of which each customer has a host wants that host, and takes no other without a word", async () => {
    const { surroundings, warnings } = await makeVaultHome();
    const azure = { ...wish, name: "AZURE_OPENAI_API_KEY" };
    await expect(createSecret(surroundings, azure, ask)).rejects.toMatchObject({ code: "usage", hint: expect.stringContaining("--host NAME.openai.azure.com") as unknown });
    expect(await createSecret(surroundings, { ...azure, hosts: ["mine.openai.azure.com:443"] }, ask)).toMatchObject({ service: "azure-openai", hosts: ["mine.openai.azure.com:443"] });
    await expect(updateSecret(surroundings, "AZURE_OPENAI_API_KEY", undefined, { addHosts: ["theirs.openai.azure.com:443"] })).rejects.toMatchObject({ code: "usage" });
    expect(await createSecret(surroundings, { ...wish, name: "OTHER", service: "pinecone", hosts: ["index-1.svc.aped-1.pinecone.io:443"] }, ask)).toMatchObject({ service: "pinecone", hosts: ["api.pinecone.io:443", "index-1.svc.aped-1.pinecone.io:443"] });
    await expect(createSecret(surroundings, { ...wish, name: "THIRD", service: "azure-openai", hosts: ["openai.azure.com:443"] }, ask)).rejects.toMatchObject({ code: "usage" });
    await expect(createSecret(surroundings, { ...wish, name: "THIRD", service: "azure-openai", hosts: ["mine.openai.azure.com.evil.example:443"] }, ask)).rejects.toMatchObject({ code: "usage" });
    expect(await createSecret(surroundings, { ...wish, name: "SUPABASE_ANON_KEY", hosts: ["mine.supabase.co.evil.example:443"] }, ask)).toMatchObject({ service: undefined });
    expect(warnings).toEqual([expect.stringContaining('keys of "supabase-project"')]);
    await createSecret(surroundings, { ...wish, name: "FOURTH" }, ask);
    await expect(updateSecret(surroundings, "FOURTH", undefined, { service: "azure-openai" })).rejects.toMatchObject({ code: "usage" });
    expect(await updateSecret(surroundings, "FOURTH", undefined, { service: "azure-openai", addHosts: ["mine.openai.azure.com:443"] })).toMatchObject({ service: "azure-openai" });
  });

  it("is not made where a known name is given another host, and that is said", async () => {
    const { surroundings, warnings } = await makeVaultHome();
    expect(await createSecret(surroundings, { ...wish, name: "OPENAI_API_KEY", hosts: ["gateway.example:443"] }, ask)).toMatchObject({ service: undefined, hosts: ["gateway.example:443"] });
    expect(warnings).toEqual([expect.stringContaining('keys of "openai"')]);
  });
});
