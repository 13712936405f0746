// Two secrets in one request, of which one may do less: the program sends the free one along, or puts the ruled one where its rules might not be looked at: in the body, in the path, in a request that is signed, in one of which no rule is known to be met.
import { describe, expect, it, onTestFinished } from "vitest";
import { layered, makeLayer } from "../../../src/proxy/grants/grant-rules.ts";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import { NO_RULES } from "../../../src/vault/rules.ts";
import type { Rules } from "../../../src/vault/rules.ts";
import { ask } from "../../support/proxy-child.ts";
import { makeGrant, openTestRun } from "../../support/proxy-run.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const ruled = (...rules: Partial<Rules>[]): Pick<Grant, "rules"> => ({ rules: layered(...rules.map((one, index) => makeLayer({ ...NO_RULES, ...one }, index === 0 ? undefined : "vault.run.json"))) });

/** @returns sends a request; with `A` and `B` for the two placeholders; gives the code of the refusal, or `sent`. */
async function stageOf(first: Parameters<typeof makeGrant>[2], second: Parameters<typeof makeGrant>[2]): Promise<(line: string, headers: readonly string[], body?: string) => Promise<string>> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  const host = `api.example.test:${server.port}`;
  const grants = [makeGrant("A", [host], { value: "value-of-the-first-0123456789", ...first }), makeGrant("B", [host], { value: "value-of-the-second-012345678", ...second })];
  const run = await openTestRun(grants, { roots: [ca.certificate] });
  onTestFinished(async () => {
    await run.proxy.close();
    await server.close();
  });
  const fill = (text: string): string => text.replaceAll("AAA", grants[0]?.placeholder ?? "").replaceAll("BBB", grants[1]?.placeholder ?? "");
  return async (line, headers, body) => {
    const before = server.received().length;
    const filled = body === undefined ? undefined : fill(body);
    const reply = await ask(run.proxy, host, [`${fill(line)} HTTP/1.1`, `Host: ${host}`, ...headers.map(fill), ...(filled === undefined ? [] : [`Content-Length: ${filled.length}`]), "", filled ?? ""].join("\r\n"));
    const sent = server.received().slice(before);
    const code = reply.headers["x-vault-refusal"];
    if (code !== undefined) expect(sent).toBe("");
    return typeof code === "string" ? code : "sent";
  };
}

describe("each secret that is in a request has to be let through", () => {
  it("a free one in one header, a ruled one in another", async () => {
    const send = await stageOf({}, ruled({ allow: ["GET /**"] }));
    expect(await send("DELETE /x", ["X-Api-Key: AAA"])).toBe("sent");
    expect(await send("DELETE /x", ["X-Api-Key: BBB"])).toBe("rule");
    expect(await send("DELETE /x", ["X-Api-Key: AAA", "Authorization: Bearer BBB"])).toBe("rule");
    expect(await send("GET /x", ["X-Api-Key: AAA", "Authorization: Bearer BBB"])).toBe("sent");
  });

  it("two with rules that have nothing in common", async () => {
    const send = await stageOf(ruled({ allow: ["GET /a/**"] }), ruled({ allow: ["GET /b/**"] }));
    expect(await send("GET /a/x", ["X-Api-Key: AAA"])).toBe("sent");
    expect(await send("GET /b/x", ["X-Api-Key: BBB"])).toBe("sent");
    expect(await send("GET /a/x", ["X-Api-Key: AAA", "Authorization: Bearer BBB"])).toBe("rule");
    expect(await send("GET /b/x", ["X-Api-Key: AAA", "Authorization: Bearer BBB"])).toBe("rule");
  });

  it("the vault's rules and a project's", async () => {
    const send = await stageOf(ruled({ allow: ["* /a/**"] }, { deny: ["DELETE /**"] }), {});
    expect(await send("GET /a/x", ["X-Api-Key: AAA"])).toBe("sent");
    expect(await send("DELETE /a/x", ["X-Api-Key: AAA"])).toBe("rule");
    expect(await send("GET /b", ["X-Api-Key: AAA"])).toBe("rule");
  });
});

describe("wherever it stands", () => {
  it("in a body", async () => {
    const send = await stageOf({ places: ["body"], ...ruled({ allow: ["POST /ok"] }) }, {});
    for (const [type, body] of [["application/json", '{"key":"AAA"}'], ["application/x-www-form-urlencoded", "key=AAA"]] as const) {
      expect(await send("POST /ok", [`Content-Type: ${type}`], body)).toBe("sent");
      expect(await send("POST /other", [`Content-Type: ${type}`], body)).toBe("rule");
    }
  });

  it("in the path, which is matched as the program has sent it", async () => {
    const send = await stageOf({ places: ["path"], ...ruled({ allow: ["GET /*/getMe", "GET /bot*/getMe"] }) }, {});
    expect(await send("GET /AAA/getMe", [])).toBe("sent");
    expect(await send("GET /AAA/deleteWebhook", [])).toBe("rule");
    expect(await send("GET /AAA/x/../getMe", [])).toBe("rule");
  });

  it("in the query", async () => {
    const send = await stageOf({ places: ["query"], ...ruled({ allow: ["GET /ok"] }) }, {});
    expect(await send("GET /ok?key=AAA", [])).toBe("sent");
    expect(await send("GET /no?key=AAA", [])).toBe("rule");
  });

  it("as a Basic credential", async () => {
    const send = await stageOf(ruled({ allow: ["GET /ok"] }), {});
    expect(await send("POST /ok", ["Authorization: Bearer AAA"])).toBe("rule");
    expect(await send("GET /ok", ["Authorization: Bearer AAA"])).toBe("sent");
  });
});

describe("what somebody has to be asked for, or what is counted, does not go out where there is nobody", () => {
  it.each<[string, Partial<Rules>]>([["ask", { ask: ["GET /**"] }], ["rate", { rate: { perMinute: 1, burst: 1 } }], ["uses", { uses: 5 }]])("%s", async (_, rules) => {
    const send = await stageOf(ruled(rules), {});
    expect(["asks", "rule-limit"]).toContain(await send("GET /x", ["X-Api-Key: AAA"]));
  });
});

it("nothing goes out once the time is over", async () => {
  const send = await stageOf(ruled({ until: "2020-01-01T00:00:00.000Z" }), {});
  expect(await send("GET /x", ["X-Api-Key: AAA"])).toBe("rule");
});
