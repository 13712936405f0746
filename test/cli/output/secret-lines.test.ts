import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { secretLines, secretObject, secretTable } from "../../../src/cli/output/secret-lines.ts";
import { tableLines } from "../../../src/cli/output/table.ts";
import type { SecretOutline } from "../../../src/vault/record.ts";
import { describeScope } from "../../../src/vault/scope.ts";
import { parseVaultFile } from "../../../src/vault/vault-file.ts";
import { arbitraryBinding } from "../../support/bindings.ts";
import { parseVector, vaultBytes } from "../../support/vector-file.ts";

const VECTORS = new URL("../../vectors/", import.meta.url);

test("secrets that share their terms are laid out as any rows are", () => {
  const arbitraryOutlines = fc.tuple(fc.array(arbitraryBinding, { minLength: 1, maxLength: 3 }), fc.array(fc.tuple(fc.stringMatching(/^[A-Z]{1,10}$/), fc.nat()), { maxLength: 8 }))
    .map(([terms, names]) => names.flatMap(([name, which]) => terms.slice(which % terms.length).slice(0, 1).map((its) => ({ id: "", name, terms: its }))));
  fc.assert(fc.property(arbitraryOutlines, fc.constantFrom(undefined, 20, 400, 100_000), (outlines, width) => {
    const rows = outlines.map(({ name, terms: { hosts, scope } }) => [name, hosts.join(" ") || "-", describeScope(scope)]);
    expect(secretTable(outlines, width)).toEqual(outlines.length === 0 ? ["no secrets yet"] : tableLines([["NAME", "HOSTS", "SCOPE"], ...rows], width));
  }));
});

test("of each kind of source is told what the file says of it, in a line or more and as it stands, and how it went", () => {
  const told = new Map<string, string>();
  const history = { made: { at: "2026-01-01T00:00:00.000Z", until: "2026-01-01T01:00:00.000Z" }, failed: { at: "2026-01-01T00:30:00.000Z", reason: "a word\nof another version" }, account: "some\u001Bbody" };
  for (const name of readdirSync(VECTORS).filter((file) => file.startsWith("success-source-"))) {
    for (const record of parseVaultFile(vaultBytes(parseVector(name, readFileSync(new URL(name, VECTORS))))).records.all()) {
      if (record.source.kind === "stored") continue;
      const lines = secretLines(record, history);
      told.set(record.source.kind, `${told.get(record.source.kind) ?? ""}${lines.join("\n")}\n`);
      expect(lines.slice(lines.findIndex((line) => line.startsWith("account   "))).slice(0, 3)).toEqual(["account   some\\u001bbody", "made      2026-01-01T00:00:00.000Z, good until 2026-01-01T01:00:00.000Z", "failed    2026-01-01T00:30:00.000Z: a word\\u000aof another version"]);
      expect(secretObject(record, history)).toMatchObject({ source: record.source.kind, origin: record.source, lastMade: history.made.at, expires: history.made.until, lastFailed: history.failed.at, lastFailure: history.failed.reason, account: history.account });
      expect(secretObject(record)).not.toHaveProperty("lastMade");
    }
  }
  expect([...told.keys()].sort()).toEqual(["aws-sts", "client-credentials", "command", "jwt-bearer", "oauth2", "reference"]);
  expect(told.get("oauth2")).toMatch(/^scopes {4}\S/m);
  expect(told.get("oauth2")).toMatch(/^issuer {4}https:/m);
  expect(told.get("jwt-bearer")).toMatch(/^scopes {4}\S/m);
  expect(told.get("jwt-bearer")).toMatch(/^source {4}installation \d+ of a GitHub App/m);
});

test("a list with values that are made has a column for where they come from, and one for how it went", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const terms = { hosts: [], scope: { kind: "global" }, source: { kind: "reference", ttl: null, failureTtl: 1, store: "pass" } } as unknown as SecretOutline["terms"];
  const outlines = ["A", "B", "C", "D"].map((name) => ({ id: name, name, terms }));
  const histories = new Map([["A", { made: { at, until: undefined }, failed: undefined, account: undefined }], ["B", { made: undefined, failed: { at, reason: "denied" }, account: undefined }], ["C", { made: undefined, failed: undefined, account: undefined }]]);
  expect(secretTable(outlines, undefined, histories).map((line) => line.replace(/ +/g, " ").trim())).toEqual(["NAME HOSTS SCOPE SOURCE VALUE", `A - global reference made ${at}`, `B - global reference none since ${at} (denied)`, "C - global reference not made yet", "D - global reference -"]);
  const login = { ...terms, source: { kind: "oauth2", scopes: ["read", "write"] } } as unknown as SecretOutline["terms"];
  const history = { made: { at, until: "2026-01-01T01:00:00.000Z" }, failed: undefined, account: "some\u001Bbody" };
  expect(secretTable([{ id: "L", name: "L", terms: login }], undefined, new Map([["L", history]]))[1]?.replace(/ +/g, " ")).toBe(`L - global oauth2 made ${at}, good until 2026-01-01T01:00:00.000Z, of some\\u001bbody, for read write`);
});
