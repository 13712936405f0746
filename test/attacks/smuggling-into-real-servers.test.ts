// The judge of the smuggling tests is our own, and might share our mistakes. So the same attacks are played against servers as the world runs them, nginx and
// HAProxy, which read requests with parsers of their own. What is in their access logs is what happened: each request that was answered is there exactly
// once, nothing else is, and none was too odd for them. The same holds for what honest clients send, in the odder of the forms that the RFC allows.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { collect, openSecure } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { RealServer, RealServerKind } from "../support/real-servers.ts";
import { isInstalled, openRealServer } from "../support/real-servers.ts";
import type { SmugglingCase } from "../support/smuggling-corpus.ts";
import { SMUGGLED, smugglingCases } from "../support/smuggling-corpus.ts";
import { makeTestCa } from "../support/test-ca.ts";

/** `HOST` and `KEY` stand for what is known only when the server runs. */
const HONEST: readonly (readonly [name: string, requests: string, logged: readonly string[]])[] = [
  ["a GET", "GET /a HTTP/1.1\r\nHost: HOST\r\nX-Api-Key: KEY\r\n\r\n", ["GET /a"]],
  ["a GET with a query of odd characters", "GET /a/b;c=1?d=e&f[]=%20g'|{}^`~ HTTP/1.1\r\nHost: HOST\r\n\r\n", ["GET /a/b;c=1?d=e&f[]=%20g'|{}^`~"]],
  ["a HEAD", "HEAD /a HTTP/1.1\r\nHost: HOST\r\nX-Api-Key: KEY\r\n\r\n", ["HEAD /a"]],
  ["a DELETE without a body", "DELETE /a HTTP/1.1\r\nHost: HOST\r\n\r\n", ["DELETE /a"]],
  ["a DELETE with a body", "DELETE /a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello", ["DELETE /a"]],
  ["a GET with a body", "GET /a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello", ["GET /a"]],
  ["a POST with a length", "POST /a HTTP/1.1\r\nHost: HOST\r\nX-Api-Key: KEY\r\nContent-Length: 5\r\n\r\nhello", ["POST /a"]],
  ["a POST with a length of nothing", "POST /a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n", ["POST /a"]],
  ["a POST without a length", "POST /a HTTP/1.1\r\nHost: HOST\r\n\r\n", ["POST /a"]],
  ["a POST in chunks", "POST /a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", ["POST /a"]],
  ["a POST in chunks with extensions and trailers", "POST /a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", ["POST /a"]],
  ["a POST of no chunk but the last", "POST /a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ["POST /a"]],
  ["a PUT of 300,000 bytes", `PUT /a HTTP/1.1\r\nHost: HOST\r\nContent-Length: 300000\r\n\r\n${"x".repeat(300_000)}`, ["PUT /a"]],
  ["a PUT in large chunks", `PUT /a HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n${`186a0\r\n${"x".repeat(100_000)}\r\n`.repeat(3)}0\r\n\r\n`, ["PUT /a"]],
  ["a body that looks like a request", `POST /a HTTP/1.1\r\nHost: HOST\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`, ["POST /a"]],
  ["a body that waits for 100 Continue", "POST /a HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", ["POST /a"]],
  ["a target with a scheme and a host", "GET https://HOST/a HTTP/1.1\r\nHost: HOST\r\n\r\n", ["GET /a"]],
  ["an empty header, a tab, a letter beyond ASCII", "GET /a HTTP/1.1\r\nHost: HOST\r\nX-Empty:\r\nX-Tab: a\tb\r\nX-Letter: \xe9\r\n\r\n", ["GET /a"]],
  ["a long header, and many", `GET /a HTTP/1.1\r\nHost: HOST\r\nX-Long: ${"y".repeat(5_000)}\r\n${"X-Many: z\r\n".repeat(80)}\r\n`, ["GET /a"]],
  ["names of the odder letters that tokens have", "GET /a HTTP/1.1\r\nHost: HOST\r\nx_request.id!#$%&'*+^`|~: 1\r\n\r\n", ["GET /a"]],
  ["HTTP/1.0", "GET /a HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\n\r\n", ["GET /a"]],
  ["a Connection header that names others", "GET /a HTTP/1.1\r\nHost: HOST\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n\r\n", ["GET /a"]],
  ["twenty at once", Array.from({ length: 20 }, (_, index) => `GET /${index} HTTP/1.1\r\nHost: HOST\r\nX-Api-Key: KEY\r\n\r\n`).join(""), Array.from({ length: 20 }, (_, index) => `GET /${index}`)],
  ["bodies one behind the other", Array.from({ length: 10 }, (_, index) => `POST /${index} HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello`).join(""), Array.from({ length: 10 }, (_, index) => `POST /${index}`)],
];

const ATTACKS = new Map<string, SmugglingCase[]>();
for (const attack of smugglingCases("HOST")) {
  const disguise = attack.name.replace(/^.* of /, "");
  ATTACKS.set(disguise, [...(ATTACKS.get(disguise) ?? []), attack]);
}

describe.each<RealServerKind>(["nginx", "haproxy"])("%s", (kind) => {
  const isHere = isInstalled(kind);
  let server: RealServer;
  let run: TestRun;
  let grant: Grant;
  let host: string;
  beforeAll(async () => {
    if (!isHere) return;
    const ca = makeTestCa();
    server = await openRealServer(kind, ca.identityFor("api.example.test"));
    host = `api.example.test:${server.port}`;
    grant = makeGrant("API_KEY", [host]);
    run = await openTestRun([grant], { roots: [ca.certificate] });
  });
  afterAll(async () => {
    if (!isHere) return;
    await run.proxy.close();
    await server.close();
  });

  /** Sends bytes, and an honest last request behind them, on one connection. @returns the statuses that came back. */
  async function send(bytes: string): Promise<readonly number[]> {
    const secure = await openSecure(run.proxy, host);
    const answer = collect(secure);
    secure.write(`${bytes.replaceAll("HOST", host).replaceAll("KEY", grant.placeholder)}GET /honest HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, "latin1");
    const raw = await answer.read();
    secure.destroy();
    return [...raw.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)).filter((status) => status !== 100);
  }

  /** What the log got from a point on, once it has what is due: a server writes its lines when a request has ended. */
  async function logFrom(start: number, dueLines: number): Promise<readonly string[]> {
    await expect.poll(() => server.log().length - start, { timeout: 5_000 }).toBeGreaterThanOrEqual(dueLines);
    return server.log().slice(start);
  }

  it.skipIf(!isHere).each(HONEST)(`(needs ${kind}) sees once what an honest client sends: %s`, async (_name, requests, logged) => {
    const start = server.log().length;
    const due = [...logged, "GET /honest"];
    expect(await send(requests)).toEqual(due.map(() => 200));
    expect([...(await logFrom(start, due.length))].sort()).toEqual(due.map((line) => `${line} 200`).sort());
  });

  // The limit is in its configuration; HAProxy has none.
  if (kind === "nginx") {
    it.skipIf(!isHere)("(needs nginx) is heard when it refuses an upload before its end", async () => {
      const start = server.log().length;
      const secure = await openSecure(run.proxy, host);
      const answer = collect(secure);
      secure.write(`POST /large HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 20000000\r\n\r\n`);
      secure.write(Buffer.alloc(20_000_000, "x"));
      expect(await answer.read((raw) => raw.includes("413 Request Entity Too Large</h1>"))).toMatch(/^HTTP\/1\.1 413 /);
      secure.destroy();
      expect(await logFrom(start, 1)).toEqual(["POST /large 413"]);
    });
  }

  it.skipIf(!isHere).each([...ATTACKS.keys()])(`(needs ${kind}) sees each of 130 smuggling attacks as one plain request or not at all: %s`, async (disguise) => {
    const start = server.log().length;
    let served = 0;
    for (const { bytes } of ATTACKS.get(disguise) ?? []) served += (await send(bytes.replace("\r\n", "\r\nX-Api-Key: KEY\r\n"))).filter((status) => status === 200).length;
    const lines = await logFrom(start, served);
    expect(lines.filter((line) => line !== "POST /attack 200" && line !== "GET /honest 200")).toEqual([]);
    expect(lines).toHaveLength(served);
  });
});
