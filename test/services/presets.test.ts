import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BUNDLED_PRESETS } from "../../src/services/bundled-presets.ts";
import { parseService } from "../../src/services/entry.ts";
import { getPreset, listPresets } from "../../src/services/preset-registry.ts";
import { findService, getService, makeRegistry } from "../../src/services/registry.ts";
import { isEmpty } from "../../src/vault/rules.ts";
import { isValid } from "../support/json-schema.ts";

const FOLDER = fileURLToPath(new URL("../../src/services/presets", import.meta.url));
const schema: unknown = JSON.parse(readFileSync(fileURLToPath(new URL("../../src/services/service.schema.json", import.meta.url)), "utf8"));
const files = readdirSync(FOLDER);
const registry = makeRegistry();
const own = { ...parseService({ id: "billing", title: "Billing", variables: ["BILLING_KEY"], hosts: ["billing.example.com:443"], credentials: [{ place: "header", header: "x-api-key", form: "{key}" }], placeholders: ["[A-Za-z0-9]{32}"], documentation: "https://example.com", presets: { "read-only": { summary: "Reads bills.", allow: ["GET /bills/**"] } } }), isOwn: true };

describe("the files of presets", () => {
  it("are at least 40, each in the list once, under a service's id", () => {
    expect(files.length).toBeGreaterThanOrEqual(40);
    expect(BUNDLED_PRESETS.map(({ service }) => `${service}.json`).sort()).toEqual(files.toSorted());
    for (const { service } of BUNDLED_PRESETS) expect(findService(registry, service)?.presets).toEqual([]);
  });

  it.each(files)("%s is as the schema says, and names it", (name) => {
    const file = JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8")) as { $schema: string; presets: object };
    expect(isValid({ $ref: "#/$defs/presetFile" }, file, schema)).toBe(true);
    expect(file.$schema).toBe("../service.schema.json#/$defs/presetFile");
    expect(Object.keys(file.presets).length).toBeGreaterThan(0);
  });
});

describe.each(BUNDLED_PRESETS)("the presets of $service", ({ service }) => {
  const presets = listPresets(getService(registry, service));

  it("say something, and limit or ask for nothing", () => {
    for (const { rules } of presets) {
      expect(isEmpty(rules)).toBe(false);
      expect(rules).toMatchObject({ ask: [], rate: null, uses: null, until: null, maxBodyBytes: null });
    }
  });

  it("let one read without writing, or one thing alone be done", () => {
    expect(presets.some(({ name }) => name === "read-only" || name.endsWith("-only"))).toBe(true);
  });

  it("named read-only write by no method that writes, but POST to what is named whole", () => {
    for (const { rules } of presets.filter(({ name }) => name.startsWith("read-only"))) {
      for (const pattern of rules.allow ?? [""]) expect(pattern).toMatch(/^(?:GET,HEAD|QUERY) \/|^(?:GET,)?POST \/.*[^*]$|^POST \/analytics\/(?:metrics|raw)\/\*\*$|^POST \/api\/\*.*\/paths-info\/\*\*$|^POST \/storage\/v1\/object\/list\/\*$/);
    }
  });

  // A server may take `/keys` and `/keys/` for the same, and more may stand below it.
  it("named read-only deny whole branches", () => {
    for (const { rules } of presets.filter(({ name }) => name.startsWith("read-only"))) for (const pattern of rules.deny) expect(pattern).toMatch(/^(?:\*|GET) \//);
  });
});

describe("a preset", () => {
  it("is found by its service and its name", () => {
    expect(getPreset(getService(registry, "github"), "read-only")).toMatchObject({ name: "read-only", rules: { graphql: { operations: ["query"], fields: null } } });
    expect(getPreset(own, "read-only").rules.allow).toEqual(["GET /bills/**"]);
  });

  it("that is not there is refused with those that are", () => {
    expect(() => getPreset(getService(registry, "github"), "no-such")).toThrow(expect.objectContaining({ code: "not-found", hint: expect.stringContaining("no-admin, no-delete, read-only, read-only-git") as unknown }));
    expect(() => getPreset(getService(registry, "ai21"), "read-only")).toThrow(expect.objectContaining({ code: "not-found", hint: expect.stringContaining("--allow") as unknown }));
  });

  it("of the user's own service does not reach one that comes with the program", () => {
    expect(listPresets({ ...own, id: "github", isOwn: false }).map(({ name }) => name)).toEqual(["no-admin", "no-delete", "read-only", "read-only-git"]);
  });
});
