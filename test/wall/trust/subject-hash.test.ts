import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { derOfAll, derOfPem, hashSubject } from "../../../src/wall/trust/subject-hash.ts";
import { makeFolder } from "../../support/temporary.ts";

/** Subjects that are the same to OpenSSL in spite of how they are written, and texts of every kind that it writes. */
const SUBJECTS = [
  ["/CN=vault run 0123456789abcdef", "utf8only"],
  ["/C=DE/O=  Two   Spaces \t and a Tab /CN=MiXeD Case", "utf8only"],
  ["/C=DE/O=Ünïcode ÄÖ/OU=one+CN=two", "utf8only"],
  ["/C=DE/O=Printable Only/CN=x", "default"],
  ["/O=Ärger/CN=BMP", "MASK:0x0800"],
  ["/emailAddress=Root@Example.org/DC=Example/DC=ORG", "default"],
] as const;

test.skipIf(spawnSync("openssl", ["version"]).status !== 0)("the hash of a subject is the one that OpenSSL finds a root by, for every root that Node has and for odd subjects", () => {
  const folder = makeFolder();
  rootCertificates.forEach((pem, number) => { writeFileSync(join(folder, `root-${number}.pem`), `${pem}\n`); });
  SUBJECTS.forEach(([subject, mask], number) => {
    const config = join(folder, "openssl.cnf");
    writeFileSync(config, `[req]\ndistinguished_name=n\nutf8=yes\nstring_mask=${mask}\n[n]\n`);
    const made = spawnSync("openssl", ["req", "-x509", "-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", join(folder, "key"), "-out", join(folder, `odd-${number}.pem`), "-utf8", "-multivalue-rdn", "-subj", subject, "-days", "1"], { encoding: "utf8" });
    expect(made.stderr + String(made.status)).toMatch(/0$/);
  });
  const names = readdirSync(folder).filter((name) => name.endsWith(".pem"));
  expect(spawnSync("openssl", ["rehash", folder]).status).toBe(0);
  const links = readdirSync(folder).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
  expect(links.length).toBe(names.length);
  const wrong = links.filter((link) => hashSubject(derOfPem(readFileSync(join(folder, link), "utf8"))) !== link.slice(0, 8));
  expect(wrong).toEqual([]);
});

test("every certificate of a text is taken, in order, and what stands between them is not", () => {
  const [first = "", second = ""] = rootCertificates;
  const all = derOfAll(`# a comment\n${first}\nanother\n${second}`);
  expect(all.map((der) => Buffer.from(der).toString("base64"))).toEqual([first, second].map((pem) => pem.replace(/-----[A-Z ]+-----|\s/g, "")));
});
