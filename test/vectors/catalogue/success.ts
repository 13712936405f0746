// Vaults that a reader must take, byte for byte.
import { passphraseKek } from "../../second-opinion/crypto.ts";
import { writeVault } from "../../second-opinion/writer.ts";
import type { Vector } from "../../support/vector-file.ts";
import type { Item, Locator } from "./subject.ts";
import { VAULT_KEY, contentsOf, drawFrom, FIRST, KEK, SECOND, slotFor, success, unsealed, VAULT } from "./subject.ts";

const value = Buffer.from("not-a-real-token-3");
const one = (changes: Parameters<typeof unsealed>[0]): readonly Item[] => [{ record: unsealed(changes), value }];
const locatedBy = (locator: Locator): { key: ReturnType<typeof slotFor> } => ({ key: slotFor(KEK, locator) });
const idOf = (byte: number): string => Buffer.alloc(16, byte).toString("base64");
/** In JSON. */
const PEM = "-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----\\n";
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index).padStart(3, "0"));

/** The costs are the least that are allowed, so that the vectors run fast. */
export function withPassphrase(name: string, comment: string, passphrase: string, typed = passphrase): Vector {
  const kdf = { algorithm: "argon2id", version: 19, memoryKib: 19_456, passes: 2, lanes: 1, salt: drawFrom("salt")(16).toString("base64") } as const;
  const kek = passphraseKek(passphrase, kdf);
  const contents = contentsOf([FIRST], { key: slotFor(kek, { provider: "passphrase", kdf }) }, kek);
  return { name, expect: "success", comment, key: { kind: "passphrase", text: typed }, vaultKey: VAULT_KEY, secrets: [[FIRST.record.name, FIRST.value]], body: writeVault(contents, kek) };
}

const NO_RULES = { allow: null, deny: [], ask: [], rate: null, uses: null, until: null, maxBodyBytes: null, graphql: null };

export const successes: readonly Vector[] = [
  success("success", "two secrets; most other vectors are this one with one defect", [FIRST, SECOND]),
  success("success-empty", "a new vault without secrets", [], { generation: 1 }),
  success("success-audit-start", "no audit entry yet", [FIRST], { audit: { ...contentsOf([FIRST]).audit, sequence: 0, hash: Buffer.alloc(32).toString("base64") } }),
  success("success-largest-numbers", "generation and audit sequence at 2^53-1", [FIRST], { generation: Number.MAX_SAFE_INTEGER, audit: { ...contentsOf([FIRST]).audit, sequence: Number.MAX_SAFE_INTEGER } }),
  success("success-other-vault-id", "the same KEK in a vault with another id", [FIRST], { vault: idOf(9) }),

  withPassphrase("success-passphrase", "argon2id at its least costs", "correct horse battery staple"),
  withPassphrase("success-passphrase-nfd", "the passphrase is given decomposed and has to be composed (NFC) before it is used", "p\u00e4ssw\u00f6rt \u{1f511}", "pa\u0308sswo\u0308rt \u{1f511}"),
  success("success-file-owned", "a key file that the program made", [FIRST], locatedBy({ provider: "file", path: "/home/u/.config/vault/keys/kek.key", owned: true })),
  success("success-file-found", "a key file that the program found, relative to the vault, with escapes in its JSON", [FIRST], locatedBy({ provider: "file", path: 'keys\\"mine"/sch\u00fcssel', owned: false })),
  success("success-file-longest-path", "4096 UTF-16 units", [FIRST], locatedBy({ provider: "file", path: `/${"\u00e9".repeat(4095)}`, owned: false })),
  success("success-keyring", "a keyring entry", [FIRST], locatedBy({ provider: "keyring", service: "vault", account: "k".repeat(256), owned: false })),
  success("success-env-longest", "a variable's name of 128 characters", [FIRST], locatedBy({ provider: "env", variable: `_${"A9".repeat(63)}b` })),

  success("success-scope-group", "a group's secret", one({ scope: { kind: "group", workspace: "acme", group: "ops" } })),
  success("success-scope-unicode", "scopes beyond ASCII, one outside of the basic plane, with white space inside", one({ scope: { kind: "group", workspace: "B\u00fccher \u65e5\u672c", group: "\u{1f680} team" } })),
  success("success-scope-escapes", "a quotation mark and a backslash, the only escapes of canonical JSON that visible text can need", one({ scope: { kind: "workspace", workspace: '"\\' } })),
  success("success-scope-longest", "64 characters outside of the basic plane are 128 UTF-16 units", one({ scope: { kind: "workspace", workspace: "\u{1f680}".repeat(64) } })),
  success("success-scope-colon", "`a:b` with `c` and `a` with `b:c` are two groups", [
    { record: unsealed({ id: idOf(1), scope: { kind: "group", workspace: "a:b", group: "c" } }), value },
    { record: unsealed({ id: idOf(2), scope: { kind: "group", workspace: "a", group: "b:c" } }), value: Buffer.from("not-a-real-token-4") },
  ]),
  success("success-same-name", "one name in three scopes", [
    { record: unsealed({ id: idOf(1) }), value },
    { record: unsealed({ id: idOf(2), scope: { kind: "workspace", workspace: "acme" } }), value },
    { record: unsealed({ id: idOf(3), scope: { kind: "group", workspace: "acme", group: "ops" } }), value },
  ]),
  success("success-id-text-order", "ids are sorted by their base64, in which `+` stands before `/` before digits before letters", [
    { record: unsealed({ id: "+++++++++++++++++++++w==", name: "A" }), value },
    { record: unsealed({ id: "/////////////////////w==", name: "B" }), value },
    { record: unsealed({ id: "000000000000000000000w==", name: "C" }), value },
    { record: unsealed({ id: "AAAAAAAAAAAAAAAAAAAAAA==", name: "D" }), value },
    { record: unsealed({ id: "aaaaaaaaaaaaaaaaaaaaag==", name: "E" }), value },
  ]),
  success("success-name-longest", "128 characters of every kind", one({ name: `_${"aZ9.-_".repeat(21)}x` })),

  success("success-groups", "attached to three groups of two workspaces", one({ groups: [{ workspace: "acme", group: "dev" }, { workspace: "acme", group: "ops" }, { workspace: "zoo", group: "dev" }] })),
  success("success-groups-utf16-order", "sorted by UTF-16 units: U+1D400 stands before U+FF21", one({ groups: [{ workspace: "\u{1d400}", group: "g" }, { workspace: "\uff21", group: "g" }] })),
  success("success-groups-most", "256 groups", one({ groups: numbered(256).map((group) => ({ workspace: "w", group })) })),
  success("success-service", "pinned to a service, whose id is at its longest", one({ service: `0${"-a".repeat(31)}b` })),

  success("success-hosts-none", "a secret without hosts", one({ hosts: [] })),
  success("success-hosts-most", "64 hosts", one({ hosts: numbered(64).map((label) => `h${label}.example.com:443`) })),
  success("success-hosts-names", "wildcard, single label, underscore, digits, a hexadecimal look inside, ports at both ends", one({ hosts: ["*.a.example:65535", "0x1.example:443", "1.2.3.4.example:443", "_dmarc.example.org:1", "a--b.example:443", "localhost:8080", "xn--bcher-kva.example:443"] })),
  success("success-hosts-longest", "labels of 63 and a name of 253 characters", one({ hosts: [`${["a", "b", "c"].map((letter) => letter.repeat(63)).join(".")}.${"d".repeat(61)}:443`] })),
  success("success-hosts-ipv4", "dotted addresses, the least and the greatest", one({ hosts: ["0.0.0.0:443", "127.0.0.1:8443", "255.255.255.255:443"] })),
  success("success-hosts-ipv6", "RFC 5952: `::` for the longest run, the first of two, and not for one zero", one({ hosts: ["[1:0:0:2::3]:443", "[1:0:2:3:4:5:6:7]:443", "[1::2:0:0:3:4]:443", "[2001:db8::1]:443", "[::1]:443", "[::]:443", "[::ffff:102:304]:443", "[fe80::]:443"] })),
  success("success-places-all", "every place", one({ places: ["basic", "body", "header", "path", "query"] })),
  success("success-places-named", "headers and parameters by their names, sorted as texts", one({ places: ["body", "header", "header:a", "header:x-api-key", `header:z${"-_0".repeat(20)}zz9`, "query", "query:Key", "query:key", "query:x[y]-z_.1"] })),
  success("success-places-most", "64 places", one({ places: numbered(64).map((number) => `query:${number}`) })),
  success("success-scrub-off", "answers are not looked through for it", one({ scrub: false })),
  ...["xyz_[A-Za-z0-9]{32}", "[0-9]{39}", "v1:[0-9a-f]{32}", "[0-9A-F]{32}", "[a-z]{28}", "[A-Z]{28}", "[a-z0-9]{25}", "[A-Z0-9]{25}", "[A-Za-z]{23}", "[A-Za-z0-9]{22}", "[A-Za-z0-9_-]{512}", "a_[A-Za-z0-9]{11}-[A-Za-z0-9_-]{11}", "[0-9]{4}.x[0-9a-f]{32}", "a[0-9a-f]{32}_", "[A-Z]{28}.x_y"].map((placeholder, index) =>
    success(`success-placeholder-${index + 1}`, `a placeholder's template: ${placeholder}`, one({ placeholder }))),
  success("success-allow-private", "a host at a private address is allowed", one({ allowPrivate: true, hosts: ["10.0.0.1:443"] })),
  success("success-rules-paths", "what is allowed, denied and asked for", one({ rules: { ...NO_RULES, allow: ["* /public/*", "GET,HEAD /b\u00fccher/**", "POST /v1/models/*:generate"], deny: ["* /**/.git/**", "M-SEARCH /x/"], ask: ["DELETE /**"] } })),
  success("success-rules-limits", "how often, how long, how much", one({ rules: { ...NO_RULES, rate: { perMinute: 60, burst: 10 }, uses: 2 ** 31 - 1, until: "2027-01-01T00:00:00.000Z", maxBodyBytes: 0 } })),
  success("success-rules-graphql", "queries of two fields, with a quotation mark in a path", one({ rules: { ...NO_RULES, allow: ['POST /"graphql"'], graphql: { operations: ["query", "subscription"], fields: ["__schema", "viewer"] } } })),
  success("success-rules-most", "64 patterns", one({ rules: { ...NO_RULES, deny: numbered(64).map((number) => `GET /${number}`) } })),
  success("success-source-command", "a program makes the value: its arguments and variables are sealed", [{ record: unsealed({ source: { kind: "command", ttl: 60, failureTtl: 10, timeout: 30 } }), value: Buffer.from('{"command":["/usr/bin/printf","%s","token"],"environment":[{"name":"PATH","value":"/usr/bin:/bin"}]}') }]),
  success("success-source-reference", "another store has the value: its address is sealed; nobody says how long a value is good", [{ record: unsealed({ source: { kind: "reference", ttl: null, failureTtl: 0, store: "pass" } }), value: Buffer.from('{"address":"pass://team/token","program":"/usr/bin/pass","environment":[]}') }]),
  success("success-source-oauth2", "a login: its refresh token is sealed", [{ record: unsealed({ source: { kind: "oauth2", ttl: null, failureTtl: 30, provider: null, issuer: "https://auth.example.com", tokenEndpoint: "https://auth.example.com/token", revocationEndpoint: null, clientId: "client", clientAuth: { kind: "none" }, scopes: ["openid"], parameters: [] } }), value: Buffer.from('{"refreshToken":"rt-1","clientSecret":null,"roots":null,"access":null}') }]),
  success("success-source-client-credentials", "a client's secret, for a token endpoint with a certificate of its own", [{ record: unsealed({ source: { kind: "client-credentials", ttl: 60, failureTtl: 10, provider: null, issuer: null, tokenEndpoint: "https://auth.example.com/token", clientId: "me", clientAuth: { kind: "basic" }, scopes: ["read", "write"], parameters: [{ name: "audience", value: "https://api.example.com" }] } }), value: Buffer.from('{"clientSecret":"not-a-real-secret","roots":"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"}') }]),
  success("success-source-client-key", "a client that signs", [{ record: unsealed({ source: { kind: "client-credentials", ttl: null, failureTtl: 10, provider: null, issuer: "https://auth.example.com/", tokenEndpoint: "https://auth.example.com/token", clientId: "me", clientAuth: { kind: "private-key-jwt", algorithm: "ES384", keyId: null }, scopes: [], parameters: [] } }), value: Buffer.from(`{"privateKey":"${PEM}","roots":null}`) }]),
  success("success-source-jwt-bearer", "a service account", [{ record: unsealed({ source: { kind: "jwt-bearer", ttl: 300, failureTtl: 10, provider: "google", algorithm: "RS256", keyId: "k1", lifetime: 300, claims: [{ name: "aud", value: "https://oauth2.googleapis.com/token" }, { name: "iss", value: "a@b.iam.gserviceaccount.com" }], exchange: { kind: "token-endpoint", tokenEndpoint: "https://oauth2.googleapis.com/token", scopes: ["https://www.googleapis.com/auth/drive"], parameters: [] } } }), value: Buffer.from(`{"privateKey":"${PEM}","roots":null}`) }]),
  success("success-source-github-installation", "an app of GitHub's", [{ record: unsealed({ source: { kind: "jwt-bearer", ttl: 300, failureTtl: 10, provider: null, algorithm: "RS256", keyId: null, lifetime: 300, claims: [{ name: "iss", value: "Iv23liAbc" }], exchange: { kind: "github-installation", api: "https://api.github.com/", installation: 42, repositories: ["web"], permissions: [{ name: "contents", access: "read" }] } } }), value: Buffer.from(`{"privateKey":"${PEM}","roots":null}`) }]),
  success("success-source-assume-role", "a role of AWS", [{ record: unsealed({ source: { kind: "aws-sts", ttl: 300, failureTtl: 10, region: "eu-central-1", endpoint: null, duration: 3600, obtain: { kind: "assume-role", roleArn: "arn:aws:iam::123456789012:role/reader", sessionName: "vault", externalId: null, policy: null } } }), value: Buffer.from('{"accessKeyId":"AKIDEXAMPLE","secretAccessKey":"not-a-real-key","sessionToken":null,"roots":null}') }]),
  success("success-source-sso", "AWS by single sign-on", [{ record: unsealed({ source: { kind: "aws-sts", ttl: 300, failureTtl: 10, region: "eu-central-1", endpoint: null, duration: 3600, obtain: { kind: "sso", startUrl: "https://example.awsapps.com/start", region: "us-east-1", accountId: "123456789012", roleName: "Reader" } } }), value: Buffer.from('{"accessToken":"not-a-real-token","roots":null}') }]),
  success("success-version-largest", "value version 2^31-1", one({ version: 2 ** 31 - 1 })),
  success("success-times", "the first and the last time, and a leap day", [
    { record: unsealed({ id: idOf(1), name: "A", createdAt: "0000-01-01T00:00:00.000Z", updatedAt: "9999-12-31T23:59:59.999Z" }), value },
    { record: unsealed({ id: idOf(2), name: "B", createdAt: "2024-02-29T12:00:00.000Z" }), value },
  ]),
  success("success-value-shortest", "one byte, and it is zero", [{ record: unsealed(), value: Buffer.of(0) }]),
  success("success-value-binary", "all 256 bytes: no text at all", [{ record: unsealed(), value: Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index)) }]),
  success("success-value-longest", "65,536 bytes", [{ record: unsealed(), value: Buffer.alloc(65_536, "x") }]),
  success("success-vault-id-plus-slash", "base64 with both of its signs", [FIRST], { vault: `+/${VAULT.slice(2)}` }),
];
