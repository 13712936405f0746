// From the login to the run, as it is shipped: in a real browser, by what the person has named as his, and then a program whose token is renewed behind its placeholder.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBrowser, openBrowser } from "../../support/browser.ts";
import { FormBrowser } from "../../support/form-browser.ts";
import { contentOf, nameBrowser, openTypedLogin, PAGE } from "../../support/typed-login.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { hasTools } from "../../support/transcript.ts";

describe.skipIf(process.platform === "win32")("vault login, and what runs have of it", () => {
  test.skipIf(!hasTools())("gives a program one placeholder, and hosts a token that is good, though tokens live for seconds (needs curl)", async () => {
    const stage = await openTypedLogin({ accessTtl: 3, device: false, registers: false });
    const { start, server, vault, at, folder } = stage;
    const login = start("login", ...at, "--name", "API_TOKEN");
    const page = await login.said(PAGE);
    expect(readFileSync(`/proc/${String(login.child.pid)}/cmdline`, "latin1")).not.toMatch(/code_challenge|state=/);
    await new FormBrowser(server.certificate).fill(page, { login: "ann", password: "x" });
    expect(await login.ended).toBe(0);
    expect(login.output()).toContain(`logged in at ${server.authority}: API_TOKEN for ${server.authority}\n`);

    const ask = `curl -sS -H "Authorization: Bearer $API_TOKEN" https://${server.authority}/api; echo " $API_TOKEN"`;
    const run = start("run", "--upstream-ca", join(folder, "root.pem"), "--", "sh", "-c", `${ask}; sleep 4; ${ask}; sleep 4; ${ask}`);
    expect(await run.ended).toBe(0);
    const lines = run.output().split("\n").filter((line) => line.startsWith("{"));
    expect(lines.map((line) => line.replace(/ [^ ]*$/, ""))).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('"login":"ann"') as string));
    expect(new Set(lines.map((line) => line.split(" ").at(-1))).size).toBe(1);
    expect(new Set(server.admitted()).size).toBe(3);
    for (const token of server.admitted()) expect(run.output()).not.toContain(token);

    const out = await vault("logout", "API_TOKEN", "--json");
    expect([out.status, JSON.parse(out.output)]).toMatchObject([0, { deleted: { name: "API_TOKEN" }, revoked: true }]);
    expect((await vault("logout", "API_TOKEN")).status).toBe(7);
  });

  test("by a code: page and code stand on stderr, and what the server gives stands nowhere but sealed in the vault", async () => {
    const given = new Set<string>();
    const stage = await openTypedLogin({ registers: false, intercept: (_request, response) => noteGiven(response, given) });
    const { start, server, at, folder } = stage;
    const login = start("login", ...at, "--name", "API_TOKEN", "--device");
    let [stdout, stderr] = ["", ""];
    login.child.stdout?.on("data", (chunk: Buffer) => { stdout += chunk.toString(); });
    login.child.stderr?.on("data", (chunk: Buffer) => { stderr += chunk.toString(); });
    const page = await login.said(/open this page on any machine: (\S+)\n/);
    const code = await login.said(/and enter this code there: (\S+)\n/);
    expect(page).toBe(`${server.issuer}/device`);
    if (process.platform === "linux") for (const file of ["cmdline", "environ"]) given.forEach((text) => { expect(readFileSync(`/proc/${String(login.child.pid)}/${file}`, "latin1")).not.toContain(text); });
    await new FormBrowser(server.certificate).fill(page, { user_code: code, login: "ann", password: "x" });
    expect(await login.ended, login.output()).toBe(0);
    expect(stderr).toContain(page);
    expect(stderr).toContain(code);
    expect(stdout).toBe(`logged in at ${server.authority}: API_TOKEN for ${server.authority}\n`);
    expect(server.granted()[0]).toBe("urn:ietf:params:oauth:grant-type:device_code");
    // The device code, and the tokens.
    expect(given.size).toBeGreaterThanOrEqual(3);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    for (const text of given) for (const told of [login.output(), ...files]) expect(told).not.toContain(text);
  });

  test("ends with the statuses that are written down", async () => {
    const stage = await openTypedLogin({ device: false });
    const { vault, at, server } = stage;
    const ended = async (...args: readonly string[]): Promise<unknown[]> => {
      const { status, output } = await vault("login", ...args);
      return [status, output];
    };
    const saying = (text: string): unknown => expect.stringContaining(text);
    expect(await ended("no-such-provider")).toEqual([7, saying("vault login --list")]);
    expect(await ended()).toEqual([2, saying("say where to log in")]);
    expect(await ended("github", "--issuer", server.issuer)).toEqual([2, saying("exclude each other")]);
    expect(await ended("github", "--client-id", "x", "--client-secret", "typed-secret")).toEqual([2, saying("--client-secret-file FILE")]);
    expect(await ended("github", "--client-id", "x", "--client-secret", "typed-secret")).toEqual([2, expect.not.stringContaining("typed-secret")]);
    // Said by its metadata, which are asked for straight: at that proxy nobody is.
    Object.assign(stage.variables, { HTTPS_PROXY: "http://127.0.0.1:1", https_proxy: "http://127.0.0.1:1", NODE_USE_ENV_PROXY: "1" });
    expect(await ended(...at, "--device")).toEqual([2, saying("no way to log in by a code")]);
    expect(await ended("github")).toEqual([2, saying("https://github.com/settings/applications/new")]);
    spawnSync(NODE, [RUN_JS, "secrets", "create", "STORED", "--host", "api.example.com"], { env: stage.variables, input: "value-of-this-test" });
    expect(await ended(...at, "--name", "STORED")).toEqual([8, saying("it is no login")]);
    await server.close();
    expect(await ended(...at, "--name", "API_TOKEN")).toEqual([14, saying("ECONNREFUSED")]);
  });

  test("lists the providers, for programs as well", async () => {
    const { vault } = await openTypedLogin();
    expect((await vault("login", "--list")).output).toMatch(/^github +code, browser +/m);
    const { providers } = JSON.parse((await vault("login", "--list", "--json")).output) as { providers: readonly { id: string }[] };
    expect(providers.length).toBeGreaterThanOrEqual(25);
  });

  describe.skipIf(findBrowser() === undefined)("in a real browser (needs Chromium)", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser.close();
    });

    test("opens the browser that the person has named, with a link that leads to the provider once, and is told there what came of it", async () => {
      const stage = await openTypedLogin();
      const opened = nameBrowser(stage);
      const login = stage.start("login", ...stage.at, "--name", "API_TOKEN", "--json");
      const [option, link = ""] = (await contentOf(opened)).split("\n");
      expect(option).toBe("--new-window");
      expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\/[\w-]{43}$/);
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      const errors: string[] = [];
      page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
      await page.goto(link);
      expect(page.url()).toContain(stage.server.issuer);
      await page.fill("input[name=login]", "ann");
      await page.fill("input[name=password]", "x");
      await page.click("button[type=submit]");
      await page.click("button[type=submit]");
      await page.waitForURL(/^http:\/\/127\.0\.0\.1:/);
      expect(await page.title()).toBe("vault: logged in");
      expect(await page.locator("main").innerText()).toContain(`The vault has your login at ${stage.server.authority}.`);
      expect(errors.filter((text) => text.includes("Content Security Policy"))).toEqual([]);
      expect(await login.ended).toBe(0);
      await page.close();
    });

    test("a page that some program has loaded there finds the port, and ends nothing", async () => {
      const stage = await openTypedLogin();
      const opened = nameBrowser(stage);
      const login = stage.start("login", ...stage.at, "--name", "API_TOKEN");
      const link = (await contentOf(opened)).split("\n")[1] ?? "";
      const { origin } = new URL(link);
      const evil = await browser.newPage({ ignoreHTTPSErrors: true });
      await evil.goto(`${stage.server.issuer}/.well-known/openid-configuration`);
      await evil.setContent(`<img src="${origin}/callback?code=forged&state=forged"><img src="${link}"><iframe src="${link}"></iframe>`);
      await evil.goto(`${origin}/callback?code=forged&state=forged`).catch(() => undefined);
      await evil.close();

      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      await page.goto(link);
      await page.fill("input[name=login]", "ann");
      await page.fill("input[name=password]", "x");
      await page.click("button[type=submit]");
      await page.click("button[type=submit]");
      await page.waitForURL(/^http:\/\/127\.0\.0\.1:/);
      expect(await login.ended).toBe(0);
      await page.close();
    });
  });
});

/** Has the secrets of what the server answers written down. @returns false: the answer is the server's own. */
function noteGiven(response: ServerResponse, given: Set<string>): boolean {
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
  Object.assign(response, {
    end(body?: unknown) {
      for (const [, text = ""] of String(body).matchAll(/"(?:device_code|access_token|refresh_token|id_token)":"([^"]+)"/g)) given.add(text);
      return end(body);
    },
  });
  return false;
}
