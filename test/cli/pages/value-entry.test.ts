import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ValueEntry } from "../../../src/cli/pages/value-entry.ts";
import { openValueEntry } from "../../../src/cli/pages/value-entry.ts";
import { findBrowser, openBrowser } from "../../support/browser.ts";
import { exchangeRaw } from "../../support/raw-exchange.ts";

const details = { name: "OPENAI_API_KEY", service: "openai", hosts: ["api.openai.com:443"], places: ["basic", "header"] } as const;
const VALUE = "sk-entered-on-the-page-0123456789";

const portOf = ({ url }: ValueEntry): number => Number(new URL(url).port);
const tokenOf = ({ url }: ValueEntry): string => new URL(url).hash.slice(1);

function post(entry: ValueEntry, path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const host = `127.0.0.1:${portOf(entry)}`;
  const all = { Host: host, Origin: `http://${host}`, "X-Vault-Token": tokenOf(entry), "Content-Type": "application/octet-stream", "Content-Length": String(Buffer.byteLength(body)), ...headers };
  return exchangeRaw(portOf(entry), `POST ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
}

async function withEntry<T>(work: (entry: ValueEntry) => Promise<T>, entryMs?: number): Promise<T> {
  const entry = await openValueEntry(details, entryMs);
  try {
    return await work(entry);
  } finally {
    entry.close();
  }
}

describe("a value that is entered on a page", () => {
  it("is taken once, byte for byte, and the server is gone then", async () => {
    await withEntry(async (entry) => {
      expect(await post(entry, "/details", "")).toContain('{"name":"OPENAI_API_KEY","service":"openai","hosts":"api.openai.com:443","places":"basic, header"}');
      expect(await post(entry, "/value", `${VALUE}ü`)).toMatch(/^HTTP\/1\.1 200 /);
      const value = await entry.value;
      expect(Buffer.from(value.reveal()).toString()).toBe(`${VALUE}ü`);
      expect(await post(entry, "/value", "another")).toMatch(/^HTTP\/1\.1 410 /);
      expect(Buffer.from(value.reveal()).toString()).toBe(`${VALUE}ü`);
      entry.close();
      expect(await exchangeRaw(portOf(entry), "GET / HTTP/1.1\r\n\r\n")).toBe("");
    });
  });

  it("leads to a page that says nothing by itself, and that nobody may keep, frame or read from elsewhere", async () => {
    await withEntry(async (entry) => {
      const page = await exchangeRaw(portOf(entry), `GET / HTTP/1.1\r\nHost: 127.0.0.1:${portOf(entry)}\r\n\r\n`);
      expect(page).not.toMatch(/OPENAI|openai/);
      expect(page).not.toContain(tokenOf(entry));
      expect(page).not.toMatch(/access-control|set-cookie|<form[^>]*action|src=|href=/i);
      expect(page).toMatch(/content-security-policy: default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n/i);
      for (const header of ["cache-control: no-store", "referrer-policy: no-referrer", "x-content-type-options: nosniff", "x-frame-options: DENY", "cross-origin-resource-policy: same-origin", "cross-origin-opener-policy: same-origin"]) expect(page.toLowerCase()).toContain(header.toLowerCase());
    });
  });

  it("is not taken from strangers, over raw sockets, and repeats nothing to them", async () => {
    await withEntry(async (entry) => {
      const host = `127.0.0.1:${portOf(entry)}`;
      const attempts = [
        await post(entry, "/value", "stranger", { Host: `evil.example:${portOf(entry)}` }),
        await post(entry, "/value", "stranger", { Origin: "http://evil.example" }),
        await post(entry, "/value", "stranger", { "X-Vault-Token": "x" }),
        await post(entry, "/value?token=x", "stranger"),
        await post(entry, "/value", "x".repeat(70_000)),
        await exchangeRaw(portOf(entry), `POST /value HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nX-Vault-Token: ${tokenOf(entry)}\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nstranger\r\n0\r\n\r\n`),
        await exchangeRaw(portOf(entry), `POST /value HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\nOrigin: http://${host}\r\nContent-Length: 8\r\n\r\nstranger`),
        await exchangeRaw(portOf(entry), `OPTIONS /value HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-vault-token\r\n\r\n`),
        await exchangeRaw(portOf(entry), `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`),
        await exchangeRaw(portOf(entry), "\u0016\u0003\u0001 no HTTP at all\r\n\r\n"),
      ];
      expect(attempts.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "none")).toEqual(["421", "403", "403", "404", expect.stringMatching(/413|none/), "400", expect.stringMatching(/400|421/), "405", expect.stringMatching(/431|none/), "none"]);
      expect(attempts.join("\n")).not.toMatch(/stranger|access-control|OPENAI/i);
      // Of half a value nothing is kept either.
      await exchangeRaw(portOf(entry), `POST /value HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nX-Vault-Token: ${tokenOf(entry)}\r\nContent-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\nhalf`, true);
      expect(await post(entry, "/value", VALUE)).toMatch(/^HTTP\/1\.1 200 /);
      expect(Buffer.from((await entry.value).reveal()).toString()).toBe(VALUE);
    });
  });

  it("is waited for no longer than it was said, with connections that stand still as well", async () => {
    const entry = await openValueEntry(details, 200);
    const still = exchangeRaw(portOf(entry), "POST /value HTTP/1.1\r\nHost:");
    await expect(entry.value).rejects.toThrow(expect.objectContaining({ code: "usage" }));
    entry.close();
    expect(await still).toBe("");
  });

  it("has a token of 256 bits that is never used twice", async () => {
    const tokens = await Promise.all([0, 1, 2].map(() => withEntry((entry) => Promise.resolve(tokenOf(entry)))));
    expect(new Set(tokens).size).toBe(3);
    expect(tokens.every((token) => /^[\w-]{43}$/.test(token))).toBe(true);
  });
});

describe.skipIf(findBrowser() === undefined)("the page for a value in Chromium (needs chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it.each(["light", "dark"] as const)("is filled in with the keyboard alone, by its labels, in %s colours", async (colorScheme) => {
    await withEntry(async (entry) => {
      const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 800 } });
      const tab = await context.newPage();
      const told: string[] = [];
      const asked: { readonly url: string; readonly referrer: string }[] = [];
      tab.on("console", (message) => told.push(message.text()));
      tab.on("request", (request) => asked.push({ url: request.url(), referrer: request.headers()["referer"] ?? "" }));
      await tab.goto(entry.url);
      const field = tab.getByLabel("Value of OPENAI_API_KEY", { exact: true });
      await field.waitFor();
      expect(tab.url()).not.toContain("#");
      expect(await tab.getByRole("definition").allTextContents()).toEqual(["OPENAI_API_KEY", "openai", "api.openai.com:443", "basic, header"]);
      expect(await field.getAttribute("type")).toBe("password");
      expect(await tab.evaluate("document.activeElement.id")).toBe(await field.getAttribute("id"));
      expect(await tab.getByRole("button").allTextContents()).toEqual(["Put it into the vault"]);
      expect(await tab.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(colorScheme === "dark" ? "rgb(20, 23, 27)" : "rgb(251, 251, 249)");
      await tab.keyboard.press("Enter");
      expect(await tab.getByRole("status").textContent()).toBe("Nothing was entered.");
      await tab.keyboard.type(VALUE);
      await tab.keyboard.press("Tab");
      await tab.keyboard.press("Enter");
      expect(Buffer.from((await entry.value).reveal()).toString()).toBe(VALUE);
      await tab.getByText("vault has the value").waitFor();
      expect(await tab.content()).not.toContain(VALUE);
      expect(told).toEqual([]);
      const origin = `http://127.0.0.1:${portOf(entry)}`;
      expect(asked).toEqual(["/", "/details", "/value"].map((path) => ({ url: `${origin}${path}`, referrer: "" })));
      await context.close();
    });
  });

  it("says that it is not valid without its token, and after it was closed", async () => {
    await withEntry(async (entry) => {
      const tab = await browser.newPage();
      await tab.goto(entry.url.replace(/#.*/, ""));
      await tab.getByText("no longer valid").waitFor();
      expect(await tab.getByRole("textbox").count()).toBe(0);
      await tab.goto("about:blank");
      await tab.goto(entry.url);
      await tab.getByLabel("Value of OPENAI_API_KEY").waitFor();
      entry.close();
      await tab.keyboard.type("late");
      await tab.keyboard.press("Enter");
      await tab.getByText("no longer valid").waitFor();
      await tab.close();
    });
  });
});
