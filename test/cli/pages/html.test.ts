import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { breakable, html } from "../../../src/cli/pages/html.ts";

describe("html", () => {
  it("escapes what is put into it, and not what is HTML already", () => {
    expect(html`<a title="${`"'<>&`}">${html`<b>${"</b>"}</b>`}${[html`<i>1</i>`, html`<i>2</i>`]}${3}</a>`.toString()).toBe('<a title="&quot;&#39;&lt;&gt;&amp;"><b>&lt;/b&gt;</b><i>1</i><i>2</i>3</a>');
  });

  it("shows what cannot be seen or turns text round by its number", () => {
    expect(html`${"a\u202Eb\u0000\u200B\n"}`.toString()).toBe("a\\u202eb\\u0000\\u200b\\u000a");
  });

  it("lets no text end an attribute, begin an element or stand for a character", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", ";", "#", "l", "t", "\u0000", "-", "/", "script", "`") }), (text) => {
      const escaped = html`${text}`.toString();
      expect(escaped).not.toMatch(/[<>"']/);
      expect(escaped.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&")).toBe(text.replaceAll("\u0000", "\\u0000"));
    }));
  });
});

it.each(["INTERNAL_BILLING_TOKEN", "api.example.com:443", "/usr/bin/<b>node</b>", "a".repeat(70), "two words", "", "__", "ü\u202e & \"x\""])("%j is broken where its parts end, and says what it said", (text) => {
  const written = breakable(text).toString();
  expect(written.replaceAll("<wbr>", "")).toBe(html`${text}`.toString());
  expect(written.split("<wbr>").every((part) => part.replaceAll(/&[a-z#0-9]+;|\\\\u[0-9a-f]{4}/g, "?").length <= 40)).toBe(true);
});
