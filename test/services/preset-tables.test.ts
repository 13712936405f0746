import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { makeLayer } from "../../src/proxy/grants/grant-rules.ts";
import { readPath } from "../../src/proxy/judge/rules/rule-path.ts";
import { judgePath } from "../../src/proxy/judge/rules/rule-verdict.ts";
import { BUNDLED_PRESETS } from "../../src/services/bundled-presets.ts";
import { listPresets } from "../../src/services/preset-registry.ts";
import { getService, makeRegistry } from "../../src/services/registry.ts";
import type { Rules } from "../../src/vault/rules.ts";
import { slowVerdict } from "../support/slow-rules.ts";
import type { EndpointRow } from "./preset-tables.ts";
import { readPresetTable } from "./preset-tables.ts";

const FOLDER = fileURLToPath(new URL("presets", import.meta.url));
const registry = makeRegistry();

/** With GraphQL in the rules, a POST has to be GraphQL, and of the operations that they name. */
function isRightGraphql({ graphql }: Rules, { method, operation }: EndpointRow): boolean {
  return graphql === null || method !== "POST" || graphql.operations.some((allowed) => allowed === operation);
}

/** An encoded slash is one to some servers, and text to others; what stands behind a semicolon is no part of the path to some. A request passes where all readings do. */
function passesSlowly(rules: Rules, { method, path }: EndpointRow): boolean {
  const readings = [path.replace(/%2f/gi, "/"), path.replace(/%2f/gi, "\u2215")];
  return [...readings, ...readings.map((reading) => reading.replace(/;[^/]*/g, ""))].every((reading) => slowVerdict(rules, method, reading).kind === "allowed");
}

/** As the proxy judges it. */
function passes(rules: Rules, { method, path }: EndpointRow): boolean {
  const read = readPath(path);
  return read.kind === "path" && judgePath(makeLayer(rules), method, read.readings).kind === "allowed";
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
    const own = rows.filter(({ preset }) => preset === name);
    expect(own.filter((row) => passes(rules, row) !== passesSlowly(rules, row))).toEqual([]);
    const wrong = own.filter((row) => (passes(rules, row) && isRightGraphql(rules, row)) !== row.isAllowed);
    expect(wrong.map(({ method, path, isAllowed }) => `${isAllowed ? "refused" : "let through"}: ${method} ${path}`)).toEqual([]);
  });
});
