// The port that waits for a login's answer, over real sockets, with other programs of this machine at it.
import { describe, expect, onTestFinished, test } from "vitest";
import type { Redirect } from "../../../src/app/logins/login-person.ts";
import type { RedirectTimes } from "../../../src/cli/pages/redirect-listener.ts";
import { openRedirect } from "../../../src/cli/pages/redirect-listener.ts";
import { exchangeRaw } from "../../support/raw-exchange.ts";
import { createServer } from "../../support/raw-sockets.ts";

const STATE = "s".repeat(43);

async function setUp(times: RedirectTimes = {}, host: "127.0.0.1" | "localhost" = "127.0.0.1"): Promise<Redirect> {
  const redirect = await openRedirect({ state: STATE, host, port: undefined }, times);
  onTestFinished(() => { redirect.close(); });
  return redirect;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function get(url: string): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const portOf = ({ uri }: Redirect): number => Number(new URL(uri).port);
const answerOf = ({ uri }: Redirect, query = `code=c-1&state=${STATE}`): Promise<Answer> => get(`${uri}?${query}`);

describe("the port of a login", () => {
  test("is one of this machine alone, at the path that users register, and takes one answer", async () => {
    const redirect = await setUp();
    expect(redirect.uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const shown = answerOf(redirect);
    const { parameters, tell } = await redirect.arrival;
    expect(parameters.get("code")).toBe("c-1");
    expect((await answerOf(redirect)).status).toBe(410);
    await tell({ kind: "done", at: "Example <b>" });
    const { status, text, headers } = await shown;
    expect(status).toBe(200);
    expect(text).toContain("The vault has your login at Example &lt;b&gt;.");
    expect(text).not.toMatch(/<script|<a |<img|src=|href=|c-1|s{43}/);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
    for (const [name, value] of [["cache-control", "no-store"], ["referrer-policy", "no-referrer"], ["x-content-type-options", "nosniff"], ["x-frame-options", "DENY"]] as const) expect(headers.get(name)).toBe(value);
  });

  test("goes on waiting, whatever other programs send it", async () => {
    const redirect = await setUp();
    const host = `Host: 127.0.0.1:${portOf(redirect)}\r\n`;
    const forged = [
      await exchangeRaw(portOf(redirect), `GET /callback?code=forged&state=${"x".repeat(43)} HTTP/1.1\r\n${host}\r\n`),
      await exchangeRaw(portOf(redirect), `GET /callback?code=forged HTTP/1.1\r\n${host}\r\n`),
      await exchangeRaw(portOf(redirect), `GET /callback?code=forged&state=${STATE} HTTP/1.1\r\nHost: evil.example\r\n\r\n`),
      await exchangeRaw(portOf(redirect), `POST /callback?code=forged&state=${STATE} HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`),
      await exchangeRaw(portOf(redirect), `GET /callback?code=forged&state=${STATE} HTTP/1.1\r\n${host}Sec-Fetch-Dest: image\r\n\r\n`),
      await exchangeRaw(portOf(redirect), "\u0016\u0003\u0001 no HTTP at all\r\n\r\n"),
      await exchangeRaw(portOf(redirect), `GET /callback?${"x".repeat(40_000)} HTTP/1.1\r\n${host}\r\n`),
    ];
    expect(forged.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "")).toEqual(["403", "403", "421", "405", "403", "", ""]);
    expect(forged.join("")).not.toMatch(/s{43}|forged/);
    const shown = answerOf(redirect);
    const { parameters, tell } = await redirect.arrival;
    expect(parameters.get("code")).toBe("c-1");
    await tell({ kind: "failed", reason: "because" });
    expect((await shown).text).toMatch(/Not logged in.*because/s);
  });

  test("leads to the provider once; a second reader of the link ends the login", async () => {
    const redirect = await setUp();
    const link = redirect.lead("https://login.example.com/auth?state=x");
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\/[\w-]{43}$/);
    const first = await get(link);
    expect([first.status, first.headers.get("location"), first.headers.get("referrer-policy")]).toEqual([302, "https://login.example.com/auth?state=x", "no-referrer"]);
    const second = await get(link);
    expect([second.status, second.text]).toEqual([410, expect.stringContaining("Not logged in")]);
    await expect(redirect.arrival).rejects.toMatchObject({ code: "no-value", message: "the link that starts the login was opened twice: perhaps by another program" });
  });

  test("does so too where the first one has sent an answer meanwhile, which is in no hurry to count", async () => {
    const redirect = await setUp();
    const link = redirect.lead("https://login.example.com/auth?state=x");
    await get(link);
    const forged = answerOf(redirect).catch(() => undefined);
    expect((await get(link)).status).toBe(410);
    await expect(redirect.arrival).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("opened twice") as string });
    redirect.close();
    expect(await forged).toBeUndefined();
  });

  test("takes the answer after that time, where the link was opened once", async () => {
    const redirect = await setUp({ secondReaderMs: 50 });
    await get(redirect.lead("https://login.example.com/auth?state=x"));
    const shown = answerOf(redirect);
    const { parameters, tell } = await redirect.arrival;
    expect(parameters.get("code")).toBe("c-1");
    await tell({ kind: "done", at: "Example" });
    expect((await shown).status).toBe(200);
  });

  test("tells nobody where it leads before there is anything, and nothing when the answer was there", async () => {
    const redirect = await setUp();
    const link = redirect.lead("https://login.example.com/auth");
    const shown = answerOf(redirect);
    const { tell } = await redirect.arrival;
    expect((await get(link)).status).toBe(410);
    await tell({ kind: "done", at: "Example" });
    expect((await shown).status).toBe(200);
  });

  test("is given up after a while, and closed with the login", async () => {
    const redirect = await setUp({ loginMs: 50 });
    await expect(redirect.arrival).rejects.toMatchObject({ code: "no-value", message: expect.stringContaining("nobody has logged in") as string });
    redirect.close();
    expect(await exchangeRaw(portOf(redirect), "GET / HTTP/1.1\r\n\r\n")).toBe("");
    const other = await setUp();
    other.close();
    await expect(other.arrival).rejects.toMatchObject({ code: "no-value", message: "the login was given up" });
  });

  test("can be a certain one, by another name; where that is another program's, nothing is waited for", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => { squatter.close(); });
    const address = squatter.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(openRedirect({ state: STATE, host: "127.0.0.1", port })).rejects.toMatchObject({ code: "busy", message: `port ${port} of this machine cannot be had for the login` });
    const named = await setUp({}, "localhost");
    expect(named.uri).toMatch(/^http:\/\/localhost:\d+\/callback$/);
    expect((await get(`http://127.0.0.1:${portOf(named)}/callback?code=c&state=${STATE}`)).status).toBe(421);
  });
});
