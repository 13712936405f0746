// What authorization servers do that they should not, and clocks that are wrong: what becomes of the login, and of the value. The server is the test's own; the vault is a real one.
import { describe, expect, test } from "vitest";
import { limitedFetch } from "../../../src/agent/sources/https-fetch.ts";
import type { ValueAnswer } from "../../../src/agent/sources/value-store.ts";
import { plainAnswer } from "../../support/raw-server.ts";
import type { Refresher } from "../../support/refresher.ts";
import { readRecord } from "../../support/refresher.ts";
import type { Script } from "../../support/scripted-endpoint.ts";
import { openScriptedEndpoint } from "../../support/scripted-endpoint.ts";

const shown = (answer: ValueAnswer): string => (answer.kind === "value" ? Buffer.from(answer.value.reveal()).toString() : answer.failure.reason);
const ask = async (agent: Refresher): Promise<string> => shown(await agent.ask());
/** A good answer with the next refresh token. */
const good = (call: number, more: object = {}): object => ({ access_token: `at-${call}`, token_type: "Bearer", expires_in: 3600, refresh_token: `rt-${call}`, ...more });
const status = (code: string, body: string): string => plainAnswer(body).replace("200 OK", code);

describe("a server that", () => {
  const FAULTS: Readonly<Record<string, { readonly answer: object | string | undefined; readonly reason: string }>> = {
    "answers 500": { answer: status("500 Internal Server Error", "oops"), reason: "bad-answer" },
    "answers with HTML": { answer: plainAnswer("<html>the login page</html>", "Content-Type: text/html"), reason: "bad-answer" },
    "answers 200 with an error": { answer: { error: "temporarily_unavailable" }, reason: "denied" },
    "says that there were too many requests": { answer: status("429 Too Many Requests", '{"error":"slow_down"}'), reason: "denied" },
    "hangs up": { answer: undefined, reason: "cut-off" },
    "redirects to its login page": { answer: "HTTP/1.1 302 Found\r\nLocation: https://localhost/login\r\nContent-Length: 0\r\n\r\n", reason: "bad-answer" },
    "has no access token for it": { answer: { token_type: "Bearer" }, reason: "bad-answer" },
  };
  test.each(Object.entries(FAULTS))("%s is asked again after the failure-ttl, with the same refresh token, and the login goes on", async (_name, { answer, reason }) => {
    const { open, asked, pass } = await openScriptedEndpoint((_token, call) => (call === 1 ? answer : good(call)));
    const agent = await open();
    expect([await ask(agent), await ask(agent)]).toEqual([reason, reason]);
    pass(9.9);
    expect(await ask(agent)).toBe(reason);
    expect(asked).toEqual(["rt-0"]);
    pass(0.2);
    expect(await ask(agent)).toBe("at-2");
    expect(asked).toEqual(["rt-0", "rt-0"]);
  });

  test("took the token and was not heard, and then calls it dead, has lost the login; one that is good for it has not", async () => {
    const script = (second: object): Script => (_token, call) => (call === 1 ? undefined : second);
    const lost = await openScriptedEndpoint(script({ error: "invalid_grant" }));
    const agent = await lost.open();
    expect(await ask(agent)).toBe("cut-off");
    lost.pass(11);
    expect(await ask(agent)).toBe("lost");
    const kept = await openScriptedEndpoint(script(good(2)));
    const other = await kept.open();
    expect(await ask(other)).toBe("cut-off");
    kept.pass(11);
    expect(await ask(other)).toBe("at-2");
  });

  test("gives tokens of another type, over when they come, or none that is one: their refresh tokens count all the same", async () => {
    for (const more of [{ token_type: "DPoP" }, { expires_in: 0 }, { expires_in: -60 }, { access_token: "" }]) {
      const { open, asked, pass } = await openScriptedEndpoint((_token, call) => good(call, call === 1 ? more : {}));
      const agent = await open();
      expect(["bad-answer", "expired"]).toContain(await ask(agent));
      pass(11);
      expect(await ask(agent)).toBe("at-2");
      expect(asked).toEqual(["rt-0", "rt-1"]);
    }
  });

  test("gives a refresh token that is none keeps the old one", async () => {
    const { open, asked, pass } = await openScriptedEndpoint((_token, call) => good(call, call === 1 ? { refresh_token: "\u0000 rt" } : {}));
    const agent = await open();
    expect(await ask(agent)).toBe("bad-answer");
    pass(11);
    expect(await ask(agent)).toBe("at-2");
    expect(asked).toEqual(["rt-0", "rt-0"]);
  });

  test("leaves the refresh token out, or gives the same one, is asked with it again; one that changes it, with the next", async () => {
    const tokens = [undefined, "rt-0", "rt-new", undefined, "rt-newer", undefined];
    const { open, asked, pass } = await openScriptedEndpoint((_token, call) => good(call, { refresh_token: tokens[call - 1] }));
    const agent = await open();
    for (let call = 1; call <= tokens.length; call += 1) {
      expect(await ask(agent)).toBe(`at-${call}`);
      pass(3600);
    }
    expect(asked).toEqual(["rt-0", "rt-0", "rt-0", "rt-new", "rt-new", "rt-newer"]);
  });

  test("does not say when a token ends: it is good for the ttl, or until a host refuses it", async () => {
    const unsaid = (_token: string, call: number): object => good(call, { expires_in: undefined });
    const { open, pass } = await openScriptedEndpoint(unsaid, { ttl: 60 });
    const agent = await open();
    expect(await ask(agent)).toBe("at-1");
    pass(55);
    expect(await ask(agent)).toBe("at-2");
    const endless = await openScriptedEndpoint(unsaid);
    const other = await endless.open();
    const first = await other.ask();
    endless.pass(86_400);
    expect(await ask(other)).toBe("at-1");
    if (first.kind !== "value") throw new Error(shown(first));
    expect(shown(await other.ask({ refused: first.value }))).toBe("at-2");
  });

  test("does not answer at all is given up", async () => {
    const { server } = await openScriptedEndpoint(() => "");
    const fetch = limitedFetch({ roots: null, signal: new AbortController().signal, answerMs: 50 });
    await expect(fetch(`https://localhost:${server.port}/`)).rejects.toMatchObject({ failure: { reason: expect.stringMatching(/^(timed-out|unreachable)$/) as string } });
  });
});

describe("a clock", () => {
  test("that is an hour off changes nothing: servers say how long, and not until when", async () => {
    for (const seconds of [3600, -3600]) {
      const { open, pass, asked } = await openScriptedEndpoint((_token, call) => good(call, { expires_in: 60 }));
      pass(0, seconds);
      const agent = await open();
      expect(await ask(agent)).toBe("at-1");
      pass(50);
      expect(await ask(agent)).toBe("at-1");
      pass(5);
      expect(await ask(agent)).toBe("at-2");
      expect(asked).toHaveLength(2);
    }
  });

  test("that is set an hour on has the token made anew; one that is set back keeps none longer", async () => {
    const { open, pass } = await openScriptedEndpoint((_token, call) => good(call, { expires_in: 60 }));
    const agent = await open();
    expect(await ask(agent)).toBe("at-1");
    pass(1, 3600);
    expect(await ask(agent)).toBe("at-2");
    pass(1, -3600);
    expect(await ask(agent)).toBe("at-2");
    pass(58, 58);
    expect(await ask(agent)).toBe("at-3");
  });
});

test("an hour of tokens that live five seconds: 360 refreshes and more, none twice, and each request has half of their life to arrive", async () => {
  const ends = new Map<string, number>();
  let [current, isOver] = ["rt-0", false];
  const stage = await openScriptedEndpoint((token, call) => {
    // As servers do that end a login when they see an old token.
    if (token !== current || isOver) {
      isOver = true;
      return { error: "invalid_grant" };
    }
    current = `rt-${call}`;
    ends.set(`at-${call}`, stage.now() + 5000);
    return good(call, { expires_in: 5 });
  });
  const agent = await stage.open();
  for (let second = 0; second < 3600; second += 10) {
    // The later ones ask as runs do that have read the vault just before the refresh.
    const record = await readRecord(stage.surroundings, "LOGIN");
    for (const step of [1, 1.4, 7.6]) {
      const token = shown(await agent.ask({ record }));
      expect(ends.get(token) ?? 0, token).toBeGreaterThanOrEqual(stage.now() + 2500);
      stage.pass(step);
    }
  }
  expect(stage.asked.length).toBeGreaterThanOrEqual(360);
  expect(new Set(stage.asked).size).toBe(stage.asked.length);
}, 300_000);
