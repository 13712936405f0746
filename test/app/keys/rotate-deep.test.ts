// rotate-master --deep, for when somebody else may have had the key: nothing that it opened is of use afterwards, and everything that is the owner's goes on.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { openVault, requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import { createSecret } from "../../../src/app/secrets/secrets.ts";
import { judgeService } from "../../../src/app/services/known-services.ts";
import { readOwnServices } from "../../../src/app/services/own-services.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { findEntry } from "../../../src/audit/entry.ts";
import { readLog } from "../../../src/audit/log.ts";
import { utf8 } from "../../../src/bytes.ts";
import { Secret } from "../../../src/secret.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import { addSecret, makeVaultHome } from "../../support/home.ts";
import { refusalOf } from "../../support/refusal.ts";

const rotate = (surroundings: Surroundings, isDeep = true) => rotateMaster(surroundings, { provider: "file", path: undefined, kek: undefined }, isDeep);
const SERVICE = { id: "billing", title: "Billing", variables: ["BILLING_KEY"], hosts: ["billing.example.com:443"], credentials: [{ place: "header", header: "x-billing-key", form: "{key}" }], placeholders: ["bk_[A-Za-z0-9]{32}"], documentation: "https://example.com" };

const valuesOf = (surroundings: Surroundings): Promise<string[]> => withOpenVault(surroundings, async ({ file, holder }) =>
  (await openSecrets(holder, file.contents.id, file.contents.secrets)).map((value) => Buffer.from(value.reveal()).toString()).sort());

async function makeRun(surroundings: Surroundings, id: string): Promise<void> {
  await withOpenVault(surroundings, async (vault) => {
    const trail = await openRunTrail(surroundings, vault, id, { kind: "run.start" });
    trail.enter({ kind: "secret.use" });
    await trail.close({ kind: "run.end" });
  });
}

describe("rotate-master --deep", () => {
  test("leaves the values, and nothing else of what the old key opened: not even together with the file of today", async () => {
    const { surroundings } = await makeVaultHome("A", "B");
    const [before, old] = [await requireVault(surroundings), await openVault(surroundings)];
    const oldKeys = Object.values({ ...old.keys }).map((key: Uint8Array) => Buffer.from(key).toString("hex"));
    await rotate(surroundings);
    expect(await valuesOf(surroundings)).toEqual(["value of A", "value of B"]);
    const after = await requireVault(surroundings);
    for (const [index, { value, dek, ...rest }] of after.contents.secrets.entries()) {
      const { value: oldValue, dek: oldDek, ...oldRest } = before.contents.secrets[index]!;
      expect(rest).toEqual(oldRest);
      expect([value.ciphertext === oldValue.ciphertext, value.nonce === oldValue.nonce, value.commitment === oldValue.commitment, dek.ciphertext === oldDek.ciphertext]).toEqual([false, false, false, false]);
      // A DEK of the old file, which the old holder still unwraps, opens nothing of the new one.
      expect(await refusalOf(() => openSecrets(old.holder, after.contents.id, [{ ...after.contents.secrets[index]!, dek: oldDek }]))).toBe("bad-commitment");
    }
    const newKeys = await withOpenVault(surroundings, ({ keys }) => Promise.resolve(Object.values({ ...keys }).map((key: Uint8Array) => Buffer.from(key).toString("hex"))));
    expect(newKeys.filter((key) => oldKeys.includes(key))).toEqual([]);
    old.close();
  });

  test("plain rotate-master leaves what is sealed, and what the vault key gives, as they are", async () => {
    const { surroundings } = await makeVaultHome("A");
    const [before, keys] = [await requireVault(surroundings), await withOpenVault(surroundings, ({ keys: its }) => Promise.resolve(its.audit.slice()))];
    await rotate(surroundings, false);
    const after = await requireVault(surroundings);
    expect(after.contents.secrets[0]?.value).toEqual(before.contents.secrets[0]?.value);
    expect(await withOpenVault(surroundings, ({ keys: its }) => Promise.resolve(its.audit.slice()))).toEqual(keys);
  });

  test("closes the log with an entry of the old key's, and opens the next with one that names it; runs before and after are verified", async () => {
    const { surroundings } = await makeVaultHome("A");
    await makeRun(surroundings, "aa");
    await rotate(surroundings);
    await makeRun(surroundings, "bb");
    await rotate(surroundings);
    await addSecret(surroundings, "B");
    const entries = readLog(surroundings.paths.auditFolder).map((line) => findEntry(line)!);
    const closing = entries.filter(({ event }) => event["closesLog"] === true);
    const opening = entries.filter(({ event }) => event.kind === "audit.open");
    expect(closing.map(({ event, seq }) => [event.kind, event["deep"], seq])).toEqual(opening.map(({ event, seq }) => ["master.rotate", true, Number(event["closed"]) === seq - 1 ? seq - 1 : NaN]));
    expect(opening.map(({ event, prev }) => event["hash"] === prev)).toEqual([true, true]);
    expect(await verifyTrail(surroundings)).toMatchObject({ entries: entries.length, segments: 2, doubts: [] });
  });

  test("whatever is changed in the part of the old key is noticed all the same", async () => {
    const { surroundings } = await makeVaultHome("A");
    await makeRun(surroundings, "aa");
    await rotate(surroundings);
    await addSecret(surroundings, "B");
    const path = join(surroundings.paths.auditFolder, "audit.jsonl");
    const text = readFileSync(path, "utf8");
    for (const [from, to] of [['"kind":"run.start"', '"kind":"run.stare"'], ['"closesLog":true', '"closesLog":1'], ['"kind":"audit.open"', '"kind":"audit.opem"'], [/^.*"run\.end".*\n/m, ""], [/^.*"audit\.open".*\n/m, ""]] as const) {
      writeFileSync(path, text.replace(from, to));
      expect(await refusalOf(() => verifyTrail(surroundings))).toBe("audit-broken");
    }
    const run = join(surroundings.paths.auditFolder, "runs", "aa.jsonl");
    writeFileSync(path, text);
    writeFileSync(run, readFileSync(run, "utf8").replace("secret.use", "secret.us_"));
    expect(await refusalOf(() => verifyTrail(surroundings))).toBe("audit-broken");
  });

  test("who has no key cannot pass lines off as those of an old one", async () => {
    const { surroundings } = await makeVaultHome("A");
    await addSecret(surroundings, "B");
    const path = join(surroundings.paths.auditFolder, "audit.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, [lines[0]!.replace('"provider":"file"', '"closesLog":true'), ...lines.slice(1)].join("\n"));
    expect(await refusalOf(() => verifyTrail(surroundings))).toBe("audit-broken");
  });

  test("keeps the services that the user has added, and no other", async () => {
    const { surroundings } = await makeVaultHome();
    const candidate = await judgeService(surroundings, utf8(JSON.stringify(SERVICE)), false);
    await withOpenVault(surroundings, ({ keys }) => candidate.keep(keys.services));
    const folder = join(surroundings.paths.dataFolder, "services");
    writeFileSync(join(folder, "other.json"), JSON.stringify({ ...SERVICE, id: "other", variables: ["OTHER_KEY"] }), { mode: 0o600 });
    const macBefore = readFileSync(join(folder, "billing.mac"), "utf8");
    await rotate(surroundings);
    expect(readFileSync(join(folder, "billing.mac"), "utf8")).not.toBe(macBefore);
    expect(readOwnServices(surroundings.paths.dataFolder).map(({ id, evidence }) => [id, evidence.macs.length])).toEqual([["billing", 1], ["other", 0]]);
    const create = (name: string) => createSecret(surroundings, { name, scope: { kind: "global" }, service: undefined, hosts: [], places: undefined, allowPrivate: false }, () => Promise.resolve(Secret.fromText("bk_not-a-real-key-0123456789")));
    expect(await create("BILLING_KEY")).toMatchObject({ service: "billing" });
    expect(await refusalOf(() => create("OTHER_KEY"))).toBe("bad-mac");
  });

  test("the vault of before is noticed when it is put back with its key", async () => {
    const { surroundings } = await makeVaultHome("A");
    const { vaultFile, keyFile } = surroundings.paths;
    const [vault, key] = [readFileSync(vaultFile), readFileSync(keyFile)];
    await rotate(surroundings);
    writeFileSync(vaultFile, vault);
    writeFileSync(keyFile, key);
    expect(await refusalOf(() => openVault(surroundings))).toBe("rolled-back");
  });
});
