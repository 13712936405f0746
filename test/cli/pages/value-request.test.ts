import { describe, expect, it } from "vitest";
import { judgeApproveRequest } from "../../../src/cli/pages/approve-request.ts";
import { judgeRequest } from "../../../src/cli/pages/value-request.ts";

const expected = { authority: "127.0.0.1:4000", token: "t".repeat(43) };
const HEADERS = { Host: "127.0.0.1:4000", Origin: "http://127.0.0.1:4000", "X-Vault-Token": expected.token, "Content-Type": "application/octet-stream", "Content-Length": "5", "Sec-Fetch-Site": "same-origin" };
const judge = (method: string, url: string, headers: Readonly<Record<string, string | undefined>> = {}, more: readonly string[] = []): unknown => {
  const all: Record<string, string | undefined> = { ...HEADERS, ...headers };
  const verdict = judgeRequest({ method, url, rawHeaders: [...Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [name, value])), ...more] }, expected);
  return verdict.kind === "refused" ? verdict.status : verdict.kind;
};

describe("the page's server", () => {
  it("answers its own page", () => {
    expect(judge("POST", "/value")).toBe("value");
    expect(judge("POST", "/value", { "Sec-Fetch-Site": undefined })).toBe("value");
    expect(judge("POST", "/details", { "Content-Length": "0" })).toBe("details");
    expect(judge("GET", "/", { Origin: undefined, "X-Vault-Token": undefined, "Sec-Fetch-Site": "none" })).toBe("page");
    expect(judge("GET", "/", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" })).toBe("page");
  });

  it.each([
    ["a name that resolves here", 421, { Host: "evil.example:4000" }], ["localhost", 421, { Host: "localhost:4000" }], ["another port", 421, { Host: "127.0.0.1:4001" }], ["no port", 421, { Host: "127.0.0.1" }], ["no Host", 421, { Host: undefined }],
    ["another page", 403, { Origin: "http://evil.example" }], ["another port's page", 403, { Origin: "http://127.0.0.1:4001" }], ["localhost's page", 403, { Origin: "http://localhost:4000" }], ["a page in a sandbox", 403, { Origin: "null" }], ["HTTPS", 403, { Origin: "https://127.0.0.1:4000" }], ["no Origin", 403, { Origin: undefined }],
    ["another site", 403, { "Sec-Fetch-Site": "cross-site" }], ["another port's site", 403, { "Sec-Fetch-Site": "same-site" }],
    ["no token", 403, { "X-Vault-Token": undefined }], ["an empty token", 403, { "X-Vault-Token": "" }], ["another token", 403, { "X-Vault-Token": `${"t".repeat(42)}u` }], ["half a token", 403, { "X-Vault-Token": "t".repeat(42) }],
    ["a form's type", 400, { "Content-Type": "application/x-www-form-urlencoded" }], ["plain text", 400, { "Content-Type": "text/plain" }], ["chunks", 400, { "Transfer-Encoding": "chunked" }],
    ["no length", 411, { "Content-Length": undefined }], ["a signed length", 411, { "Content-Length": "+5" }], ["a long length", 413, { "Content-Length": "65537" }], ["a very long length", 411, { "Content-Length": "99999999999999999999" }], ["nothing", 400, { "Content-Length": "0" }],
  ] as const)("refuses %s with %i", (_, status, headers) => {
    expect(judge("POST", "/value", headers)).toBe(status);
    // Whoever may not give a value may not know for which secret it is.
    if (status === 403 || status === 421) expect(judge("POST", "/details", headers)).toBe(status);
  });

  it("refuses what stands there twice, other methods, and other paths", () => {
    for (const [name, value] of Object.entries(HEADERS).slice(0, 5)) expect(judge("POST", "/value", {}, [name.toUpperCase(), value])).toEqual(expect.any(Number));
    for (const method of ["GET", "PUT", "OPTIONS", "HEAD", "DELETE"]) expect(judge(method, "/value")).toBe(405);
    for (const url of ["/value?x", "/value/", "//value", "/VALUE", "http://127.0.0.1:4000/value", "/value#x", "*", ""]) expect(judge("POST", url)).toBe(404);
    expect(judge("POST", "/")).toBe(404);
    expect(judge("GET", "/?token=x")).toBe(404);
    expect(judge("GET", "/", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" })).toBe(403);
  });
});

describe("the server of the page of approvals", () => {
  const judgeAnswer = (url: string, more: readonly string[] = [], type = "application/json"): unknown => {
    const verdict = judgeApproveRequest({ method: "POST", url, rawHeaders: [...Object.entries({ ...HEADERS, "Content-Type": type }).flat(), ...more] }, expected);
    return verdict.kind === "refused" ? verdict.status : verdict.kind;
  };

  it("answers its own page alone", () => {
    expect(["/waiting", "/body", "/answer", "/value", "/details"].map((url) => judgeAnswer(url))).toEqual(["list", "look", "answer", 404, 404]);
    expect(judgeAnswer("/answer", [], "text/plain")).toBe(400);
  });

  it("refuses what stands there twice, chunks too", () => {
    for (const [name, value] of Object.entries(HEADERS).slice(0, 5)) expect(judgeAnswer("/answer", [name.toUpperCase(), value])).toEqual(expect.any(Number));
    for (const times of [1, 2]) expect(judgeAnswer("/answer", Array.from({ length: times }, () => ["Transfer-Encoding", "chunked"]).flat())).toBe(400);
  });
});
