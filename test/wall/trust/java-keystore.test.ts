import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { formatKeystore, readKeystore } from "../../../src/wall/trust/java-keystore.ts";
import { derOfPem } from "../../../src/wall/trust/subject-hash.ts";
import { makeFolder } from "../../support/temporary.ts";

const roots = rootCertificates.map(derOfPem);
const [root = new Uint8Array(), other = new Uint8Array()] = roots;

test("what is written is read back, and a store that is cut short counts for nothing", () => {
  const store = formatKeystore(roots, 0);
  expect(readKeystore(store).map((der) => Buffer.from(der))).toEqual(roots.map((der) => Buffer.from(der)));
  for (const length of [0, 4, 11, 12, 40, store.length - 21, store.length - 1]) expect(readKeystore(store.subarray(0, length))).toEqual([]);
});

test("what is no store is read as none", () => {
  expect(readKeystore(Buffer.from("-----BEGIN CERTIFICATE-----"))).toEqual([]);
  // The type of a bag at the very end, and one whose certificate is of another length.
  expect(readKeystore(Buffer.from("060a2a864886f70d01091601a0", "hex"))).toEqual([]);
  expect(readKeystore(Buffer.from("060a2a864886f70d01091601a003040100", "hex"))).toEqual([]);
});

describe.skipIf(spawnSync("keytool", ["-help"]).status !== 0)("with keytool", () => {
  const keytool = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync("keytool", [...args, "-storepass", "changeit", "-noprompt"], { encoding: "utf8" });
    expect(`${status} ${stdout} ${stderr}`).toMatch(/^0/);
    return stdout;
  };

  test("a store is read with its password, and each certificate is there under its fingerprint", () => {
    const path = join(makeFolder(), "store");
    writeFileSync(path, formatKeystore(roots, Date.now()));
    const listed = keytool("-list", "-keystore", path);
    expect(listed).toContain("Keystore type: JKS");
    expect(listed.match(/trustedCertEntry/g)?.length).toBe(roots.length);
  });

  test("of a JKS with a key in it, and of a PKCS #12 that hides nothing, the trusted certificates are taken, and never the key nor what belongs to it", () => {
    const folder = makeFolder();
    const certificate = join(folder, "root.der");
    for (const type of ["jks", "pkcs12"]) {
      const path = join(folder, type);
      if (type === "jks") keytool("-genkeypair", "-keystore", path, "-storetype", type, "-alias", "own", "-dname", "CN=own", "-keyalg", "EC", "-keypass", "changeit");
      for (const [number, der] of [root, other].entries()) {
        writeFileSync(certificate, der);
        keytool("-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE", "-importcert", "-keystore", path, "-storetype", type, "-alias", `r${number}`, "-file", certificate);
      }
      const sorted = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString("hex")).sort();
      expect(sorted(readKeystore(readFileSync(path)))).toEqual(sorted([root, other]));
    }
  });
});
