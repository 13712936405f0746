// A secret that signs requests to AWS, and may read what is below /public and no more. The program has one path or method judged and another one signed and sent: by forms of the path, by words in headers, by what is to be copied.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { authorizationOf, hashOf, timeOf } from "../../../src/aws-signature.ts";
import { layered, makeLayer } from "../../../src/proxy/grants/grant-rules.ts";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import { NO_RULES } from "../../../src/vault/rules.ts";
import { BOUND_NAME } from "../../support/attack-stage.ts";
import { PATH_TRICKS } from "../../support/path-tricks.ts";
import type { Reply } from "../../support/proxy-child.ts";
import { ask } from "../../support/proxy-child.ts";
import type { TestRun } from "../../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../../support/proxy-run.ts";
import type { RawServer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const CREDENTIALS = { accessKeyId: "ASIAREALREALREALREAL", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJ=" };
const [REGION, SERVICE] = ["eu-central-1", "s3"];

let server: RawServer;
let run: TestRun;
let aws: Grant;
let host: string;
let before: number;
beforeAll(async () => {
  const ca = makeTestCa();
  server = await openRawServer(ca.identityFor(BOUND_NAME), () => plainAnswer("fine"));
  host = `${BOUND_NAME}:${server.port}`;
  aws = makeGrant("AWS", [host], { value: JSON.stringify(CREDENTIALS), signs: "aws", places: [], rules: layered(makeLayer({ ...NO_RULES, allow: ["GET,PUT /public/**"], deny: ["* /**/keys", "* /admin/**"] })) });
  run = await openTestRun([aws], { roots: [ca.certificate] });
});
afterAll(async () => {
  await run.proxy.close();
  await server.close();
});
beforeEach(() => { before = server.received().length; });

/** As a client signs it, whose key is the placeholder. */
async function send(method: string, target: string, { headers = [], body = "" }: { readonly headers?: readonly (readonly [string, string])[]; readonly body?: string } = {}): Promise<{ readonly reply: Reply; readonly received: string }> {
  const time = timeOf(Date.now());
  const signed: (readonly [string, string])[] = [["host", host], ["x-amz-content-sha256", hashOf(body)], ["x-amz-date", time], ["x-amz-security-token", aws.placeholder], ...headers.map(([name, value]) => [name.toLowerCase(), value] as const)];
  const authorization = authorizationOf({ method, target, headers: signed, payload: hashOf(body), time, region: REGION, service: SERVICE }, aws.placeholder, aws.placeholder);
  const reply = await ask(run.proxy, host, [`${method} ${target} HTTP/1.1`, ...signed.map(([name, value]) => `${name}: ${value}`), `authorization: ${authorization}`, `content-length: ${body.length}`, "connection: close", "", body].join("\r\n"));
  return { reply, received: server.received().slice(before) };
}

/** Whether the signature is one for just what has arrived, made with the key. */
function isSignedAsItArrived(received: string, body: string): boolean {
  const [head = ""] = received.split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const headers = new Map(lines.map((text) => [text.slice(0, text.indexOf(":")).toLowerCase(), text.slice(text.indexOf(":") + 1).trim()]));
  const authorization = headers.get("authorization") ?? "";
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";") ?? [];
  const covered = names.map((name): [string, string] => [name, headers.get(name) ?? ""]);
  return authorization === authorizationOf({ method, target, headers: covered, payload: hashOf(body), time: headers.get("x-amz-date") ?? "", region: REGION, service: SERVICE }, CREDENTIALS.accessKeyId, CREDENTIALS.secretAccessKey);
}

describe("what is judged is what is signed and sent:", () => {
  it.each([
    ["GET", "/public/x", ""],
    ["GET", "/public/a%20b?list-type=2&prefix=admin%2F", ""],
    ["GET", "/public/b%C3%BCcher/", ""],
    ["PUT", "/public/x", "text"],
  ])("%s %s", async (method, target, body) => {
    const { reply, received } = await send(method, target, { body });
    expect(reply.status, reply.body).toBe(200);
    expect(received).toMatch(`${method} ${target} HTTP/1.1\r\n`);
    expect(isSignedAsItArrived(received, body)).toBe(true);
    expect(received).not.toContain(aws.placeholder);
  });

  it("and what is copied: by its path, which the signature covers", async () => {
    const { reply, received } = await send("PUT", "/public/x", { headers: [["x-amz-copy-source", "/public/public/y"]] });
    expect(reply.status, reply.body).toBe(200);
    expect(received).toMatch(/SignedHeaders=[^,]*x-amz-copy-source/);
    expect(isSignedAsItArrived(received, "")).toBe(true);
  });
});

describe("nothing is signed, and nothing sent:", () => {
  const below = PATH_TRICKS.map((target) => `/public${target}`).filter((target) => /keys|\.\.|\/\/|%2e/i.test(target));
  it.each<readonly [string, string]>([["DELETE", "/public/x"], ["POST", "/public/x?uploads"], ["HEAD", "/private/x"], ["GET", "/"], ["GET", "/private"], ...[...below, ...PATH_TRICKS].map((target) => ["GET", target] as const)])("%s %j", async (method, target) => {
    const { reply, received } = await send(method, target);
    expect([reply.headers["x-vault-refusal"], received]).toEqual(["rule", ""]);
  });

  it.each<readonly [string, string]>([
    ["x-http-method-override", "DELETE"],
    ["x-original-url", "/admin/x"],
    ["x-amz-copy-source", "/admin/x"],
    ["x-amz-copy-source", "bucket/admin/x"],
    ["x-amz-copy-source", "/private/x"],
    ["x-amz-copy-source", "arn:aws:s3:eu-central-1:123456789012:accesspoint/a/object/public/x"],
  ])("%s: %s", async (name, value) => {
    const { reply, received } = await send("PUT", "/public/x", { headers: [[name, value]] });
    expect([reply.headers["x-vault-refusal"], received]).toEqual(["rule", ""]);
  });

  it("where the target has its host before it, and the path behind that is forbidden", async () => {
    const { reply, received } = await send("GET", `https://${host}/admin/x`);
    expect([reply.headers["x-vault-refusal"], received]).toEqual(["rule", ""]);
  });
});
