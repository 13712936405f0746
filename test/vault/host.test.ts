import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindingAllows, findAuthority, findCanonicalBinding, formatAuthority, formatHostBinding, parseHostBinding } from "../../src/vault/host.ts";
import { arbitraryHost } from "../support/bindings.ts";
import { refusalOf } from "../support/refusal.ts";

const canonicalOf = (typed: string): string => formatHostBinding(parseHostBinding(typed));
const allows = (binding: string, authority: string): boolean => {
  const found = findAuthority(authority);
  if (found === undefined) throw new Error(`"${authority}" is no authority`);
  return bindingAllows(parseHostBinding(binding), found);
};

describe("what a user types becomes its one canonical form", () => {
  test.each([
    ["api.github.com", "api.github.com:443"],
    ["API.GitHub.COM:8443", "api.github.com:8443"],
    ["api.github.com.", "api.github.com:443"],
    ["localhost:8080", "localhost:8080"],
    ["*.Example.com", "*.example.com:443"],
    ["b\u00fccher.example", "xn--bcher-kva.example:443"],
    ["B\u00dcCHER.example", "xn--bcher-kva.example:443"],
    ["*.b\u00fccher.example", "*.xn--bcher-kva.example:443"],
    ["\uff41pi\u3002example\uff0ecom", "api.example.com:443"],
    ["stra\u00dfe.example", "xn--strae-oqa.example:443"],
    ["\u212aey.example", "key.example:443"],
    ["api\u00ad.example.com", "api.example.com:443"],
    ["_dmarc.example.com", "_dmarc.example.com:443"],
    ["127.0.0.1:80", "127.0.0.1:80"],
    ["127.1", "127.0.0.1:443"],
    ["0x7f.1", "127.0.0.1:443"],
    ["0177.0.0.1", "127.0.0.1:443"],
    ["2130706433", "127.0.0.1:443"],
    ["\uff11\uff12\uff17.0.0.1", "127.0.0.1:443"],
    ["[::1]", "[::1]:443"],
    ["[0:0:0:0:0:0:0:1]:8443", "[::1]:8443"],
    ["[2001:DB8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]:443"],
    ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]:443"],
    ["example.com:1", "example.com:1"],
    ["example.com:65535", "example.com:65535"],
  ])("%s → %s", (typed, canonical) => {
    expect(canonicalOf(typed)).toBe(canonical);
    expect(canonicalOf(canonical)).toBe(canonical);
  });

  test.each([
    "", ".", "..", ":443", "*", "*:443", "*.", "*.com", "*.localhost", "*.*.example.com", "api.*.com", "a*.example.com", "**.example.com", "*.127.0.0.1", "*.[::1]", "*.2130706433.",
    "https://example.com", "//example.com", "example.com/", "example.com/path", "example.com?q", "example.com#f", "example.com\\evil", "user@example.com", "user:pw@example.com", "example.com@evil.com",
    "example.com:", "example.com:0", "example.com:00443", "example.com:0443", "example.com:65536", "example.com:99999999999", "example.com:+443", "example.com:-1", "example.com:4e2", "example.com:https", "example.com:443:443", "example.com: 443",
    "::1", "::1:443", "[::1", "::1]", "[::1]443", "[::1]:", "[::1%eth0]", "[fe80::1%25eth0]:443", "[127.0.0.1]", "[example.com]", "[]", "[::g]", "[1:2:3:4:5:6:7:8:9]", "[[::1]]",
    " example.com", "example.com ", "exa mple.com", "example.com\n", "example.com\t", "example.com\0", "example.com\u00a0", "example..com", ".example.com", "example.com..",
    "-example.com", "example-.com", "exam%70le.com", "example.com,evil.com", "example.com;evil.com", "(example).com", "example.com\u2028", "xn--\u00fc.example", "256.256.256.256", "1.2.3.4.5", "0x100000000", "a.0x7f", "a.1",
    `${"a".repeat(64)}.com`, `${"a.".repeat(127)}com`,
  ])("%j is refused", async (typed) => {
    expect(await refusalOf(() => parseHostBinding(typed))).toBe("usage");
  });

  test("whatever is taken is a fixed point, and is what the vault file may hold", () => {
    const typed = fc.oneof(fc.domain(), fc.ipV4Extended(), fc.ipV6().map((address) => `[${address}]`), fc.webAuthority({ withPort: true }), fc.string(), arbitraryHost, fc.stringMatching(/^(\*\.)?[a-z0-9.:[\]%@_-]{1,20}$/));
    fc.assert(fc.property(typed, (text) => {
      let canonical: string;
      try {
        canonical = canonicalOf(text);
      } catch (error) {
        expect(error).toMatchObject({ code: "usage" });
        return;
      }
      expect(canonicalOf(canonical)).toBe(canonical);
      expect(findCanonicalBinding(canonical)).toEqual(parseHostBinding(canonical));
    }), { numRuns: 5000 });
  });
});

describe("canonical bindings of the file", () => {
  test("are exactly those that parse and format to themselves", () => {
    fc.assert(fc.property(fc.oneof(arbitraryHost, fc.string(), fc.stringMatching(/^(\*\.)?[a-zA-Z0-9.:[\]%_-]{1,24}(:\d{1,5})?$/), fc.ipV6().map((address) => `[${address}]:443`)), (text) => {
      const binding = findCanonicalBinding(text);
      if (binding === undefined) return;
      expect(formatHostBinding(binding)).toBe(text);
      expect(canonicalOf(text)).toBe(text);
    }), { numRuns: 5000 });
    fc.assert(fc.property(arbitraryHost, (text) => {
      expect(findCanonicalBinding(text)).toBeDefined();
    }), { numRuns: 2000 });
  });
});

describe("the authority of a request", () => {
  test.each([
    ["api.github.com:443", "api.github.com:443"],
    ["API.GITHUB.COM.:443", "api.github.com:443"],
    ["127.1:80", "127.0.0.1:80"],
    ["[::1]:8443", "[::1]:8443"],
    ["[0::1]:8443", "[::1]:8443"],
    ["b\u00fccher.example:443", "xn--bcher-kva.example:443"],
  ])("%s is %s", (text, expected) => {
    const authority = findAuthority(text);
    expect(authority === undefined ? undefined : formatAuthority(authority)).toBe(expected);
  });

  test.each([
    "", "api.github.com", "api.github.com:", ":443", "api.github.com:00443", "api.github.com:65536", "h:443@evil:443", "evil@h:443", "h%2eevil:443", "h:443/", "h:443?", "h:443#", "h :443", "h:443 ", "h:443\r\n", "*.example.com:443", "*:443",
    "::1:443", "[::1]", "[::1%lo]:443", "h\\evil:443", "h:4 43", "h:443:443", "http://h:443",
  ])("%j is none", (text) => {
    expect(findAuthority(text)).toBeUndefined();
  });
});

describe("what a binding allows", () => {
  test.each([
    ["example.com", "example.com:443"],
    ["example.com", "EXAMPLE.com.:443"],
    ["example.com:8443", "example.com:8443"],
    ["*.example.com", "api.example.com:443"],
    ["*.example.com", "xn--bcher-kva.example.com:443"],
    ["127.0.0.1", "0x7f000001:443"],
    ["[::1]", "[0:0::1]:443"],
    ["b\u00fccher.example", "XN--BCHER-KVA.example:443"],
  ])("%s allows %s", (binding, authority) => {
    expect(allows(binding, authority)).toBe(true);
  });

  test.each([
    ["example.com", "example.com:8443"],
    ["example.com:8443", "example.com:443"],
    ["example.com", "evilexample.com:443"],
    ["example.com", "example.com.evil.com:443"],
    ["example.com", "example.comevil:443"],
    ["example.com", "api.example.com:443"],
    ["example.com", "example.co:443"],
    ["example.com", "ex\u0430mple.com:443"],
    ["*.example.com", "example.com:443"],
    ["*.example.com", "evilexample.com:443"],
    ["*.example.com", "a.b.example.com:443"],
    ["*.example.com", "api.example.com.evil.com:443"],
    ["*.example.com", "api.example.com:8443"],
    ["*.example.com", "api.evil-example.com:443"],
    ["127.0.0.1", "[::ffff:127.0.0.1]:443"],
    ["127.0.0.1", "localhost:443"],
    ["[::1]", "127.0.0.1:443"],
  ])("%s does not allow %s", (binding, authority) => {
    expect(allows(binding, authority)).toBe(false);
  });

  test("a binding without wildcard allows one authority: its own", () => {
    fc.assert(fc.property(arbitraryHost, arbitraryHost, (a, b) => {
      const [binding, authority] = [parseHostBinding(a), findAuthority(b)];
      if (authority === undefined || binding.wildcard) return;
      expect(bindingAllows(binding, authority)).toBe(a === b);
    }), { numRuns: 2000 });
  });

  test("a wildcard allows one label more, and nothing else", () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom("example.com", "evilexample.com", "example.com.evil.net"), (labels, parent) => {
      expect(allows("*.example.com", `${[...labels, parent].join(".")}:443`)).toBe(parent === "example.com" && labels.length === 1);
    }), { numRuns: 1000 });
  });
});
