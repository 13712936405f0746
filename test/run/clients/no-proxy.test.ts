import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filterNoProxy } from "../../../src/run/clients/no-proxy.ts";
import { parseHostBinding } from "../../../src/vault/host.ts";

const drops = (entry: string, ...hosts: string[]): boolean => filterNoProxy(entry, hosts.map(parseHostBinding)).dropped.length > 0;

describe("entries that go", () => {
  test.each([
    ["*", "api.example.com"],
    ["*.", "api.example.com"],
    ["api.example.com", "api.example.com"],
    ["API.Example.COM", "api.example.com"],
    ["api.example.com.", "api.example.com"],
    ["example.com", "api.example.com"],
    [".example.com", "api.example.com"],
    ["*.example.com", "api.example.com"],
    ["*example.com", "api.example.com"],
    ["com", "api.example.com"],
    ["i.example.com", "api.example.com"], // Python's requests compares raw endings
    ["api.*.com", "api.example.com"],
    ["api.*", "api.example.com"],
    ["api.example.com:443", "api.example.com"],
    ["https://api.example.com", "api.example.com"],
    ["bücher.example", "bücher.example"],
    ["127.0.0.1", "127.0.0.1:8443"],
    ["127.0.0.0/8", "127.0.0.1:8443"],
    ["0.0.0.0/0", "10.1.2.3"],
    ["127.*", "127.0.0.1"],
    ["::1", "[::1]:8443"],
    ["[::1]", "[::1]:8443"],
    ["[::1]:8443", "[::1]:8443"],
    ["0:0:0:0:0:0:0:1", "[::1]:8443"],
    ["fd00::/8", "[fd12::1]"],
    ["localhost", "localhost:8443"],
    ["<local>", "localhost:8443"],
    ["example.com", "*.example.com"],
    [".com", "*.example.com"],
    ["api.example.com", "*.example.com"],
    ["pi.example.com", "*.example.com"],
    ["10.*", "*.example.com"], // 10.example.com
  ])("%s for %s", (entry, host) => {
    expect(drops(entry, host)).toBe(true);
  });
});

describe("entries that stay", () => {
  test.each([
    ["localhost", "api.example.com"],
    ["127.0.0.1", "api.example.com"],
    ["10.0.0.0/8", "api.example.com"],
    ["10.0.0.0/8", "11.0.0.1"],
    ["10.0.0.0/99", "10.0.0.1"],
    ["10.*", "api.example.com"],
    ["other.example.com", "api.example.com"],
    ["x.api.example.com", "api.example.com"],
    ["example.org", "api.example.com"],
    ["api.example.com:8080", "api.example.com"],
    ["<local>", "api.example.com"],
    ["*.internal", "api.example.com"],
    ["a.b.example.com", "*.example.com"],
    ["api.*.org", "api.example.com"],
    ["api.*.org", "*.example.com"],
  ])("%s for %s", (entry, host) => {
    expect(drops(entry, host)).toBe(false);
  });
});

test("the text stays as it is where nothing is dropped, and keeps its order where something is", () => {
  expect(filterNoProxy(" a.test ,\tb.test", [parseHostBinding("c.example")])).toEqual({ kept: " a.test ,\tb.test", dropped: [] });
  expect(filterNoProxy("a.test, c.example b.test,,.example", [parseHostBinding("c.example")])).toEqual({ kept: "a.test,b.test", dropped: ["c.example", ".example"] });
  expect(filterNoProxy("*", [])).toEqual({ kept: "*", dropped: [] });
});

// What clients do, in their own words.
const clients: Record<string, (entry: string, host: string, port: number) => boolean> = {
  curl: (entry, host) => entry === "*" || host === entry.replace(/^\./, "") || host.endsWith(`.${entry.replace(/^\./, "")}`),
  go: (entry, host, port) => {
    const [name = "", wanted] = entry.split(":");
    if (wanted !== undefined && Number(wanted) !== port) return false;
    const suffix = name.startsWith("*.") ? name.slice(1) : name;
    return name === "*" || host === suffix || host.endsWith(suffix.startsWith(".") ? suffix : `.${suffix}`);
  },
  requests: (entry, host, port) => host.endsWith(entry) || `${host}:${port}`.endsWith(entry),
  "proxy-from-env": (entry, host) => (/^[.*]/.test(entry) ? host.endsWith(entry.replace(/^\*/, "")) : host === entry),
};

describe.each(Object.entries(clients))("%s", (_name, bypasses) => {
  const label = fc.constantFrom("a", "b", "api", "pi", "example", "test", "com");
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  const entry = fc.tuple(fc.constantFrom("", "", ".", "*.", "*"), host, fc.constantFrom("", "", ":443", ":8443")).map((parts) => parts.join(""));
  const port = fc.constantFrom(443, 8443);

  test("never goes past the proxy to a bound host by what is kept", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), host, port, fc.boolean(), label, (entries, bound, boundPort, isWildcard, first) => {
        fc.pre(!isWildcard || bound.includes("."));
        const { kept, dropped } = filterNoProxy(entries.join(","), [parseHostBinding(`${isWildcard ? "*." : ""}${bound}:${boundPort}`)]);
        const target = isWildcard ? `${first}.${bound}` : bound;
        const left = kept.split(",").filter((one) => one !== "");
        expect(left.filter((one) => bypasses(one, target, boundPort))).toEqual([]);
        expect([...left, ...dropped].sort()).toEqual([...entries].sort());
      }),
    );
  });
});
