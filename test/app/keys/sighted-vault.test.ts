// Names and hosts are plaintext in the file: whoever shows them without the key says so.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeVault } from "../../../src/app/keys/make-vault.ts";
import { requireVault } from "../../../src/app/keys/open-vault.ts";
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import { sightVault } from "../../../src/app/keys/sighted-vault.ts";
import { Secret } from "../../../src/secret.ts";
import { concatBytes, utf8 } from "../../../src/bytes.ts";
import { sha256 } from "../../second-opinion/crypto.ts";
import { makeHome, makeVaultHome } from "../../support/home.ts";
import { refusalOf } from "../../support/refusal.ts";

const ONE = Buffer.alloc(32, "0123456789abcdef\x00").toString("base64");

/** What somebody makes of a vault without its key: other hosts, and a checksum that fits. */
function rebind(vaultFile: string): void {
  const text = readFileSync(vaultFile, "utf8").replaceAll("api.example.com", "evil.example.co");
  const body = text.slice(0, text.lastIndexOf('  "mac": '));
  const [, mac = ""] = /"mac": "(.*)"/.exec(text) ?? [];
  writeFileSync(vaultFile, text.replace(/"checksum": ".*"/, () => `"checksum": "${sha256(sha256(Buffer.from(body)), Buffer.from(mac, "base64")).toString("base64")}"`));
}

describe("a vault that is only looked at", () => {
  test("is verified where a key file is at hand, and refused where somebody without the key has written it", async () => {
    const { surroundings, warnings } = await makeVaultHome("A");
    expect(await sightVault(surroundings)).toMatchObject({ isVerified: true });
    rebind(surroundings.paths.vaultFile);
    expect(await refusalOf(() => sightVault(surroundings))).toBe("bad-mac");
    expect(warnings).toEqual([]);
  });

  test("is shown as not verified, with a line that says so, where the key is not at hand", async () => {
    const { surroundings, warnings } = await makeVaultHome("A");
    renameSync(surroundings.paths.keyFile, `${surroundings.paths.keyFile}.away`);
    const { file, isVerified } = await sightVault(surroundings);
    expect([isVerified, file.records.outlines().map(({ name }) => name)]).toEqual([false, ["A"]]);
    expect(warnings).toEqual([expect.stringContaining("not verified")]);
    // Another vault's key is none either; what needs the key says more.
    writeFileSync(surroundings.paths.keyFile, concatBytes(utf8(ONE), utf8("\n")), { mode: 0o600 });
    expect((await sightVault(surroundings)).isVerified).toBe(false);
  });

  test("asks nobody: not for a passphrase, and no keyring", async () => {
    const home = makeHome();
    await makeVault(home.surroundings, { provider: "passphrase", ask: () => Promise.resolve(Secret.fromText("pw")), cost: { memoryKib: 19_456, passes: 2 } });
    // Asking is a failure of the test.
    expect(await sightVault(home.surroundings)).toMatchObject({ isVerified: false });
    expect(home.warnings).toEqual([expect.stringContaining("not verified")]);
  });

  test("is verified by a variable", async () => {
    const { surroundings, warnings } = makeHome({ VAULT_KEK: ONE });
    await makeVault(surroundings, { provider: "env", variable: "VAULT_KEK" });
    expect(await sightVault(surroundings)).toMatchObject({ isVerified: true });
    expect((await sightVault({ ...surroundings, variables: {} })).isVerified).toBe(false);
    expect(warnings.length).toBe(1);
  });

  test("whose key is replaced meanwhile is read again", async () => {
    const { surroundings } = await makeVaultHome("A");
    let reads = 0;
    const find: typeof requireVault = async (from) => {
      const file = await requireVault(from);
      reads += 1;
      if (reads === 1) await rotateMaster(surroundings, { provider: "file", path: undefined, kek: undefined }, true);
      return file;
    };
    expect(await sightVault(surroundings, find)).toMatchObject({ isVerified: true });
    expect(reads).toBe(2);
  });
});
