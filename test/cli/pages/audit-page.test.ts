import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { join } from "node:path";
import type { AuditReport } from "../../../src/app/auditing/audit-report.ts";
import { writePage } from "../../../src/app/auditing/audit-report.ts";
import { auditPage } from "../../../src/cli/pages/audit-page.ts";
import { findBrowser, openBrowser } from "../../support/browser.ts";
import { makeFolder } from "../../support/temporary.ts";

const EVIL = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">"'</style><svg onload=alert(1)>`;
const at = (minute: number): string => `2026-01-31T09:${String(minute).padStart(2, "0")}:00.000Z`;
const report: AuditReport = {
  runs: [{ id: "a1", program: EVIL, at: at(0), end: undefined, secrets: ["API_KEY", EVIL] }],
  changes: [{ at: at(0), kind: EVIL, secret: EVIL, hosts: [EVIL] }],
  values: [{ secret: EVIL, source: EVIL, madeAt: [at(0)], until: EVIL, failedAt: [at(1)], reason: EVIL }],
  uses: [
    { secret: "API_KEY", host: "api.example.com:443", programs: new Set(["node", EVIL]), usedAt: [at(1), at(2), at(2), at(40)], refusedAt: [], scrubbed: 2, rules: new Set(["allow GET /**"]) },
    { secret: EVIL, host: EVIL, programs: new Set([EVIL]), usedAt: [], refusedAt: [at(20), EVIL], scrubbed: 0, rules: new Set(["allow GET /**"]) },
  ],
  refusals: [{ at: at(20), program: EVIL, host: EVIL, secrets: [EVIL], code: EVIL, text: "why", remedy: EVIL }],
  refusalCount: 2,
};
const page = auditPage(report, { checked: true, at: new Date(at(59)) });

describe("the audit page", () => {
  it("holds no script, no link, no address and no style attribute, whatever the log says", () => {
    expect(page).not.toMatch(/<(?:script|img|link|iframe|object|a|form|base)\b/i);
    expect(page.match(/<svg [^>]*>/g)?.every((tag) => tag.startsWith('<svg role="img"'))).toBe(true);
    const tags = page.replaceAll(/"[^"]*"/g, '""').match(/<[^>]*>/g) ?? [];
    expect(tags.filter((tag) => /\s(?:style|on\w+|src|href)=/.test(tag))).toEqual([]);
    expect(page).not.toMatch(/https?:/);
    expect(page).toContain("&lt;script&gt;");
  });

  it("allows by its policy the style sheet that it has, and nothing else", () => {
    const [, css = ""] = /<style>([^<]*)<\/style>/.exec(page) ?? [];
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;sha256-${createHash("sha256").update(css).digest("base64")}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`);
  });

  it("says so where there is nothing to show, and where the log was not checked", () => {
    const empty = auditPage({ runs: [], changes: [], values: [], uses: [], refusals: [], refusalCount: 0 }, { checked: false, at: new Date(at(0)) });
    expect(empty).toContain("no program was run");
    expect(empty).toContain("The log was not verified");
    expect(page).toContain("The newest 1 of 2.");
  });

  it("stays small with very many uses", () => {
    const usedAt = Array.from({ length: 50_000 }, (_, index) => new Date(Date.parse(at(0)) + index * 1000).toISOString());
    expect(auditPage({ ...report, uses: [{ secret: "A", host: "a:443", programs: new Set(), usedAt, refusedAt: usedAt, scrubbed: 0, rules: new Set(["allow GET /**"]) }] }, { checked: true, at: new Date(at(0)) }).length).toBeLessThan(150_000);
  });

  it("takes no other file's place, and is the user's alone", () => {
    const path = join(makeFolder(), "audit.html");
    writePage(path, page);
    expect(() => { writePage(path, "other"); }).toThrow(expect.objectContaining({ code: "already-exists" }));
    expect(readFileSync(path, "utf8")).toBe(page);
  });
});

/** As people's logs are: names, hosts and programs of some length, in each table. */
const HOST = "uploads.billing-and-invoices.example-company.com:8443";
const LONG: AuditReport = {
  runs: [{ id: "a1", program: "/usr/local/lib/project/node_modules/.bin/some-long-program-name", at: at(0), end: at(1), secrets: ["INTERNAL_BILLING_SERVICE_ACCESS_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN"] }],
  changes: [{ at: at(0), kind: "identity.accepted", secret: "INTERNAL_BILLING_SERVICE_ACCESS_TOKEN", hosts: [HOST] }],
  values: [{ secret: "INTERNAL_BILLING_SERVICE_ACCESS_TOKEN", source: "client-credentials", madeAt: [at(0)], until: at(3), failedAt: [at(1)], reason: "the endpoint did not answer" }],
  uses: [{ secret: "INTERNAL_BILLING_SERVICE_ACCESS_TOKEN", host: HOST, programs: new Set(["node", "claude"]), usedAt: [at(1)], refusedAt: [at(2)], scrubbed: 12, rules: new Set() }],
  refusals: [{ at: at(20), program: "claude", host: HOST, secrets: ["INTERNAL_BILLING_SERVICE_ACCESS_TOKEN"], code: "upstream-certificate", text: "why", remedy: "vault secrets update INTERNAL_BILLING_SERVICE_ACCESS_TOKEN --host billing.example-company.com" }],
  refusalCount: 1,
};
/** The words of the page that stand on two lines: each is a row of letters and digits. */
const BROKEN = `[...document.querySelectorAll("body *")].flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === 3)).flatMap((node) => [...node.data.matchAll(/[\\p{L}\\p{N}]+/gu)].filter((match) => {
  const range = document.createRange();
  range.setStart(node, match.index);
  range.setEnd(node, match.index + match[0].length);
  return new Set([...range.getClientRects()].filter(({ width }) => width > 1).map(({ top }) => top)).size > 1;
}).map(([word]) => word))`;

describe.skipIf(findBrowser() === undefined)("the audit page in Chromium (needs chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it.each([360, 700, 1000, 1280])("breaks no word in its middle, and needs no scrolling sideways, at a width of %d", async (width) => {
    const file = join(makeFolder(), "audit.html");
    writePage(file, auditPage(LONG, { checked: true, at: new Date(at(59)) }));
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    const tab = await context.newPage();
    await tab.goto(`file://${file}`);
    expect(await tab.evaluate(BROKEN)).toEqual([]);
    expect(await tab.evaluate("[document.documentElement, ...document.querySelectorAll('section')].map((element) => element.scrollWidth - element.clientWidth)")).toEqual([0, 0, 0, 0, 0, 0, 0]);
    await context.close();
  });

  it.each([["a phone", 360, "light"], ["a screen", 1280, "dark"]] as const)("is read on %s without scrolling sideways, by roles, with nothing blocked and nothing run", async (_, width, colorScheme) => {
    const file = join(makeFolder(), "audit.html");
    writePage(file, page);
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const tab = await context.newPage();
    const told: string[] = [];
    const asked: string[] = [];
    tab.on("console", (message) => told.push(message.text()));
    tab.on("request", (request) => asked.push(request.url()));
    await tab.goto(`file://${file}`);
    expect(await tab.title()).toBe("vault: audit log");
    expect(await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
    expect(await tab.getByRole("heading", { level: 2 }).allTextContents()).toEqual(["Timeline", "Secrets and hosts", "Values that were made", "Refused", "Runs", "Changes of the vault"]);
    expect(await tab.getByRole("table").count()).toBe(5);
    expect(await tab.getByRole("columnheader").count()).toBe(29);
    expect(await tab.getByRole("row", { name: "api.example.com:443" }).getByRole("cell").count()).toBe(8);
    expect(await tab.getByRole("img", { name: "API_KEY at api.example.com:443: used 4 times, refused 0 times" }).count()).toBe(1);
    expect(await tab.getByText(EVIL, { exact: true }).count()).toBeGreaterThan(5);
    const [page_, text] = await tab.evaluate<[string, string]>("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]");
    expect([page_, text]).toEqual(colorScheme === "dark" ? ["rgb(20, 23, 27)", "rgb(232, 233, 235)"] : ["rgb(251, 251, 249)", "rgb(28, 30, 33)"]);
    expect(told).toEqual([]);
    expect(asked).toEqual([`file://${file}`]);
    await context.close();
  });
});
