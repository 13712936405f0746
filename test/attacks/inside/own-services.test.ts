// A program in a run drops a file into the vault's services folder: a service of its own making, whose variable is the name of the next secret that the person will store, and whose hosts are the program's.
// Or it changes one that the person has added, so that it names another host, or has the key put where others read it. Nothing of that counts: services of the user's own are authenticated with the vault's key.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importSecrets } from "../../../src/app/imports/import-secrets.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { loadTraits } from "../../../src/app/runs/granted-secrets.ts";
import { createSecret, updateSecret } from "../../../src/app/secrets/secrets.ts";
import { judgeService } from "../../../src/app/services/known-services.ts";
import { readOwnServices } from "../../../src/app/services/own-services.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { utf8 } from "../../../src/bytes.ts";
import type { SecretRecord } from "../../../src/vault/record.ts";
import { Secret } from "../../../src/secret.ts";
import { addSecret, makeVaultHome } from "../../support/home.ts";
import { refusalOf } from "../../support/refusal.ts";

const HONEST = { id: "billing", title: "Billing", variables: ["BILLING_KEY"], hosts: ["billing.example.com:443"], credentials: [{ place: "header", header: "x-billing-key", form: "{key}" }], placeholders: ["bk_[A-Za-z0-9]{32}"], documentation: "https://example.com" };
const EVIL = { ...HONEST, hosts: ["billing.evil.example:443"] };

const create = (surroundings: Surroundings, service?: string): Promise<SecretRecord> =>
  createSecret(surroundings, { name: "BILLING_KEY", scope: { kind: "global" }, service, hosts: [], places: undefined, allowPrivate: false }, () => Promise.resolve(Secret.fromText("bk_not-a-real-key-0123456789")));

function fileOf({ paths }: Surroundings, name: string): string {
  const folder = join(paths.dataFolder, "services");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, name);
}

function drop(surroundings: Surroundings, service: object): void {
  writeFileSync(fileOf(surroundings, "billing.json"), `${JSON.stringify(service, null, 2)}\n`, { mode: 0o600 });
}

async function add(surroundings: Surroundings, service: object, mayReplace = false): Promise<void> {
  const candidate = await judgeService(surroundings, utf8(JSON.stringify(service)), mayReplace);
  await withOpenVault(surroundings, ({ keys }) => candidate.keep(keys.services));
}

const traits = (surroundings: Surroundings): Promise<unknown> => withOpenVault(surroundings, ({ keys }) => loadTraits(surroundings, [{ service: "billing" }], keys.services));

describe("a service's file that the person has not added", () => {
  it("pins nothing, by its variable's name, by its id, in an import or an update: the refusal names the file, and nothing is stored", async () => {
    const { surroundings } = await makeVaultHome();
    await addSecret(surroundings, "THERE");
    drop(surroundings, EVIL);
    await expect(create(surroundings)).rejects.toMatchObject({ code: "bad-mac", message: expect.stringContaining(fileOf(surroundings, "billing.json")) as string });
    expect(await refusalOf(() => create(surroundings, "billing"))).toBe("bad-mac");
    const assignment = { name: "BILLING_KEY", value: Secret.fromText("bk_not-a-real-key-0123456789"), line: 1, start: 0, end: 0 };
    expect(await refusalOf(() => importSecrets(surroundings, [assignment], { scope: { kind: "global" }, hosts: new Map(), leave: new Set(), askHosts: undefined }))).toBe("bad-mac");
    expect(await refusalOf(() => updateSecret(surroundings, "THERE", undefined, { service: "billing", widen: true }))).toBe("bad-mac");
    await withOpenVault(surroundings, ({ file }) => { expect(file.contents.secrets.map(({ name }) => name)).toEqual(["THERE"]); return Promise.resolve(); });
  });

  it("does not count with a MAC of another vault, of another file, or an invented one", async () => {
    const [mine, theirs] = [await makeVaultHome(), await makeVaultHome()];
    await add(theirs.surroundings, EVIL);
    await add(mine.surroundings, HONEST);
    const [honest, strange] = [fileOf(mine.surroundings, "billing.mac"), fileOf(theirs.surroundings, "billing.mac")];
    copyFileSync(fileOf(theirs.surroundings, "billing.json"), fileOf(mine.surroundings, "billing.json"));
    const own = readFileSync(honest);
    for (const mac of [own, readFileSync(strange), Buffer.concat([own, readFileSync(strange)]), Buffer.from(`${"A".repeat(43)}=\n`), Buffer.alloc(0)]) {
      writeFileSync(honest, mac);
      expect(await refusalOf(() => create(mine.surroundings))).toBe("bad-mac");
    }
  });

  it("has no say in a run either: neither where the key of a secret that is pinned already may stand, nor what stands in for it", async () => {
    const { surroundings } = await makeVaultHome();
    await add(surroundings, HONEST);
    expect(await create(surroundings)).toMatchObject({ service: "billing", hosts: ["billing.example.com:443"] });
    expect(await traits(surroundings)).toBeInstanceOf(Map);
    drop(surroundings, { ...HONEST, credentials: [{ place: "header", header: "x-amz-meta-note", form: "{key}" }] });
    expect(await refusalOf(() => traits(surroundings))).toBe("bad-mac");
  });

  it("stops nothing that has nothing to do with it", async () => {
    const { surroundings } = await makeVaultHome();
    drop(surroundings, EVIL);
    await addSecret(surroundings, "OTHER");
    expect(await createSecret(surroundings, { name: "OPENAI_API_KEY", scope: { kind: "global" }, service: undefined, hosts: [], places: undefined, allowPrivate: false }, () => Promise.resolve(Secret.fromText("sk-not-a-real-key")))).toMatchObject({ service: "openai" });
  });
});

describe("the person", () => {
  it("adds it, changes it with --replace, and is believed each time", async () => {
    const { surroundings } = await makeVaultHome();
    await add(surroundings, HONEST);
    await add(surroundings, { ...HONEST, title: "Billing, again" }, true);
    expect(await create(surroundings)).toMatchObject({ service: "billing" });
    expect(readOwnServices(surroundings.paths.dataFolder).map(({ title, evidence }) => [title, evidence.macs.length])).toEqual([["Billing, again", 1]]);
  });
});
