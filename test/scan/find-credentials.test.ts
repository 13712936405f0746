import { describe, expect, it } from "vitest";
import { hasRandomPart, isSecretVariable, looksLikeCredential } from "../../src/env-files/credential-look.ts";
import type { Attention } from "../../src/scan/attention.ts";
import { findPlace } from "../../src/scan/attention.ts";
import type { Judges } from "../../src/scan/clue.ts";
import { digestOf, findCredentials } from "../../src/scan/find-credentials.ts";

const forms = [{ service: "github", start: "ghp_", length: 40 }, { service: "openai", start: "sk-proj-", length: 48 }, { service: undefined, start: "sk-", length: 35 }];
const judges: Judges = { forms, isCredential: (name, value) => looksLikeCredential(name, value, forms), isSecretName: isSecretVariable, isRandom: hasRandomPart, isPlaceholder: (value) => value.includes("PLACEHOLDER") };
const GITHUB = "ghp_4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2";
const RANDOM = "Zq8vLw3nTr6yKb1mXc9d";
const find = (text: string, attention: Attention = "source"): unknown[] => findCredentials(text, attention, judges).map(({ kind, line, sureName, service }) => [kind, line, sureName, service]);

describe("in a source", () => {
  it.each<[string, unknown[]]>([
    [`\n\nconst token = "${GITHUB}";`, [["key", 3, "token", "github"]]],
    [`curl -H "Authorization: Bearer ${GITHUB}"`, [["key", 1, "Authorization", "github"]]],
    [`const clientSecret = '${RANDOM}';`, [["assignment", 1, "clientSecret", undefined]]],
    [`export API_KEY=${RANDOM}\n`, [["assignment", 1, "API_KEY", undefined]]],
    [`{"db": "postgres://app:${RANDOM}@db.company.io/app"}`, [["url-password", 1, "db", undefined]]],
    [`-----BEGIN RSA PRIVATE KEY-----\n${Array.from({ length: 8 }, (_, row) => Buffer.from(`line ${String(row * 7919)} of a key, which goes on and on`).toString("base64")).join("\n")}\n-----END RSA PRIVATE KEY-----`, [["private-key", 1, undefined, undefined]]],
  ])("finds %j", (text, found) => {
    expect(find(text)).toEqual(found);
  });

  it.each([
    'if (text.startsWith("ghp_")) return;', "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk-proj-your-key-goes-here-0123456789", 'const secret = "a sentence with words in it";', "const apiKey = process.env.API_KEY_OF_SERVICE_12;",
    'const token = getTokenFromServer19("x8");', 'password: "${DATABASE_PASSWORD_4f9a8b7c6d5e}"', "postgres://user:password@localhost/app", "https://user:secret@example.com/", 'integrity: "sha512-4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2Rt4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1G=="',
    `hash = "${RANDOM}"`, `"id": "4bK9sQe2VnXw7Lr0TyUa3Zc6"`, "-----BEGIN PRIVATE KEY-----", `const token = "${GITHUB}"; // vault-scan-ignore`, 'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"', "API_KEY=op://vault/item/4bK9sQe2VnXw7Lr0", "TOKEN=kept-in-vault", "token: ghp_PLACEHOLDER4bK9sQe2VnXw7Lr0TyUa3Zc6",
  ])("does not find %j", (text) => {
    expect(find(text)).toEqual([]);
  });
});

describe("in what tools are set up by", () => {
  it.each<[string, Attention, string, number]>([
    [".npmrc", "settings", `//registry.npmjs.org/:_authToken=${RANDOM}`, 1], ["config.json", "settings", `{"auths":{"ghcr.io":{"auth":"${Buffer.from(`me:${RANDOM}`).toString("base64")}"}}}`, 1],
    ["hosts.yml", "settings", `github.com:\n    oauth_token: ${RANDOM}\n    user: me`, 1], ["settings.xml", "settings", `<server><id>x</id><password>${RANDOM}</password></server>`, 1], ["credentials", "settings", `[default]\naws_access_key_id = AKIA4BK9SQE2VNXW7LR0\naws_secret_access_key = ${RANDOM}${RANDOM}`, 1],
    ["history", "history", `mycli login --password ${RANDOM} --user me`, 1], ["history", "history", `curl -H 'X-Api-Key: ${RANDOM}' https://a.example`, 1], ["history", "history", "ls -la --color auto && git commit -m 'token for the login page'", 0],
    ["netrc", "netrc", "machine a.example\n  login me\n  password hunter2hunter\n", 1], ["pgpass", "pgpass", "# host:port\ndb.company.io:5432:app:me:hunter2hunter\n", 1], ["token", "token", `hf_${RANDOM}\n`, 1], [".env", "settings", "DEBUG=true\nPORT=3000\nNAME='my app'\nAPI_URL=https://a.example/v1\n", 0],
  ])("%s as %s", (_name, attention, text, count) => {
    expect(find(text, attention)).toHaveLength(count);
  });

  it("is told by its path, wherever it lies", () => {
    expect([".env", "a/.env.local", "/home/me/.npmrc", "x/.cursor/mcp.json", "prod.env", "/home/me/.bash_history", ".netrc", "home/.aws/credentials"].map((path) => findPlace(path)?.attention)).toEqual(["settings", "settings", "settings", "settings", "settings", "history", "netrc", "settings"]);
    expect([".env.example", "src/env.ts", "settings.json", "credentials", "npmrc"].map(findPlace)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

describe("a part of a value is nobody's name", () => {
  it.each<[string, Attention, (string | undefined)[]]>([
    ["machine a.company.io login me password Zq8v:Lw3nTr6yKb1mXc9d\n", "netrc", ["password"]],
    ["Zq8vLw:Lw3nTr6yKb1mXc9dQw2\n", "token", [undefined]],
    ["db.company.io:5432:app:me:Zq8vLw=Lw3nTr6yKb1mXc9d\n", "pgpass", [undefined]],
    ["mycli --password Zq8vLw:Lw3nTr6yKb1mXc9dQw2 --user me\n", "history", ["password"]],
    ["mysql -pHunter=Lw3nTr6yKb1mXc9dQw2\n", "history", [undefined]],
    ["curl -u admin:Ab9(Hunter:Lw3nTr6yKb1mXc9dQw2 https://x.company.io\n", "history", [undefined]],
    ["pass: Ab9,Hunter:Lw3nTr6yKb1mXc9dQw2\n", "settings", [undefined]],
    ["SESSION=Ab9,HUNTER_HUNTER=Lw3nTr6yKb1mXc9dQw2\n", "settings", [undefined]],
    [`{"hunter": "${RANDOM}"}`, "settings", ["hunter"]],
    [`DATABASE_URL=postgres://app:${RANDOM}@db.company.io/app\n`, "settings", ["DATABASE_URL"]],
    [`export SENTRY="${RANDOM}"\n`, "settings", ["SENTRY"]],
    [`Authorization: Bearer ${RANDOM}\n`, "settings", ["Authorization"]],
    [`//registry.npmjs.org/:_authToken=${RANDOM}\n`, "settings", ["_authToken"]],
  ])("%j as %s", (text, attention, names) => {
    expect(findCredentials(text, attention, judges).map(({ sureName }) => sureName)).toEqual(names);
  });
});

it("a value counts once in a place, and is known by its hash alone", () => {
  const clues = findCredentials(`OPENAI_API_KEY="sk-proj-${RANDOM}${RANDOM}"\n`, "settings", judges);
  expect(clues).toEqual([{ kind: "key", line: 1, name: "OPENAI_API_KEY", sureName: "OPENAI_API_KEY", service: "openai", digest: digestOf(`sk-proj-${RANDOM}${RANDOM}`) }]);
  expect(digestOf(Buffer.from(`sk-proj-${RANDOM}${RANDOM}\n`))).toBe(clues[0]?.digest);
});

it.each(["a".repeat(500_000), "a=".repeat(250_000), "a:a@".repeat(125_000), "--a ".repeat(125_000), '"a":"'.repeat(80_000), "-----BEGIN PRIVATE KEY-----".repeat(18_000), "eyJa.".repeat(100_000), "ghp_".repeat(125_000), "<a>".repeat(160_000), `"${"\\".repeat(400_000)}`, "-----BEGIN PRIVATE KEY-----" + "A".repeat(500_000), " \t".repeat(250_000), "x://:".repeat(100_000), "token=".repeat(80_000), "token: |\n ".repeat(50_000), "name: token\n".repeat(40_000), "ENV token ".repeat(50_000), "token=a\\=".repeat(50_000)].map((text) => [text.slice(0, 12), text]))("text that was made to be slow (%s…) is gone through all the same: what grows with the square would not come to an end here", (_start, text) => {
  for (const attention of ["source", "lines", "history", "netrc", "pgpass"] as const) expect(findCredentials(text, attention, judges).length).toBeLessThanOrEqual(1000);
});
