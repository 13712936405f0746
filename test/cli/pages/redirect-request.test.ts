import { describe, expect, test } from "vitest";
import { judgeRedirect } from "../../../src/cli/pages/redirect-request.ts";

const expected = { authority: "127.0.0.1:4711", state: "s".repeat(43), startToken: "t".repeat(43) };
const judge = (url: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): unknown => {
  const all = { Host: expected.authority, ...headers };
  const verdict = judgeRedirect({ method, url, rawHeaders: Object.entries(all).flat() }, expected);
  return verdict.kind === "refused" ? verdict.status : verdict.kind;
};
const CALLBACK = `/callback?code=c&state=${expected.state}`;
const START = `/start/${expected.startToken}`;

describe("the answer to a login", () => {
  test("is one with the state, at the redirect, from a browser or from none", () => {
    expect(judge(CALLBACK)).toBe("arrival");
    expect(judge(CALLBACK, { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" })).toBe("arrival");
    expect(judge(`/callback?error=access_denied&state=${expected.state}`)).toBe("arrival");
  });

  test.each<[string, string, Readonly<Record<string, string>>, string, number]>([
    ["without a state", "/callback?code=c", {}, "GET", 403],
    ["with another state", `/callback?code=c&state=${"x".repeat(43)}`, {}, "GET", 403],
    ["with an empty one", "/callback?code=c&state=", {}, "GET", 403],
    ["with the right state behind another", `/callback?state=x&state=${expected.state}&code=c`, {}, "GET", 403],
    ["with its state in the fragment's place of a form", "/callback", {}, "POST", 405],
    ["elsewhere", CALLBACK.replace("/callback", "/"), {}, "GET", 404],
    ["below", CALLBACK.replace("/callback", "/callback/x"), {}, "GET", 404],
    ["at an absolute address", `http://127.0.0.1:4711${CALLBACK}`, {}, "GET", 404],
    ["at a name that was rebound", CALLBACK, { Host: "evil.example:4711" }, "GET", 421],
    ["at another port", CALLBACK, { Host: "127.0.0.1:1" }, "GET", 421],
    ["as a picture", CALLBACK, { "Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors" }, "GET", 403],
    ["in a frame", CALLBACK, { "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate" }, "GET", 403],
    ["fetched by a page", CALLBACK, { "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors" }, "GET", 403],
  ])("is none %s", (_name, url, headers, method, status) => {
    expect(judge(url, headers, method)).toBe(status);
  });

  test("is none with two hosts", () => {
    expect(judgeRedirect({ method: "GET", url: CALLBACK, rawHeaders: ["Host", expected.authority, "Host", expected.authority] }, expected)).toEqual({ kind: "refused", status: 421 });
  });
});

describe("the link that starts a login", () => {
  test("is one with the token, opened from outside", () => {
    expect(judge(START)).toBe("start");
    expect(judge(START, { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" })).toBe("start");
  });
  test.each<[string, string, Readonly<Record<string, string>>]>([
    ["another token", `/start/${"x".repeat(43)}`, {}],
    ["no token", "/start/", {}],
    ["a query", `${START}?x`, {}],
    ["a page that leads there", START, { "Sec-Fetch-Site": "cross-site" }],
    ["a page of another port here", START, { "Sec-Fetch-Site": "same-site" }],
  ])("is none with %s", (_name, url, headers) => {
    expect(judge(url, headers)).toBe(403);
  });
});
