// Requests whose framing is sound, in the forms that honest clients use. What becomes of the others is in `test/attacks/`.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { attempt, openStage } from "../../support/attack-stage.ts";
import { ask, collect, openSecure } from "../../support/proxy-child.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe("a request that can mean one thing only", () => {
  it("goes on, made canonical, without what is for the proxy", async () => {
    const { host, server } = stage;
    const { sent } = await attempt(stage, `GET https://${host.toUpperCase()}/a?b HTTP/1.1\r\nHost: API.example.test.:${server.port}\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n\r\n`);
    expect(sent).toMatch(new RegExp(`^GET /a\\?b HTTP/1.1\r\nhost: ${host}\r\n`));
    expect(sent).not.toContain("X-Hop");
  });

  it.each([
    ["in chunks with an extension", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: Chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\n\r\n"],
    ["of HTTP/1.0", "GET / HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n"],
  ])("goes on: one %s", async (_name, text) => {
    expect((await attempt(stage, text.replace("HOST", stage.host))).reply.status).toBe(200);
  });

  it("hears 100 Continue, and one that is refused does not", async () => {
    const secure = await openSecure(stage.run.proxy, stage.host);
    const answer = collect(secure);
    secure.write(`POST / HTTP/1.1\r\nHost: ${stage.host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
    expect(await answer.read((raw) => raw.includes("\r\n\r\n"))).toMatch(/^HTTP\/1\.1 100 /);
    secure.write("hi");
    expect(await answer.read((raw) => raw.endsWith("fine"))).toContain("HTTP/1.1 200 OK");
    secure.destroy();
    const refused = await ask(stage.run.proxy, stage.host, "POST / HTTP/1.1\r\nHost: evil.example.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(refused.status).toBe(421);
  });
});
