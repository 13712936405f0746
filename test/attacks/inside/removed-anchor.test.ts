// A program in a run may write the user's files. It puts an older vault.json back, with a secret that was taken away or a binding that was narrowed since, and removes the anchor that remembers the newer one;
// or it puts a vault of its own in this one's place, with its own key, so that the next secret is sealed for it; under another id or under this vault's, with the audit folder there or moved away.
import { copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acceptVault } from "../../../src/app/keys/accept-vault.ts";
import { openVault, requireVault } from "../../../src/app/keys/open-vault.ts";
import { sightVault } from "../../../src/app/keys/sighted-vault.ts";
import { readStatus } from "../../../src/app/keys/status.ts";
import { verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { deleteSecret } from "../../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { encodeBase64 } from "../../../src/bytes.ts";
import { makeVaultKey } from "../../../src/vault/envelope.ts";
import { parseKek } from "../../../src/vault/key-bytes.ts";
import { holdKek } from "../../../src/vault/local-holder.ts";
import { encodeVaultFile, parseVaultFile } from "../../../src/vault/vault-file.ts";
import { addSecret, makeHome, makeVaultHome } from "../../support/home.ts";
import { refusalOf } from "../../support/refusal.ts";

/** Everything that a person does with a vault is refused, and nothing is written to it. */
async function expectRefused(surroundings: Surroundings, code = "rolled-back"): Promise<void> {
  const { vaultFile } = surroundings.paths;
  const before = readFileSync(vaultFile);
  const acts: Readonly<Record<string, () => unknown>> = {
    list: () => sightVault(surroundings),
    status: () => readStatus(surroundings),
    run: () => openVault(surroundings),
    create: () => addSecret(surroundings, "NEXT"),
    verify: () => verifyTrail(surroundings),
  };
  for (const [what, act] of Object.entries(acts)) expect([what, await refusalOf(act)]).toEqual([what, code]);
  expect(readFileSync(vaultFile)).toEqual(before);
}

/** A vault whose second secret was taken away again, and its file from before. */
async function makeNarrowed(): Promise<{ readonly surroundings: Surroundings; readonly old: Buffer }> {
  const { surroundings } = await makeVaultHome("A", "WITHDRAWN");
  const old = readFileSync(surroundings.paths.vaultFile);
  await deleteSecret(surroundings, "WITHDRAWN", undefined);
  return { surroundings, old };
}

describe("an older vault.json is put back", () => {
  it("beside the anchor", async () => {
    const { surroundings, old } = await makeNarrowed();
    writeFileSync(surroundings.paths.vaultFile, old);
    await expectRefused(surroundings);
  });

  it("and the anchor is removed: the log knows what came after", async () => {
    const { surroundings, old } = await makeNarrowed();
    writeFileSync(surroundings.paths.vaultFile, old);
    rmSync(surroundings.paths.anchorFile);
    await expectRefused(surroundings);
  });

  it("the anchor is removed, and the log is cut to the same time: the head file knows more", async () => {
    const { surroundings, old } = await makeNarrowed();
    const { vaultFile, anchorFile, auditFolder } = surroundings.paths;
    const log = join(auditFolder, "audit.jsonl");
    const { sequence } = parseVaultFile(old).contents.audit;
    writeFileSync(log, readFileSync(log, "utf8").split("\n").slice(0, sequence).join("\n") + "\n");
    writeFileSync(vaultFile, old);
    rmSync(anchorFile);
    await expectRefused(surroundings);
    rmSync(log);
    await expectRefused(surroundings);
  });

  it("the anchor is made up: nobody has the key for that", async () => {
    const { surroundings, old } = await makeNarrowed();
    const { vaultFile, anchorFile } = surroundings.paths;
    const { vault, proofs } = JSON.parse(readFileSync(anchorFile, "utf8")) as { vault: string; proofs: string[] };
    const file = parseVaultFile(old);
    writeFileSync(vaultFile, old);
    writeFileSync(anchorFile, `${JSON.stringify({ vault, generation: file.contents.generation, mac: encodeBase64(file.mac), proofs })}\n`);
    await expectRefused(surroundings);
    writeFileSync(anchorFile, "{}\n");
    await expectRefused(surroundings);
  });
});

describe("another vault is put in this one's place", () => {
  it("with its own key: commands name both ids, whether the anchor's folder has a log or not", async () => {
    const [mine, theirs] = [await makeVaultHome("A"), await makeVaultHome("B")];
    const { paths } = mine.surroundings;
    const [own, strange] = [await requireVault(mine.surroundings), await requireVault(theirs.surroundings)];
    copyFileSync(theirs.surroundings.paths.vaultFile, paths.vaultFile);
    cpSync(theirs.surroundings.paths.keyFile, paths.keyFile);
    await expectRefused(mine.surroundings);
    await expect(requireVault(mine.surroundings)).rejects.toMatchObject({
      message: expect.stringContaining(encodeBase64(own.contents.id)) as string,
      hint: expect.stringContaining(`vault accept ${encodeBase64(strange.contents.id)}`) as string,
    });
    renameSync(paths.auditFolder, `${paths.auditFolder}-moved`);
    await expectRefused(mine.surroundings);
  });

  it("and the anchor is removed: the log does not know it", async () => {
    const [mine, theirs] = [await makeVaultHome("A"), await makeVaultHome("B")];
    const { paths } = mine.surroundings;
    copyFileSync(theirs.surroundings.paths.vaultFile, paths.vaultFile);
    cpSync(theirs.surroundings.paths.keyFile, paths.keyFile);
    rmSync(paths.anchorFile);
    await expectRefused(mine.surroundings);
  });

  it("under this vault's own id, with a higher generation: whoever holds its key sees that the anchor is another's", async () => {
    const { surroundings } = await makeVaultHome("A");
    const { paths } = surroundings;
    const { contents } = await requireVault(surroundings);
    const kek = parseKek(new Uint8Array(32).map((_, index) => index));
    const holder = holdKek(kek, contents.id);
    const forged = { ...contents, generation: contents.generation + 1, slot: { locator: { provider: "file", path: paths.keyFile, owned: true }, keyId: holder.keyId, commitment: holder.commitment } as const, vaultKey: await makeVaultKey(holder, contents.id), secrets: [] };
    writeFileSync(paths.vaultFile, await encodeVaultFile(forged, holder));
    writeFileSync(paths.keyFile, `${Buffer.from(kek).toString("base64")}\n`, { mode: 0o600 });
    await expect(sightVault(surroundings)).rejects.toMatchObject({ code: "rolled-back" });
    expect(await refusalOf(() => addSecret(surroundings, "NEXT"))).toBe("rolled-back");
    rmSync(paths.anchorFile);
    expect(await refusalOf(() => addSecret(surroundings, "NEXT"))).toBe("rolled-back");
  });

  it("after the vault itself was removed: none is made in passing, with a key that somebody left there", async () => {
    const { surroundings } = await makeVaultHome("A");
    const { paths } = surroundings;
    rmSync(paths.vaultFile);
    expect(await refusalOf(() => addSecret(surroundings, "NEXT"))).toBe("no-vault");
    rmSync(paths.anchorFile);
    expect(await refusalOf(() => addSecret(surroundings, "NEXT"))).toBe("no-vault");
  });
});

describe("what the owner does", () => {
  it("takes a vault from elsewhere: by its id, with its key; the log of the one before is put aside", async () => {
    const [mine, theirs] = [await makeVaultHome("A"), await makeVaultHome("B")];
    const { surroundings } = mine;
    const { paths } = surroundings;
    const id = encodeBase64((await requireVault(theirs.surroundings)).contents.id);
    copyFileSync(theirs.surroundings.paths.vaultFile, paths.vaultFile);
    cpSync(theirs.surroundings.paths.keyFile, paths.keyFile);
    expect(await refusalOf(() => acceptVault(surroundings, encodeBase64(new Uint8Array(16))))).toBe("usage");
    expect(await refusalOf(() => requireVault(surroundings))).toBe("rolled-back");
    await acceptVault(surroundings, id);
    await addSecret(surroundings, "NEXT");
    expect((await requireVault(surroundings)).contents.secrets.map(({ name }) => name).sort()).toEqual(["B", "NEXT"]);
  });

  it("goes back to an older copy: from then on that is the newest, also when the anchor is lost", async () => {
    const { surroundings, old } = await makeNarrowed();
    const { paths } = surroundings;
    writeFileSync(paths.vaultFile, old);
    await acceptVault(surroundings, encodeBase64(parseVaultFile(old).contents.id));
    rmSync(paths.anchorFile);
    await addSecret(surroundings, "NEXT");
    expect((await requireVault(surroundings)).contents.secrets.length).toBe(3);
    expect((await verifyTrail(surroundings)).doubts).toEqual([]);
  });

  it("brings the vault to a machine that knows nothing yet", async () => {
    const theirs = await makeVaultHome("B");
    const { surroundings } = makeHome();
    const { paths } = surroundings;
    mkdirSync(paths.dataFolder, { recursive: true, mode: 0o700 });
    cpSync(theirs.surroundings.paths.vaultFile, paths.vaultFile);
    mkdirSync(join(paths.keyFile, ".."), { recursive: true, mode: 0o700 });
    cpSync(theirs.surroundings.paths.keyFile, paths.keyFile);
    // The key's place stands in the vault: here it is the other home's.
    expect((await sightVault(surroundings)).isVerified).toBe(true);
    await addSecret(surroundings, "NEXT");
    expect((await requireVault(surroundings)).records.count).toBe(2);
  });

  it("is not done for him from inside a run", async () => {
    const { surroundings } = await makeVaultHome("A");
    const id = encodeBase64((await requireVault(surroundings)).contents.id);
    const inside: Surroundings = { ...surroundings, variables: { ...surroundings.variables, SSL_CERT_FILE: "/tmp/vault/run-7-0123456789abcdef/ca.pem" } };
    expect(await refusalOf(() => acceptVault(inside, id))).toBe("inside-run");
  });
});
