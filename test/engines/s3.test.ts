// What is S3's own.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { digestOf } from "../../src/engines/engine.ts";
import { S3Client } from "../../src/engines/s3-client.ts";
import { parseLocator } from "../../src/engines/locator.ts";
import { credentialsFor } from "../../src/engines/credentials.ts";
import { openPlace } from "../support/open-place.ts";
import type { S3Server } from "../support/s3-server.ts";
import { hasS3, openS3Server } from "../support/s3-server.ts";

const [A, B] = [utf8("first"), utf8("second")];
const KEYS = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret" };
const refuses = async (work: Promise<unknown>, says: string): Promise<void> => { await expect(work).rejects.toMatchObject({ code: "store-unavailable", message: expect.stringContaining(says) as string }); };

describe.skipIf(!hasS3)("S3, as the Versity gateway plays it", () => {
  let server: S3Server;
  beforeAll(async () => { server = await openS3Server(); });
  afterAll(() => server.close());
  const environment = (): Record<string, string> => ({ AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey });
  const urlOf = (path: string): string => `s3://${path}?endpoint=http://127.0.0.1:${server.port}`;

  test("tells why it cannot be used", async () => {
    await refuses((await openPlace({ url: urlOf("no-such-bucket/v"), environment: environment() })).read("vault"), "no bucket of this name");
    await refuses((await openPlace({ url: urlOf("no-such-bucket/v"), environment: environment() })).replace("vault", A, undefined), "no bucket of this name");
    await refuses((await openPlace({ url: urlOf("vaults/v"), environment: { ...environment(), AWS_ACCESS_KEY_ID: "AKIAUNKNOWN000000001" } })).read("vault"), "does not know the access key");
    await refuses((await openPlace({ url: `${urlOf("vaults/v")}&region=eu-west-9`, environment: environment() })).read("vault"), "in another region");
    expect(() => credentialsFor(parseLocator(urlOf("vaults/v")).locator, {})).toThrow(/there are no keys for it/);
  });

  test("tells of a clock that is wrong, and works when it is right again", async () => {
    const engine = await openPlace({ url: urlOf("vaults/clock"), environment: environment() });
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20 * 60_000 });
    onTestFinished(() => { vi.useRealTimers(); });
    await refuses(engine.read("vault"), "clock");
    await refuses(engine.read("vault", digestOf(A)), "clock");
    await refuses(engine.replace("vault", B, digestOf(A)), "clock");
    vi.useRealTimers();
    expect(await engine.replace("vault", B, digestOf(A))).toBe("done");
  });

  test("an object that another program put there is read, and replaced by what it is", async () => {
    const engine = await openPlace({ url: urlOf("vaults/foreign"), environment: environment() });
    expect(await engine.replace("lease/a", A, undefined)).toBe("done");
    const { locator } = parseLocator(urlOf("vaults/foreign"));
    const credentials = credentialsFor(locator, environment());
    if (locator.kind !== "s3" || credentials.kind !== "keys") throw new Error("not S3");
    const client = new S3Client(locator, credentials, { connectMs: 10_000, callMs: 10_000 });
    onTestFinished(() => { client.close(); });
    expect((await client.ask({ method: "PUT", key: "foreign/lease/a", body: B })).status).toBe(200);
    expect(await engine.read("lease/a", digestOf(B))).toEqual({ kind: "same" });
    expect(await engine.replace("lease/a", A, digestOf(A))).toBe("changed");
    expect(await engine.replace("lease/a", A, digestOf(B))).toBe("done");
  });
});

describe("S3 as others may play it", () => {
  /** Answers each request as the test says, once its body is there. */
  const open = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => {
    const server = createServer((request, response) => { request.resume().once("end", () => { answer(request, response); }); });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  test("a server that overlooks conditions keeps no vault", async () => {
    const asked: string[] = [];
    const endpoint = await open((request, response) => {
      asked.push(`${request.method ?? ""} ${(request.url ?? "").replace(/probe-.*/, "probe")}`);
      response.setHeader("etag", '"x"').end();
    });
    await refuses((await openPlace({ url: `s3://vaults/v?endpoint=${endpoint}`, environment: KEYS })).replace("vault", A, undefined), "does not write on a condition");
    expect(asked).toEqual(["PUT /vaults/v/probe", "PUT /vaults/v/probe", "PUT /vaults/v/probe", "DELETE /vaults/v/probe"]);
  });

  test.each([
    [403, "RequestTimeTooSkewed", "clock"], [400, "ExpiredToken", "session token"], [301, "PermanentRedirect", "another region"], [403, "AccessDenied", "the keys may not"], [503, "SlowDown", "overloaded"], [507, "XMinioStorageFull", "no room left"], [501, "NotImplemented", "does not write on a condition"],
  ])("what it says is told (%d %s)", async (status, code, says) => {
    const endpoint = await open((request, response) => {
      response.statusCode = status;
      response.end(request.method === "HEAD" ? "" : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret</Message></Error>`);
    });
    const engine = await openPlace({ url: `s3://vaults/v?endpoint=${endpoint}`, environment: KEYS });
    await refuses(engine.read("vault"), says);
    await refuses(engine.read("vault", digestOf(A)), says);
    await refuses(engine.replace("log/a/1", A, undefined), says);
    await refuses(engine.list("", "", 1), says);
  });

  test.each([500, 502, 504])("after a stumble (%d) it is not known whether a change was made", async (status) => {
    const endpoint = await open((_request, response) => { response.statusCode = status; response.end(); });
    expect(await (await openPlace({ url: `s3://vaults/v?endpoint=${endpoint}`, environment: KEYS })).replace("log/a/1", A, undefined)).toBe("unknown");
  });

  test("a conflict (409) is settled by looking again", async () => {
    let puts = 0;
    const endpoint = await open((request, response) => {
      response.setHeader("etag", '"x"');
      if (request.method === "PUT") response.statusCode = (puts += 1) < 3 ? 409 : 200;
      else response.statusCode = 404;
      response.end("<Error><Code>NoSuchKey</Code></Error>");
    });
    expect(await (await openPlace({ url: `s3://vaults/v?endpoint=${endpoint}`, environment: KEYS })).replace("log/a/1", A, undefined)).toBe("done");
    expect(puts).toBe(3);
  });

  test("the bucket stands in the host's name where it is to, and the session's token goes along, signed", async () => {
    const heard: IncomingMessage["headers"][] = [];
    const endpoint = await open((request, response) => {
      heard.push({ ...request.headers, target: request.url });
      response.statusCode = 404;
      response.end();
    });
    // A name below "localhost" leads here on few systems; so the host is the bucket's by its header alone.
    const port = Number(new URL(endpoint).port);
    const { locator } = parseLocator(`s3://vaults/v?endpoint=http://localhost:${port}`);
    const credentials = credentialsFor(locator, { ...KEYS, AWS_SESSION_TOKEN: "token" });
    if (locator.kind !== "s3" || credentials.kind !== "keys") throw new Error("not S3");
    const client = new S3Client({ ...locator, isPathStyle: false, bucket: "127", host: "0.0.1" }, credentials, { connectMs: 10_000, callMs: 10_000 });
    onTestFinished(() => { client.close(); });
    await client.ask({ method: "GET", key: "v/vault" });
    expect(heard[0]).toMatchObject({ host: `127.0.0.1:${port}`, target: "/v/vault", "x-amz-security-token": "token" });
    expect(heard[0]?.authorization).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,");
  });
});
