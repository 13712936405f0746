// The page of approvals: in a real browser, and over raw sockets from strangers and from programs in runs.
import type { Browser } from "playwright-core";
import { beforeEach, describe, expect, it } from "vitest";
import type { Answer, Approvals, WaitingRequest } from "../../../src/app/approvals/waiting.ts";
import type { ClaimAnswer, WaitingClaims } from "../../../src/app/broker/waiting-claims.ts";
import { listViewpoints } from "../../../src/app/broker/waiting-claims.ts";
import { openApproveServer } from "../../../src/cli/pages/approve-server.ts";
import type { LoopbackPage } from "../../../src/cli/pages/loopback-page.ts";
import { findBrowser, openBrowser } from "../../support/browser.ts";
import { connect } from "../../support/raw-sockets.ts";

const EVIL = '<img src=x onerror="document.title=1">\u202e\u001b[2J';
const waitingOf = (id: string, path: string, body: WaitingRequest["request"]["body"] = { kind: "none" }): WaitingRequest => ({ id, request: { kind: "request", run: "a1", programs: ["curl", "dash"], secrets: ["TOKEN"], secretIds: ["id-of-token"], rules: ["ask DELETE /**"], method: "DELETE", host: "api.example.com:443", path, body, digest: id.charCodeAt(0).toString(16).padStart(64, "0") }, isBodyKept: true, waitedMs: 0, leftMs: 60_000 });

let waiting: WaitingRequest[];
let answers: (readonly [string, Answer])[];
let server: LoopbackPage;

/** What the agent would do. */
const approvals: Approvals = {
  list: () => Promise.resolve(waiting),
  look: (id) => Promise.resolve(waiting.find((one) => one.id === id)),
  answer: ({ id }, answer) => {
    const isThere = waiting.some((one) => one.id === id);
    if (isThere) answers.push([id, answer]);
    waiting = waiting.filter((one) => one.id !== id);
    return Promise.resolve(isThere);
  },
  close: () => undefined,
};

const DID = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
let claimAnswers: ClaimAnswer[];
const claims: WaitingClaims = {
  list: () => Promise.resolve([]),
  answer: ({ did, handle }, answer) => {
    const isThere = did === DID && handle === "ci";
    if (isThere) claimAnswers.push(answer);
    return Promise.resolve(isThere);
  },
};

beforeEach(async () => {
  claimAnswers = [];
  [waiting, answers] = [[waitingOf("aaaaa", "/repos/a"), waitingOf("bbbbb", `/repos/${EVIL}`, { kind: "held", bytes: Buffer.from(`{"text":"${EVIL}"}`) })], []];
  server = await openApproveServer({ approvals, claims });
  return () => { server.close(); };
});

const tokenOf = (): string => new URL(server.url).hash.slice(1);
const hostOf = (): string => new URL(server.url).host;

/** The raw answer to raw bytes. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      if (/\r\n\r\n/.test(answer)) socket.end();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => { resolve(answer); });
    socket.write(bytes);
  });
}

function post(path: string, order: unknown, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const body = JSON.stringify(order);
  const all = { Host: hostOf(), Origin: `http://${hostOf()}`, "X-Vault-Token": tokenOf(), "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(body)), ...headers };
  return send(`POST ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
}

const yes = { id: "aaaaa", digest: "61".padStart(64, "0"), word: "once", reason: "" };

describe("the page of approvals", () => {
  it("answers to its token, for the request that was shown", async () => {
    expect(await post("/answer", yes)).toMatch(/^HTTP\/1\.1 200 [^]*\{"isSettled":true\}$/);
    expect(answers).toEqual([["aaaaa", { kind: "allow", extent: { kind: "once" } }]]);
    expect(await post("/answer", yes)).toContain('{"isSettled":false}');
  });

  it("does not take an answer to one request for another with its id", async () => {
    expect(await post("/answer", { ...yes, digest: "62".padStart(64, "0") })).toContain('{"isSettled":false}');
    expect(answers).toEqual([]);
  });

  it("says nothing by itself, and may be kept, framed and read from elsewhere by nobody", async () => {
    const page = await send(`GET / HTTP/1.1\r\nHost: ${hostOf()}\r\n\r\n`);
    expect(page).not.toMatch(/TOKEN\b|repos/);
    expect(page).not.toContain(tokenOf());
    expect(page).toMatch(/content-security-policy: default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n/i);
    for (const header of ["cache-control: no-store", "x-frame-options: DENY", "cross-origin-resource-policy: same-origin"]) expect(page.toLowerCase()).toContain(header.toLowerCase());
  });

  it("accepts the identity that was shown, for one viewpoint, and no other of its name", async () => {
    const accept = { did: DID, handle: "ci", word: "accept", workspace: "acme", group: null };
    expect(await post("/claim", { ...accept, handle: "other" })).toContain('{"isSettled":false}');
    for (const wrong of [{ word: "always" }, { did: 1 }, { workspace: 1 }, { workspace: null, group: "g" }, { workspace: undefined }]) expect((await post("/claim", { ...accept, ...wrong })).slice(9, 12)).toBe("400");
    expect((await post("/claim", accept, { "X-Vault-Token": "x" })).slice(9, 12)).toBe("403");
    expect(claimAnswers).toEqual([]);
    expect(await post("/claim", accept)).toContain('{"isSettled":true}');
    expect(await post("/claim", { ...accept, word: "reject" })).toContain('{"isSettled":true}');
    expect(claimAnswers).toEqual([{ kind: "accept", viewpoint: { workspace: "acme", group: undefined } }, { kind: "reject" }]);
  });

  it("offers what some secret knows, the least first", () => {
    const named = (scope: Parameters<typeof listViewpoints>[0][number]["scope"], groups: Parameters<typeof listViewpoints>[0][number]["groups"] = []) => ({ scope, groups });
    const all = { workspace: undefined, group: undefined };
    expect(listViewpoints([])).toEqual([all]);
    expect(listViewpoints([named({ kind: "group", workspace: "b", group: "g" }), named({ kind: "global" }, [{ workspace: "a", group: "h" }]), named({ kind: "workspace", workspace: "b" })])).toEqual([
      all, { workspace: "a", group: undefined }, { workspace: "a", group: "h" }, { workspace: "b", group: undefined }, { workspace: "b", group: "g" },
    ]);
  });

  it("is not answered by strangers, over raw sockets", async () => {
    const attempts = [
      await post("/answer", yes, { Host: `evil.example:${new URL(server.url).port}` }),
      await post("/answer", yes, { Origin: "http://evil.example" }),
      await post("/answer", yes, { "Sec-Fetch-Site": "same-site" }),
      await post("/answer", yes, { "X-Vault-Token": "x" }),
      await post("/answer", yes, { "Content-Type": "text/plain" }),
      await post("/answer?x", yes),
      await post("/answer", { ...yes, reason: "x".repeat(10_000) }),
      await post("/answer", { ...yes, word: "always" }),
      await post("/answer", [yes]),
      await send(`GET /answer HTTP/1.1\r\nHost: ${hostOf()}\r\nOrigin: http://${hostOf()}\r\nX-Vault-Token: ${tokenOf()}\r\n\r\n`),
    ];
    expect(attempts.map((answer) => answer.slice(9, 12))).toEqual(["421", "403", "403", "403", "400", "404", "413", "400", "400", "405"]);
    expect(answers).toEqual([]);
  });

  it.runIf(findBrowser() !== undefined)("shows what waits as text, and takes one click each (needs Chromium)", { timeout: 60_000 }, async () => {
    const browser: Browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(server.url);
      const cards = page.locator("article");
      await cards.nth(1).waitFor();
      expect(await page.title()).toBe("vault: approve");
      expect(page.url()).not.toContain("#");
      const second = await cards.nth(1).textContent();
      expect(second).toContain("<img src=x onerror=");
      expect(second).toContain("\\u202e\\u001b[2J");
      expect(await page.locator("img").count()).toBe(0);
      await cards.nth(1).getByRole("button", { name: "Show the body" }).click();
      await page.locator("pre", { hasText: '| {"text":"<img' }).waitFor();
      await cards.nth(0).getByRole("button", { name: "For this run" }).click();
      await cards.nth(0).getByText("Approved for the run.").waitFor();
      await cards.nth(1).getByRole("textbox").fill("not on a Friday");
      await cards.nth(1).getByRole("button", { name: "No", exact: true }).click();
      await cards.getByText("Denied.").waitFor();
      expect(answers).toEqual([["aaaaa", { kind: "allow", extent: { kind: "run" } }], ["bbbbb", { kind: "deny", reason: "not on a Friday" }]]);
      waiting = [waitingOf("ccccc", "/late")];
      await page.locator("article", { hasText: "/late" }).waitFor();
      waiting = [];
      await page.getByText("It waits no more.").waitFor();
    } finally {
      await browser.close();
    }
  });

  it.runIf(findBrowser() !== undefined)("is not clicked by a page that holds it in a frame, nor by one that has its address without the token (needs Chromium)", { timeout: 60_000 }, async () => {
    const browser: Browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(server.url.replace(/#.*/, ""));
      await page.getByText("This page is no longer valid").waitFor();
      expect(await page.locator("article").count()).toBe(0);
      await page.goto("about:blank");
      await page.setContent(`<iframe src="${server.url}"></iframe>`);
      await page.waitForTimeout(500);
      expect(await page.frames().at(-1)?.locator("article").count().catch(() => 0)).toBe(0);
    } finally {
      await browser.close();
    }
  });
});
