// While somebody logs in, another program of this machine would have the vault log in as another: it reads the process list, finds the port, answers there in the provider's place, opens the link that was meant for the browser, and has pages that happen to be open do so as well.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FormBrowser } from "../support/form-browser.ts";
import type { TypedLogin, Started } from "../support/typed-login.ts";
import { contentOf, nameBrowser, openTypedLogin, PAGE } from "../support/typed-login.ts";

const LOGIN = ["--name", "API_TOKEN"];

/** What every user of the machine can read of its processes, and what the same user can besides. */
function readProcesses(): string {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).map((pid) => ["cmdline", "environ"].map((file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "latin1");
    } catch {
      return "";
    }
  }).join("\n")).join("\n");
}

async function begin(): Promise<{ readonly stage: TypedLogin; readonly login: Started; readonly link: string; readonly page: () => Promise<string> }> {
  const stage = await openTypedLogin({ device: false });
  const opened = nameBrowser(stage);
  const login = stage.start("login", ...stage.at, ...LOGIN);
  const link = (await contentOf(opened)).split("\n")[1] ?? "";
  return { stage, login, link, page: () => login.said(PAGE) };
}

const statusOf = async (url: string, options: RequestInit = {}): Promise<number> => (await fetch(url, { redirect: "manual", ...options })).status;

describe.skipIf(process.platform !== "linux")("another program, while somebody logs in (needs Linux)", () => {
  it("sees the link that starts the login, and neither the state nor what the code is good with", async () => {
    const { login, link, page } = await begin();
    const { searchParams } = new URL(await page());
    const seen = readProcesses();
    for (const part of ["state", "code_challenge"] as const) expect(seen).not.toContain(searchParams.get(part));
    expect(seen).not.toContain("code_verifier");
    expect(link).toMatch(/\/start\/[\w-]{43}$/);
    login.child.kill();
  });

  it("answers first, with codes and errors of its own: refused, and the login goes on to its end", async () => {
    const { stage, login, link, page } = await begin();
    const { origin } = new URL(link);
    const state = new URL(await page()).searchParams.get("state") ?? "";
    const forged = [
      statusOf(`${origin}/callback?code=forged`),
      statusOf(`${origin}/callback?code=forged&state=${"x".repeat(state.length)}`),
      statusOf(`${origin}/callback?error=access_denied&state=`),
      statusOf(`${origin}/callback?code=forged&state=${state}`, { method: "POST" }),
      statusOf(`${origin}/start/${"x".repeat(43)}`),
    ];
    expect(await Promise.all(forged)).toEqual([403, 403, 403, 405, 403]);
    await new FormBrowser(stage.server.certificate).fill(await page(), { login: "ann", password: "x" });
    expect(await login.ended).toBe(0);
    expect(stage.server.asked()).toContain("POST /token");
  });

  it("opens the link first, logs in as another and hands that in: ended by the browser, which comes second, with nothing stored", async () => {
    const { stage, login, link } = await begin();
    const own = new FormBrowser(stage.server.certificate).fill(link, { login: "mallory", password: "x" }).catch(() => undefined);
    // The browser is slow, and comes when the answer is there.
    while (!stage.server.asked().some((one) => /^GET \/auth\/./.test(one))) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await statusOf(link)).toBe(410);
    expect(await login.ended).toBe(14);
    await own;
    expect(login.output()).toContain("was opened twice: perhaps by another program");
    expect(stage.server.asked()).not.toContain("POST /token");
    expect((await stage.vault("secrets", "list")).output).not.toContain("API_TOKEN");
  });

  it("has a code of its own account handed in with a state that it has seen: the code is good with its own secret alone", async () => {
    const { stage, login, page } = await begin();
    const mine = new URL(await page());
    const { origin, pathname } = new URL(mine.searchParams.get("redirect_uri") ?? "");
    // Its own request, with a challenge of its own.
    mine.searchParams.set("code_challenge", Buffer.alloc(32, 1).toString("base64url"));
    const shown = await new FormBrowser(stage.server.certificate).fill(mine.href, { login: "mallory", password: "x" });
    expect(shown.url.startsWith(`${origin}${pathname}`)).toBe(true);
    expect(await login.ended).toBe(14);
    expect(login.output()).toContain("invalid_grant");
    expect((await stage.vault("secrets", "list")).output).not.toContain("API_TOKEN");
  });
});
