// The database is read by SQLite and by NSS themselves, where the machine has them: Chromium is tried in real-stores.test.ts.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { makeRunCa } from "../../../src/proxy/tls/run-ca.ts";
import { parseHostBinding } from "../../../src/vault/host.ts";
import { formatNssDatabase } from "../../../src/wall/trust/nss-database.ts";
import { formatDatabase } from "../../../src/wall/trust/sqlite-file.ts";
import { derOfPem } from "../../../src/wall/trust/subject-hash.ts";
import { makeFolder } from "../../support/temporary.ts";

const PYTHON = ["-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute('pragma integrity_check').fetchone()[0]); [print(row) for row in c.execute('select * from one')]"];
const hasSqlite = spawnSync("python3", ["-c", "import sqlite3"]).status === 0;
const hasCertutil = existsSync("/usr/bin/certutil");

test.skipIf(!hasSqlite)("SQLite reads what is written, in small pages and in large ones (needs Python)", () => {
  const file = join(makeFolder(), "file.db");
  for (const [length, pageBytes] of [[0, 4096], [3, 4096], [200, 4096], [4000, 4096], [4060, 65_536], [60_000, 65_536]] as const) {
    const bytes = formatDatabase([{ name: "one", columns: ["a", "b", "c"], rows: [{ a: 7, c: Buffer.alloc(length, "x") }, { b: -2 }] }, { name: "two", columns: ["a"], rows: [] }]);
    expect(bytes?.length).toBe(3 * pageBytes);
    writeFileSync(file, bytes ?? "");
    expect(spawnSync("python3", [...PYTHON, file], { encoding: "utf8" }).stdout).toBe(`ok\n(7, None, b'${"x".repeat(length)}')\n(None, -2, None)\n`);
  }
  expect(formatDatabase([{ name: "one", columns: ["a"], rows: [{ a: Buffer.alloc(65_530) }] }])).toBeUndefined();
});

describe.skipIf(!hasCertutil)("NSS (needs certutil)", () => {
  const certutil = (folder: string, ...words: readonly string[]): string => spawnSync("/usr/bin/certutil", [...words, "-d", `sql:${folder}`], { encoding: "utf8" }).stdout;
  const lay = (pem: string): string => {
    const folder = join(makeFolder(), "nssdb");
    const database = formatNssDatabase(derOfPem(pem), "vault run");
    mkdirSync(folder);
    writeFileSync(join(folder, "cert9.db"), database?.certificates ?? "");
    writeFileSync(join(folder, "key4.db"), database?.keys ?? "");
    return folder;
  };

  test("trusts the root for servers, and gives it back byte for byte", () => {
    for (const hosts of [1, 400]) {
      const { certificate } = makeRunCa(Array.from({ length: hosts }, (_, number) => parseHostBinding(`host-${number}.example.test`)));
      const folder = lay(certificate);
      expect(certutil(folder, "-L")).toMatch(/^vault run +C,,/m);
      expect(derOfPem(certutil(folder, "-L", "-n", "vault run", "-a"))).toEqual(derOfPem(certificate));
    }
  });

  test("takes further roots into it", () => {
    const [root = ""] = rootCertificates;
    const folder = lay(root);
    const [, other = ""] = rootCertificates;
    writeFileSync(join(folder, "other.pem"), other);
    certutil(folder, "-A", "-n", "other", "-t", "C,,", "-i", join(folder, "other.pem"));
    expect(certutil(folder, "-L")).toMatch(/^vault run +C,,[^]*^other +C,,/m);
  });
});
