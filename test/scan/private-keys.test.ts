// Keys as OpenSSH and OpenSSL write them, each kind with and without a passphrase.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { digestOf, findCredentials } from "../../src/scan/find-credentials.ts";

const folder = mkdtempSync(join(tmpdir(), "private-keys-"));
afterAll(() => { rmSync(folder, { recursive: true }); });

let made = 0;
function make(program: string, argsFor: (file: string) => readonly string[]): string {
  const file = join(folder, `key${String((made += 1))}`);
  execFileSync(program, argsFor(file), { stdio: "ignore" });
  return readFileSync(file, "utf8");
}
const sshKey = (...args: string[]): string => make("ssh-keygen", (file) => ["-q", "-C", "me@host", "-f", file, ...args]);
const opensslKey = ([command = "", ...args]: readonly string[]): string => make("openssl", (file) => [command, "-out", file, ...args]);
const converted = (from: string, ...args: string[]): string => make("openssl", (file) => [...args, "-in", join(folder, from), "-out", file]);
const find = (text: string): unknown[] => findCredentials(text, "source", { forms: [], isCredential: () => false, isSecretName: () => false, isRandom: () => false, isPlaceholder: () => false }).map(({ kind, line, digest }) => [kind, line, digest]);

const SSH_KINDS = [["ed25519"], ["rsa", "-b", "2048"], ["ecdsa", "-b", "256"], ["ecdsa", "-b", "384"], ["ecdsa", "-b", "521"]];
const OPENSSL_KINDS = ["rsa_keygen_bits:2048", "ec_paramgen_curve:P-256", "ec_paramgen_curve:P-384"].map((option) => ["genpkey", "-algorithm", option.startsWith("rsa") ? "RSA" : "EC", "-pkeyopt", option]);
const ENCRYPT = ["-aes256", "-passout", "pass:a passphrase"];

describe("of ssh-keygen", () => {
  for (const kind of SSH_KINDS) for (const format of [[], ["-m", "PEM"], ["-m", "PKCS8"]]) {
    if (kind[0] === "ed25519" && format.length > 0) continue;
    it(`${[...kind, ...format].join(" ")} is found, and is not with a passphrase`, () => {
      const open = sshKey("-t", ...kind, ...format, "-N", "");
      expect(find(open)).toEqual([["private-key", 1, digestOf(open)]]);
      expect(find(sshKey("-t", ...kind, ...format, "-N", "a passphrase"))).toEqual([]);
    });
  }
});

describe("of openssl", () => {
  it.each([...OPENSSL_KINDS, ["genpkey", "-algorithm", "ed25519"], ["genpkey", "-algorithm", "x25519"], ["genpkey", "-algorithm", "ed448"]].map((args) => [args.slice(2).join(" "), args]))("PKCS#8, %s: found, and not when encrypted", (_name, args) => {
    const open = opensslKey(args);
    expect(find(open)).toEqual([["private-key", 1, digestOf(open)]]);
    expect(find(opensslKey([...args, "-aes256", "-pass", "pass:a passphrase"]))).toEqual([]);
  });

  it.each(["named_curve", "explicit"])("EC with %s parameters: found", (encoding) => {
    const open = opensslKey(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", encoding]);
    expect(find(open)).toEqual([["private-key", 1, digestOf(open)]]);
  });

  it("traditional RSA and EC: found, and not when encrypted", () => {
    opensslKey(["genrsa", "-traditional", "2048"]);
    const rsa = `key${String(made)}`;
    opensslKey(["ecparam", "-name", "prime256v1", "-genkey", "-noout"]);
    const ec = `key${String(made)}`;
    for (const [name, tool] of [[rsa, ["rsa", "-traditional"]], [ec, ["ec"]]] as const) {
      expect(find(converted(name, ...tool))).toHaveLength(1);
      const sealed = converted(name, ...tool, ...ENCRYPT);
      expect(sealed).toContain("ENCRYPTED");
      expect(find(sealed)).toEqual([]);
    }
  });
});

describe("wherever it stands", () => {
  const open = sshKey("-t", "ed25519", "-N", "");

  it("within JSON, YAML and a program, and is known by its hash all the same", () => {
    const digest = digestOf(open);
    expect(find(JSON.stringify({ key: open }))).toEqual([["private-key", 1, digest]]);
    expect(find(`key: |\n${open.trimEnd().split("\n").map((line) => `    ${line}`).join("\n")}\n`)).toEqual([["private-key", 2, digest]]);
    expect(find(open.replaceAll("\n", "\r\n"))).toEqual([["private-key", 1, digest]]);
    expect(find(`const key =\n${open.trimEnd().split("\n").map((line) => `  "${line}\\n"`).join(" +\n")};\n`)).toHaveLength(1);
  });

  it("and not where it is a handle of a key in hardware, zeros, words, or cut off", () => {
    const bytes = Buffer.from(open.replaceAll(/-----[^\n]*|\s/g, ""), "base64");
    const wrap = (body: Uint8Array): string => `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(body).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const string = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
    const [plain, inHardware] = [string("ssh-ed25519"), string("sk-ssh-ed25519@openssh.com")];
    const at = bytes.indexOf(plain);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.readUInt32BE(at - 4) + inHardware.length - plain.length);
    expect(find(wrap(bytes))).toHaveLength(1);
    expect(find(wrap(Buffer.concat([bytes.subarray(0, at - 4), length, inHardware, bytes.subarray(at + plain.length)])))).toEqual([]);
    expect(find(wrap(bytes.map((byte, index) => (index < 140 ? byte : 0))))).toEqual([]);
    expect(find(wrap(bytes.subarray(0, 60)))).toEqual([]);
    expect(find(`-----BEGIN OPENSSH PRIVATE KEY-----\n${"your key goes here ".repeat(8)}\n-----END OPENSSH PRIVATE KEY-----`)).toEqual([]);
  });
});
