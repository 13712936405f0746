// A run signs requests to AWS with a key that the program does not have. It would have the key, the session's token, or a signature that is good for another host, another body, or with another secret in the request.
import { describe, expect, it, onTestFinished } from "vitest";
import { authorizationOf, hashOf, signatureOf, timeOf } from "../../src/aws-signature.ts";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { ask, askPlain, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { BOUND_NAME, COMMAND } from "../support/attack-stage.ts";

const CREDENTIALS = { accessKeyId: "ASIAREALREALREALREAL", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJ=" };
const HOUR_MS = 3_600_000;
const TIME = timeOf(Date.now());
const DAY = TIME.slice(0, 8);
const scopeAt = (time: string): string => `${time.slice(0, 8)}/eu-central-1/dynamodb/aws4_request`;
const SCOPE = scopeAt(TIME);

interface Stage {
  readonly run: TestRun;
  readonly server: RawServer;
  readonly host: string;
  readonly aws: Grant;
  readonly other: Grant;
}

/** @param answer to the request as it came. */
async function openStage(answer: (request: string) => string = () => plainAnswer("fine")): Promise<Stage> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor(BOUND_NAME), answer);
  const host = `${BOUND_NAME}:${server.port}`;
  const [aws, other] = [makeGrant("AWS", [host], { value: JSON.stringify(CREDENTIALS), signs: "aws", places: [] }), makeGrant("API_KEY", [host])];
  const run = await openTestRun([aws, other], { roots: [ca.certificate] });
  onTestFinished(async () => {
    await run.proxy.close();
    await server.close();
  });
  return { run, server, host, aws, other };
}

const authorization = ({ placeholder }: Grant, signed = "host;x-amz-date;x-amz-security-token", scope = SCOPE): string => `AWS4-HMAC-SHA256 Credential=${placeholder}/${scope}, SignedHeaders=${signed}, Signature=${"0".repeat(64)}`;
const request = ({ host, aws }: Stage, { lines = [], body = "{}", line = "POST /?b=2&a=1 HTTP/1.1", signed }: { readonly lines?: readonly string[]; readonly body?: string; readonly line?: string; readonly signed?: string } = {}): string =>
  [line, `Host: ${host}`, `X-Amz-Date: ${TIME}`, `X-Amz-Security-Token: ${aws.placeholder}`, `Authorization: ${authorization(aws, signed)}`, ...lines, `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close", "", body].join("\r\n");

describe("a request that is signed with the placeholder", () => {
  it("goes on signed with the key, its token along: over host, date, token and body, whatever the program's signature was worth", async () => {
    const stage = await openStage();
    expect((await ask(stage.run.proxy, stage.host, request(stage, { lines: ["X-Amz-Target: DynamoDB.ListTables", "Content-Type: application/x-amz-json-1.0"], signed: "content-type;host;x-amz-date" }))).body).toBe("fine");
    const headers: [string, string][] = [["host", stage.host], ["x-amz-date", TIME], ["x-amz-security-token", CREDENTIALS.sessionToken], ["x-amz-target", "DynamoDB.ListTables"], ["content-type", "application/x-amz-json-1.0"]];
    const expected = authorizationOf({ method: "POST", target: "/?b=2&a=1", headers, payload: hashOf("{}"), time: TIME, region: "eu-central-1", service: "dynamodb" }, CREDENTIALS.accessKeyId, CREDENTIALS.secretAccessKey);
    expect(stage.server.received()).toContain(`authorization: ${expected}`);
    expect(stage.server.received()).not.toContain(CREDENTIALS.secretAccessKey);
    expect(stage.server.received()).not.toContain(stage.aws.placeholder);
    expect(stage.run.events).toContainEqual(expect.objectContaining({ kind: "substituted", secrets: ["AWS"] }));
  });

  it("tells the program nothing of the three, though the host hands all of it back, in base64 as well", async () => {
    const stage = await openStage((received) => plainAnswer(`${received}\n${Buffer.from(CREDENTIALS.sessionToken).toString("base64")}\n${CREDENTIALS.secretAccessKey}`));
    const { body } = await ask(stage.run.proxy, stage.host, request(stage));
    for (const part of Object.values(CREDENTIALS)) {
      expect(body).not.toContain(part);
      expect(body).not.toContain(Buffer.from(part).toString("base64").slice(0, 16));
    }
    expect(body).toContain(`x-amz-security-token: ${stage.aws.placeholder}`);
    expect(stage.run.events).toContainEqual(expect.objectContaining({ kind: "scrubbed", secrets: ["AWS"] }));
  });

  it("of a body that brings its hash is signed by that, and streams", async () => {
    const stage = await openStage();
    const payload = hashOf("another body");
    await ask(stage.run.proxy, stage.host, request(stage, { lines: [`X-Amz-Content-Sha256: ${payload}`] }));
    const headers: [string, string][] = [["host", stage.host], ["x-amz-date", TIME], ["x-amz-security-token", CREDENTIALS.sessionToken], ["x-amz-content-sha256", payload]];
    expect(stage.server.received()).toContain(signatureOf({ method: "POST", target: "/?b=2&a=1", headers, payload, time: TIME, region: "eu-central-1", service: "dynamodb" }, CREDENTIALS.secretAccessKey));
  });
});

/** `request`, to STS. */
const toSts = (stage: Stage, options: Parameters<typeof request>[1]): string => request(stage, { line: "POST / HTTP/1.1", ...options }).replace("/dynamodb/", "/sts/");

describe("STS", () => {
  const identity = "Action=GetCallerIdentity&Version=2011-06-15";
  const role = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=x";

  it("is asked who one is", async () => {
    const stage = await openStage();
    expect((await ask(stage.run.proxy, stage.host, toSts(stage, { body: identity }))).body).toBe("fine");
    expect((await ask(stage.run.proxy, stage.host, toSts(stage, { body: identity, lines: [`X-Amz-Content-Sha256: ${hashOf(identity)}`] }))).body).toBe("fine");
  });

  it.each<[string, Parameters<typeof request>[1]]>([
    ["by a form", { body: role }],
    ["by a form that brings its hash", { body: role, lines: [`X-Amz-Content-Sha256: ${hashOf(role)}`] }],
    ["with two actions", { body: `${identity}&Action=AssumeRole` }],
    ["with an action in the URL", { body: identity, line: `POST /?${role} HTTP/1.1` }],
    ["by its URL alone", { body: "", line: `GET /?${role} HTTP/1.1` }],
  ])("gives the program no key of its own: %s", async (_name, options) => {
    const stage = await openStage();
    expect((await ask(stage.run.proxy, stage.host, toSts(stage, options))).headers["x-vault-refusal"]).toBe("signed");
    expect(stage.server.received()).toBe("");
  });
});

describe("nothing goes out", () => {
  it.each<[string, (stage: Stage) => string, string]>([
    ["whose signature would not cover the host, and so be good at any", (stage) => request(stage, { signed: "x-amz-date" }), "signed"],
    ["whose date is another than its scope's", (stage) => request(stage).replace(`/${DAY}/`, "/20260201/"), "signed"],
    ["for later, when the run is over", (stage) => request(stage).replaceAll(TIME, timeOf(Date.now() + HOUR_MS)).replace(SCOPE, scopeAt(timeOf(Date.now() + HOUR_MS))), "signed"],
    ["for an hour ago", (stage) => request(stage).replaceAll(TIME, timeOf(Date.now() - HOUR_MS)).replace(SCOPE, scopeAt(timeOf(Date.now() - HOUR_MS))), "signed"],
    ["with two dates", (stage) => request(stage, { lines: [`X-Amz-Date: ${TIME}`] }), "signed"],
    ["whose chunks are signed one by one", (stage) => request(stage, { lines: ["X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD"] }), "signed"],
    ["for any region", (stage) => request(stage).replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "signed"],
    ["signed in its URL", (stage) => request(stage, { line: `GET /?X-Amz-Credential=${stage.aws.placeholder}%2F${SCOPE.replaceAll("/", "%2F")}&X-Amz-Signature=00 HTTP/1.1` }).replace(/Authorization:.*\r\n/, ""), "signed"],
    ["with two signatures", (stage) => request(stage, { lines: [`Authorization: ${authorization(stage.aws)}`] }), "signed"],
    ["with another secret of the run", (stage) => request(stage, { lines: [`X-Api-Key: ${stage.other.placeholder}`] }), "second-credential"],
    ["with the placeholder for a key", (stage) => request(stage).replace(/Authorization: .*\r\n/, `Authorization: Bearer ${stage.aws.placeholder}\r\n`), "place"],
    ["with another host in it", (stage) => request(stage).replace(`Host: ${stage.host}`, "Host: evil.example.test"), "misdirected"],
  ])("%s", async (_name, write, code) => {
    const stage = await openStage();
    const reply = await ask(stage.run.proxy, stage.host, write(stage));
    expect(reply.headers["x-vault-refusal"]).toBe(code);
    expect(reply.body).not.toMatch(COMMAND);
    if (code === "place") expect(reply.body).toContain("it signs requests of AWS's clients, and stands in none");
    expect(stage.server.received()).toBe("");
  });

  it("to a host that the secret is not bound to, or over plain HTTP", async () => {
    const stage = await openStage();
    const bound = await openTestRun([{ ...stage.aws, bindings: makeGrant("X", ["other.example.test"]).bindings }, stage.other], { roots: [] });
    onTestFinished(() => bound.proxy.close());
    expect((await ask(bound.proxy, stage.host, request(stage))).headers["x-vault-refusal"]).toBe("host");
    const plain = request(stage, { line: `POST http://${stage.host}/ HTTP/1.1` }).replace("Connection: close", `Connection: close\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}`);
    expect((await askPlain(stage.run.proxy, plain)).headers["x-vault-refusal"]).toBe("plain-http");
    expect(stage.server.received()).toBe("");
  });

  it("of a body that has to be hashed and is longer than 16 MiB", async () => {
    const stage = await openStage();
    const reply = await ask(stage.run.proxy, stage.host, request(stage, { body: "x".repeat(16 * 1024 * 1024 + 1) }));
    expect([reply.status, stage.server.received()]).toEqual([400, ""]);
  });
});
