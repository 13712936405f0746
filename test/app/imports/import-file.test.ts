import { chmodSync, existsSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImportRequest } from "../../../src/app/imports/import-file.ts";
import { importFile } from "../../../src/app/imports/import-file.ts";
import { IMPORT_MAX } from "../../../src/app/imports/import-secrets.ts";
import { requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { createSecret } from "../../../src/app/secrets/secrets.ts";
import { openSource } from "../../../src/app/imports/source-file.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { mintForTrial } from "../../../src/proxy/places/placeholder.ts";
import { Secret } from "../../../src/secret.ts";
import { makeRegistry } from "../../../src/services/registry.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import { makeHome, makeVaultHome } from "../../support/home.ts";
import { refusalCode } from "../../support/refusal-code.ts";
import { makeFolder } from "../../support/temporary.ts";

type Wishes = Partial<Omit<ImportRequest, "path" | "bytes">>;

/** Imports a file of this text. */
async function importText(surroundings: Surroundings, text: string, wishes: Wishes = {}, path = "-") {
  return importFile(surroundings, { path, bytes: new Uint8Array(Buffer.from(text)), format: undefined, deleteSource: false, scope: { kind: "global" }, hosts: new Map(), leave: new Set(), askHosts: undefined, ...wishes });
}

async function valuesIn(surroundings: Surroundings): Promise<Record<string, string>> {
  return withOpenVault(surroundings, async ({ file, holder }) => {
    const records = file.contents.secrets;
    const values = await openSecrets(holder, file.contents.id, records);
    return Object.fromEntries(records.map(({ name }, index) => [name, Buffer.from(values[index]!.reveal()).toString()]));
  });
}

const ENV = "# keys\nOPENAI_API_KEY='sk-proj-one' # mine\nPORT=3000\nBILLING_KEY=bk-two\nEMPTY=\nPATH=/bin\n";

describe("an import", () => {
  it("pins what it knows, binds what it is told, skips the rest and says why", async () => {
    const { surroundings } = await makeVaultHome();
    const outcomes = await importText(surroundings, ENV, { hosts: new Map([["BILLING_KEY", ["billing.example.com:443"]]]) });
    expect(outcomes).toEqual([
      { name: "OPENAI_API_KEY", kind: "imported", service: "openai", hosts: ["api.openai.com:443"] },
      { name: "PORT", kind: "skipped", reason: "unknown" },
      { name: "BILLING_KEY", kind: "imported", service: undefined, hosts: ["billing.example.com:443"] },
      { name: "EMPTY", kind: "skipped", reason: "empty" },
      { name: "PATH", kind: "skipped", reason: "reserved" },
    ]);
    expect(await valuesIn(surroundings)).toEqual({ OPENAI_API_KEY: "sk-proj-one", BILLING_KEY: "bk-two" });
  });

  it("is one change of the vault and one entry of the log, and neither names a value", async () => {
    const { surroundings } = await makeVaultHome();
    const before = (await requireVault(surroundings)).contents.generation;
    await importText(surroundings, "OPENAI_API_KEY=one-value\nGITHUB_TOKEN=two-value\nSTRIPE_API_KEY=three-value\n");
    expect((await requireVault(surroundings)).contents.generation).toBe(before + 1);
    const log = readdirSync(surroundings.paths.auditFolder).map((name) => readFileSync(join(surroundings.paths.auditFolder, name), "utf8")).join("");
    expect(log.match(/"kind":"secret.import"/g)).toHaveLength(1);
    expect(log).toContain('"GITHUB_TOKEN"');
    expect(log + readFileSync(surroundings.paths.vaultFile, "utf8")).not.toMatch(/(?:one|two|three)-value/);
  });

  it("makes the vault where there is none", async () => {
    const { surroundings } = makeHome({ VAULT_KEK: "" });
    await importText(surroundings, "OPENAI_API_KEY=value\n");
    expect(await valuesIn(surroundings)).toEqual({ OPENAI_API_KEY: "value" });
  });

  it("replaces no value: the same one is told from another, and a second import changes nothing", async () => {
    const { surroundings } = await makeVaultHome();
    await importText(surroundings, "OPENAI_API_KEY=old\nGITHUB_TOKEN=same\n");
    const bytes = readFileSync(surroundings.paths.vaultFile);
    expect(await importText(surroundings, "OPENAI_API_KEY=new\nGITHUB_TOKEN=same\n")).toEqual([
      { name: "OPENAI_API_KEY", kind: "skipped", reason: "exists" },
      { name: "GITHUB_TOKEN", kind: "unchanged" },
    ]);
    expect(readFileSync(surroundings.paths.vaultFile)).toEqual(bytes);
  });

  it("asks for the hosts of names that it does not know, and of no others", async () => {
    const { surroundings } = await makeVaultHome();
    const asked: string[] = [];
    const askHosts = (name: string) => {
      asked.push(name);
      return Promise.resolve(name === "A_KEY" ? ["a.example.com:443"] : undefined);
    };
    const outcomes = await importText(surroundings, "OPENAI_API_KEY=v\nA_KEY=v\nB_KEY=v\nC_KEY=v\n", { askHosts, leave: new Set(["C_KEY"]) });
    expect(asked).toEqual(["A_KEY", "B_KEY"]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["imported", "imported", "skipped", "skipped"]);
  });

  it("takes JSON, and aivault's entries as they stand", async () => {
    const { surroundings } = await makeVaultHome();
    await importText(surroundings, '\uFEFF {"OPENAI_API_KEY": "a\\u0062c", "GITHUB_TOKEN": "d"}');
    await importText(surroundings, "--entry NOTION_API_KEY='q#w'=\nLINEAR_API_KEY=x y\r\n", { format: "entries" });
    expect(await valuesIn(surroundings)).toEqual({ OPENAI_API_KEY: "abc", GITHUB_TOKEN: "d", NOTION_API_KEY: "'q#w'=", LINEAR_API_KEY: "x y" });
  });

  it.each<[string, string, Wishes]>([
    ["a broken .env", "A='b\n", {}],
    ["broken JSON", '{"OPENAI_API_KEY": "sk-secret"', {}],
    ["JSON with a number", '{"PORT": 3000}', {}],
    ["JSON with an object", '{"a": {"b": "c"}}', {}],
    ["JSON with a name twice", '{"OPENAI_API_KEY": "sk-secret",\n"OPENAI_API_KEY": "b"}', {}],
    ["entries with a name twice", "A=b\nA=c\n", { format: "entries" }],
    ["an entry that is none", "sk-secret\n", { format: "entries" }],
    ["hosts of a name that it does not have", "A=b\n", { hosts: new Map([["B", ["b.example.com:443"]]]) }],
    ["more names than fit into one entry of the log", Array.from({ length: IMPORT_MAX + 1 }, (_, index) => `K${String(index)}=sk-secret\n`).join(""), {}],
  ])("refuses %s, makes nothing and quotes nothing", async (_, text, wishes) => {
    const { surroundings } = makeHome();
    await expect(importText(surroundings, text, wishes)).rejects.toMatchObject({ code: "usage", message: expect.not.stringContaining("sk-secret") as unknown });
    expect(existsSync(surroundings.paths.dataFolder)).toBe(false);
  });

  it("of 300 secrets is one write, with progress", async () => {
    const steps: number[] = [];
    const { surroundings } = await makeVaultHome();
    const text = Array.from({ length: 300 }, (_, index) => `K${String(index)}=value-${String(index)}\n`).join("");
    const outcomes = await importText({ ...surroundings, showProgress: (_label, done) => steps.push(done) }, text, { askHosts: () => Promise.resolve(["api.example.com:443"]) });
    expect(outcomes.every(({ kind }) => kind === "imported")).toBe(true);
    expect(steps).toEqual([50, 100, 150, 200, 250, 300]);
  });
});

describe("the source", () => {
  const write = (text: string): string => {
    const path = join(makeFolder(), ".env");
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };

  it("keeps comments, order and what was skipped, and loses the values", async () => {
    const { surroundings, warnings } = await makeVaultHome();
    const path = write(`${ENV}# before: sk-proj-one\n`);
    await importText(surroundings, readFileSync(path, "utf8"), { deleteSource: true, hosts: new Map([["BILLING_KEY", ["billing.example.com:443"]]]) }, path);
    expect(readFileSync(path, "utf8")).toBe("# keys\nOPENAI_API_KEY=kept-in-vault # mine\nPORT=3000\nBILLING_KEY=kept-in-vault\nEMPTY=\nPATH=/bin\n# before: sk-proj-one\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(warnings.filter((warning) => !warning.includes("could be guessed"))).toEqual([expect.stringContaining('line 7: the value of "OPENAI_API_KEY" stands there too'), expect.stringContaining("history")]);
    expect(readdirSync(join(path, ".."))).toEqual([".env"]);
    const again = await importText(surroundings, readFileSync(path, "utf8"), { deleteSource: true }, path);
    expect(again.map((outcome) => (outcome.kind === "skipped" ? outcome.reason : outcome.kind))).toEqual(["kept", "unknown", "kept", "empty", "reserved"]);
  });

  it("was the only place where the values stood: no file holds one afterwards, in any form", async () => {
    const { surroundings } = await makeVaultHome();
    const keys = makeRegistry().services.filter(({ hosts }) => hosts.length > 0).slice(0, 20).map(({ variables, placeholders }) => ({ name: variables[0]!, value: mintForTrial(placeholders[0]) }));
    const path = write(keys.map(({ name, value }) => `${name}=${value}\n`).join(""));
    const outcomes = await importText(surroundings, readFileSync(path, "utf8"), { deleteSource: true }, path);
    expect(outcomes.every((outcome) => outcome.kind === "imported" && outcome.service !== undefined && outcome.hosts.length > 0)).toBe(true);
    const folders = [surroundings.paths.dataFolder, surroundings.paths.auditFolder, join(path, "..")];
    const files = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))).filter((file) => statSync(file).isFile());
    expect(files.length).toBeGreaterThanOrEqual(3);
    const text = files.map((file) => readFileSync(file, "latin1")).join("\n");
    for (const { value } of keys) for (const form of [value, Buffer.from(value).toString("base64").slice(0, -4), Buffer.from(value).toString("hex")]) expect(text).not.toContain(form);
  });

  it("of JSON stays JSON", async () => {
    const { surroundings } = await makeVaultHome();
    const path = write('{\n  "OPENAI_API_KEY": "a\\"b",\n  "OTHER": "c"\n}\n');
    await importText(surroundings, readFileSync(path, "utf8"), { deleteSource: true }, path);
    expect(readFileSync(path, "utf8")).toBe('{\n  "OPENAI_API_KEY": "kept-in-vault",\n  "OTHER": "c"\n}\n');
  });

  it("is left as it is where the vault has another value, or cannot be written", async () => {
    const { surroundings } = await makeVaultHome();
    await createSecret(surroundings, { name: "OPENAI_API_KEY", scope: { kind: "global" }, service: undefined, hosts: [], places: undefined, allowPrivate: false }, () => Promise.resolve(Secret.fromText("other")));
    const path = write("OPENAI_API_KEY=value\n");
    await importText(surroundings, "OPENAI_API_KEY=value\n", { deleteSource: true }, path);
    expect(readFileSync(path, "utf8")).toBe("OPENAI_API_KEY=value\n");
    chmodSync(surroundings.paths.dataFolder, 0o777);
    await expect(importText(surroundings, "GITHUB_TOKEN=value\n", { deleteSource: true }, write("GITHUB_TOKEN=value\n"))).rejects.toMatchObject({ code: "unsafe-file" });
    chmodSync(surroundings.paths.dataFolder, 0o700);
  });

  it("that somebody else changes meanwhile is left as they want it, and the import stands", async () => {
    const { surroundings } = await makeVaultHome();
    const path = write("OPENAI_API_KEY=value\nADDED=later\n");
    await expect(importText(surroundings, "OPENAI_API_KEY=value\n", { deleteSource: true }, path)).rejects.toMatchObject({ code: "busy" });
    expect(readFileSync(path, "utf8")).toBe("OPENAI_API_KEY=value\nADDED=later\n");
    expect(await valuesIn(surroundings)).toEqual({ OPENAI_API_KEY: "value" });
  });

  it("is overwritten where it lay, and found through a link", () => {
    const path = write("OPENAI_API_KEY=value\n");
    const link = `${path}.link`;
    symlinkSync(path, link);
    const source = openSource(link, new Uint8Array(readFileSync(path)));
    source.rewrite("OPENAI_API_KEY=kept-in-vault\n");
    source.close();
    expect(readFileSync(path, "utf8")).toBe("OPENAI_API_KEY=kept-in-vault\n");
    expect(readFileSync(link, "utf8")).toBe("OPENAI_API_KEY=kept-in-vault\n");
  });

  it("with a second name, or that is no file, is refused before anything is imported", async () => {
    const { surroundings } = await makeVaultHome();
    const path = write("OPENAI_API_KEY=value\n");
    linkSync(path, `${path}.other`);
    await expect(importText(surroundings, "OPENAI_API_KEY=value\n", { deleteSource: true }, path)).rejects.toMatchObject({ code: "usage" });
    expect(await valuesIn(surroundings)).toEqual({});
    for (const other of [makeFolder(), "/dev/null", `${path}.none`]) expect(refusalCode(() => openSource(other, new Uint8Array()))).toBe("usage");
  });
});
