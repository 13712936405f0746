import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseService } from "../../src/services/entry.ts";
import { isValid } from "../support/json-schema.ts";
import { refusalCode } from "../support/refusal-code.ts";

const schema: unknown = JSON.parse(readFileSync(fileURLToPath(new URL("../../src/services/service.schema.json", import.meta.url)), "utf8"));

const ENTRY = {
  id: "billing",
  title: "Billing",
  variables: ["BILLING_KEY"],
  hosts: ["billing.example.com:443", "*.billing.example.com:8443"],
  credentials: [{ place: "header", header: "x-api-key", form: "{key}" }],
  placeholders: ["bk_[A-Za-z0-9]{40}", "[0-9a-f]{8}-[0-9a-f]{24}"],
  documentation: "https://billing.example.com/docs",
  presets: { "read-only": { summary: "Reads bills.", allow: ["GET,HEAD /bills/**", "POST /bills/search"], deny: ["* /bills/*/links/**"] }, queries: { summary: "Asks, and changes nothing.", graphql: { operations: ["query"], fields: null } } },
};
const preset = (change: Readonly<Record<string, unknown>>) => ({ ...ENTRY, presets: { "read-only": { summary: "Reads bills.", allow: ["GET /bills/**"], ...change } } });

describe("a service's file", () => {
  it("becomes a service", () => {
    expect(parseService(ENTRY)).toMatchObject({ id: "billing", hosts: ["*.billing.example.com:8443", "billing.example.com:443"], sharesHostsWith: [], placeholders: [{ text: "bk_[A-Za-z0-9]{40}" }, { text: "[0-9a-f]{8}-[0-9a-f]{24}" }] });
    expect(isValid(schema, ENTRY)).toBe(true);
    const hostless = Object.fromEntries(Object.entries({ ...ENTRY, ownHosts: ["customers.example.com"] }).filter(([member]) => member !== "hosts"));
    expect(parseService(hostless)).toMatchObject({ hosts: [], ownHosts: ["customers.example.com"] });
    expect(isValid(schema, hostless)).toBe(true);
    expect(parseService(ENTRY).presets).toMatchObject([{ name: "queries", rules: { allow: null, deny: [], graphql: { operations: ["query"], fields: null } } }, { name: "read-only", summary: "Reads bills.", rules: { allow: ["GET,HEAD /bills/**", "POST /bills/search"], deny: ["* /bills/*/links/**"], ask: [], graphql: null } }]);
    const beside = { ...ENTRY, besides: ["authorization"] };
    expect([parseService(ENTRY).besides, parseService(beside).besides, isValid(schema, beside)]).toEqual([[], ["authorization"], true]);
  });

  const wrong: Readonly<Record<string, unknown>> = {
    "no object": ["billing"],
    "a member that is not known": { ...ENTRY, injectEverywhere: true },
    "no hosts": { ...ENTRY, hosts: [] },
    "no word of hosts": { ...ENTRY, hosts: undefined },
    "customers' hosts that are every host": { ...ENTRY, ownHosts: ["com"] },
    "customers' hosts with a star": { ...ENTRY, ownHosts: ["*.example.com"] },
    "customers' hosts with a port": { ...ENTRY, ownHosts: ["example.com:443"] },
    "no customers' hosts": { ...ENTRY, ownHosts: [] },
    "a host twice": { ...ENTRY, hosts: ["a.example:443", "a.example:443"] },
    "a host without a port": { ...ENTRY, hosts: ["billing.example.com"] },
    "a host with a path": { ...ENTRY, hosts: ["billing.example.com:443/x"] },
    "a host in capitals": { ...ENTRY, hosts: ["Billing.example.com:443"] },
    "any host at all": { ...ENTRY, hosts: ["*:443"] },
    "an id with capitals": { ...ENTRY, id: "Billing" },
    "an id that leads elsewhere": { ...ENTRY, id: "../billing" },
    "a variable with a space": { ...ENTRY, variables: ["BILLING KEY"] },
    "a form without a key": { ...ENTRY, credentials: [{ place: "header", header: "x-api-key", form: "Bearer" }] },
    "a form with two": { ...ENTRY, credentials: [{ place: "header", header: "x-api-key", form: "{key}{key}" }] },
    "a form of two lines": { ...ENTRY, credentials: [{ place: "header", header: "x-api-key", form: "{key}\r\nx: y" }] },
    "a place that is none": { ...ENTRY, credentials: [{ place: "body", form: "{key}" }] },
    "a header for the query": { ...ENTRY, credentials: [{ place: "query", header: "x-api-key" }] },
    "no header beside the key": { ...ENTRY, besides: [] },
    "a header beside the key that is none": { ...ENTRY, besides: ["Authorization: x"] },
    "no placeholder": { ...ENTRY, placeholders: [] },
    "a placeholder twice": { ...ENTRY, placeholders: ["bk_[A-Za-z0-9]{40}", "bk_[A-Za-z0-9]{40}"] },
    "a placeholder with a line end": { ...ENTRY, placeholders: ["bk\n[A-Za-z0-9]{40}"] },
    "a placeholder that could take for ever": { ...ENTRY, placeholders: ["(a+)+"] },
    "a placeholder of which nothing is drawn": { ...ENTRY, placeholders: ["bk_secret"] },
    "a placeholder of a class that is none": { ...ENTRY, placeholders: ["bk_[A-Za-z0-9/]{40}"] },
    "a placeholder like a flag": { ...ENTRY, placeholders: ["-k[A-Za-z0-9]{40}"] },
    "a link that is no https": { ...ENTRY, documentation: "http://billing.example.com" },
    "a title of nothing": { ...ENTRY, title: "" },
    "presets in a list": { ...ENTRY, presets: [] },
    "a preset in capitals": { ...ENTRY, presets: { "Read-Only": ENTRY.presets["read-only"] } },
    "a preset of nothing": { ...ENTRY, presets: { "read-only": { summary: "Reads bills." } } },
    "a preset without words": preset({ summary: undefined }),
    "a preset that asks": preset({ ask: ["DELETE /**"] }),
    "a preset with a limit": preset({ uses: 5 }),
    "a preset that allows an empty list": preset({ allow: [] }),
    "a preset that denies an empty list": preset({ deny: [] }),
    "a pattern without a method": preset({ allow: ["/bills/**"] }),
    "a pattern in small letters": preset({ allow: ["get /bills/**"] }),
    "a pattern that is no path": preset({ allow: ["GET bills"] }),
    "a pattern with two slashes": preset({ allow: ["GET //bills"] }),
    "a pattern that is encoded": preset({ allow: ["GET /bills%2F1"] }),
    "a pattern with a query": preset({ deny: ["GET /bills?all"] }),
    "a pattern twice": preset({ deny: ["GET /bills", "GET /bills"] }),
    "a GraphQL operation that is none": preset({ graphql: { operations: ["queries"], fields: null } }),
    "GraphQL without a word of fields": preset({ graphql: { operations: ["query"] } }),
  };

  it.each(Object.entries(wrong))("is refused for %s, by the schema too", (_, entry) => {
    expect(refusalCode(() => parseService(entry))).toMatch(/^(?:bad-schema|out-of-bounds)$/);
    expect(isValid(schema, entry)).toBe(false);
  });

  // What a schema cannot say: the canonical spelling of addresses, more characters where there are fewer to choose from.
  it.each<[string, unknown]>([
    ["an address that is not spelled canonically", { ...ENTRY, hosts: ["127.1:443"] }],
    ["a port beyond the last", { ...ENTRY, hosts: ["a.example:70000"] }],
    ["a placeholder that could be guessed", { ...ENTRY, placeholders: ["bk_[A-Za-z0-9]{21}"] }],
    ["one of few characters of few", { ...ENTRY, placeholders: ["bk_[0-9a-f]{22}"] }],
    ["a title that forges a line", { ...ENTRY, title: "Billing\nhosts: none" }],
    ["a preset whose words forge a line", preset({ summary: "Reads.\npreset  all: allowed" })],
    ["a pattern that leads up", preset({ deny: ["GET /bills/../keys"] })],
    ["methods that are not sorted", preset({ allow: ["HEAD,GET /bills"] })],
    ["stars within a segment", preset({ allow: ["GET /bills**"] })],
  ])("is refused for %s", (_, entry) => {
    expect(refusalCode(() => parseService(entry))).toMatch(/^(?:bad-schema|out-of-bounds)$/);
  });

  it("that is any JSON at all is refused or parsed, and what is parsed is as the schema says", () => {
    const members = Object.fromEntries(Object.entries(ENTRY).map(([member, value]) => [member, fc.oneof({ weight: 6, arbitrary: fc.constant<unknown>(value) }, fc.jsonValue())]));
    fc.assert(fc.property(fc.record(members), (entry) => {
      const code = refusalCode(() => parseService(entry));
      expect(code === undefined ? isValid(schema, entry) : /^(?:bad-schema|out-of-bounds)$/.test(code)).toBe(true);
    }), { numRuns: 500 });
  });
});
