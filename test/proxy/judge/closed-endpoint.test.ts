// Which requests are to a token endpoint that is the agent's alone: by path as servers read it, whatever the method and the query.
import { describe, expect, it } from "vitest";
import { findClosed } from "../../../src/proxy/judge/closed-endpoint.ts";
import { makeRoute } from "../../../src/proxy/judge/route.ts";
import { makeGrant } from "../../support/proxy-run.ts";
import { PATH_TRICKS } from "../../support/path-tricks.ts";

const AUTHORITY = { host: "auth.example.test", port: 443 };

function isClosed(target: string, path: string, { headers = [], authority = AUTHORITY }: { readonly headers?: readonly string[]; readonly authority?: typeof AUTHORITY } = {}): boolean {
  const grants = [makeGrant("LOGIN", ["api.example.test"], { closedEndpoints: [{ authority: AUTHORITY, path }] })];
  return findClosed({ target, headers }, makeRoute({ scheme: "https", authority }, grants)) !== undefined;
}

describe("the token endpoint", () => {
  it.each([
    "/login/oauth/access_token", "/login/oauth/access_token/", "/login/oauth/access_token?x=1", "/LOGIN/OAuth/Access_Token", "/login/oauth/%61ccess_token", "/login%2Foauth%2faccess_token", "/login/oauth/access_token;x=1", "/login;x/oauth/access_token",
    "//login/oauth/access_token", "/login//oauth/access_token", "/./login/oauth/access_token", "/x/../login/oauth/access_token", "/a%2Fb/../login/oauth/access_token", "/x/%2e%2e/login/oauth/access_token", "/login\\oauth\\access_token", "/login/oauth/access_token.", "/login/oauth/access_token%20", "/login/oauth/access_token%00",
    "/login/oauth/%2561ccess_token", "/login/oauth/%25%36%31ccess_token", "/login/oauth/%u0061ccess_token", "/login/oauth/%EF%BD%81ccess_token", "/login/oauth/access_token%E2%80%8B", "/login/oauth/access_token%23",
  ])("is closed as %s", (target) => {
    expect(isClosed(target, "/login/oauth/access_token")).toBe(true);
  });

  it.each(["/", "/octocat/hello.git/info/refs?service=git-upload-pack", "/login/oauth/authorize", "/login/device/code", "/login/oauth/access_tokens", "/login/oauth/access_token/x", "/octocat/access_token", "/a//b", "/a/../b", "/x?y=/login/oauth/access_token", "/100%25/x"])("is not %s", (target) => {
    expect(isClosed(target, "/login/oauth/access_token")).toBe(false);
  });

  it("is closed in each way in which servers have been seen to take a path for another", () => {
    // All but the paths that mean another: below it, beside it, or none that a server takes for it.
    const open = PATH_TRICKS.filter((target) => !isClosed(target, "/admin"));
    expect(open.filter((target) => !/^\/admin(?:\/|%2f)x/i.test(target))).toEqual([
      "/x/keys", "/x/keys/", "/x/KEYS", "/x%2fkeys", "/a%2Fb%2Fkeys", "/keys", "/x/..", "/..", "/.", "///", "/%", "/%a", "/%zz", "/admin;/x", "/x/%E2%84%AAEYS", "/x/key%C5%BF",
    ]);
  });

  it("may be the host itself: then what is unclear is refused as well", () => {
    expect([isClosed("/", "/"), isClosed("/?x", "/"), isClosed("/a//b", "/"), isClosed("/a", "/")]).toEqual([true, true, true, false]);
  });

  it("is closed at its own host and port alone", () => {
    expect(isClosed("/token", "/token", { authority: { ...AUTHORITY, port: 8443 } })).toBe(false);
    expect(isClosed("/token", "/token", { authority: { ...AUTHORITY, host: "api.example.test" } })).toBe(false);
  });

  it("is not reached by a header that names another path", () => {
    expect(isClosed("/", "/token", { headers: ["X-Original-URL", "/token"] })).toBe(true);
    expect(isClosed("/", "/token", { headers: ["X-Other", "/token"] })).toBe(false);
  });
});
