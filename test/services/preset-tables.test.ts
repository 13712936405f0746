import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BUNDLED_PRESETS } from "../../src/services/bundled-presets.ts";
import { listPresets } from "../../src/services/preset-registry.ts";
import { getService, makeRegistry } from "../../src/services/registry.ts";
import type { Rules } from "../../src/vault/rules.ts";
import { slowVerdict } from "../support/slow-rules.ts";
import type { EndpointRow } from "./preset-tables.ts";
import { readPresetTable } from "./preset-tables.ts";

const FOLDER = fileURLToPath(new URL("presets", import.meta.url));
const registry = makeRegistry();

/** An encoded slash is one to some servers, and text to others: a request passes where both readings do. With GraphQL in the rules, whatever may write has to be GraphQL. */
function doesPass(rules: Rules, { method, path, operation }: EndpointRow): boolean {
  const readings = [path.replace(/%2f/gi, "/"), path.replace(/%2f/gi, "\u2215")];
  if (readings.some((reading) => slowVerdict(rules, method, reading).kind !== "allowed")) return false;
  return rules.graphql === null || ["GET", "HEAD", "OPTIONS"].includes(method) || rules.graphql.operations.some((allowed) => allowed === operation);
}

describe("the tables of endpoints", () => {
  it("are one for each service that has presets", () => {
    expect(readdirSync(FOLDER).sort()).toEqual(BUNDLED_PRESETS.map(({ service }) => `${service}.txt`).sort());
  });
});

describe.each(BUNDLED_PRESETS)("the endpoints of $service", ({ service }) => {
  const presets = listPresets(getService(registry, service));
  const { source, rows } = readPresetTable(service);

  it("are eight at least, with their source and its date, some let through by each preset and some not", () => {
    expect(source).toMatch(/^https:\/\/\S+.*; 20\d\d-\d\d$/);
    expect(rows.length).toBeGreaterThanOrEqual(8);
    expect(new Set(rows.map(({ preset }) => preset))).toEqual(new Set(presets.map(({ name }) => name)));
    for (const { name } of presets) expect(new Set(rows.filter(({ preset }) => preset === name).map(({ isAllowed }) => isAllowed)).size, name).toBe(2);
  });

  it.each(presets)("are let through by $name as meant", ({ name, rules }) => {
    const wrong = rows.filter((row) => row.preset === name && doesPass(rules, row) !== row.isAllowed);
    expect(wrong.map(({ method, path, isAllowed }) => `${isAllowed ? "refused" : "let through"}: ${method} ${path}`)).toEqual([]);
  });
});
