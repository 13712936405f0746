// Temporary credentials of AWS, as moto grants them over TLS; it checks the signatures.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeValue } from "../../../src/agent/sources/makers.ts";
import type { Failure, MadeValue } from "../../../src/agent/sources/source-maker.ts";
import type { AskedMint } from "../../../src/app/sources/minted-source.ts";
import { planMinted } from "../../../src/app/sources/minted-source.ts";
import { Secret } from "../../../src/secret.ts";
import type { Answer } from "../../support/granting-server.ts";
import { json, openGrantingServer } from "../../support/granting-server.ts";
import type { MotoServer } from "../../support/moto-server.ts";
import { hasMoto, openMotoServer } from "../../support/moto-server.ts";
import { failureOf } from "../../support/source-failure.ts";

const NOW = Date.now();
const HOUR = 3_600_000;
type AskedSts = Extract<AskedMint, { readonly kind: "aws-sts" }>;
const asked: AskedSts = { kind: "aws-sts", ttl: 300, failureTtl: 10, roots: null, region: "us-east-1", endpoint: null, duration: 3600, obtain: { kind: "session-token" } };
const sso = { kind: "sso", startUrl: "https://example.awsapps.com/start", region: "us-east-1", accountId: "123456789012", roleName: "Reader" } as const;
const PROFILE = "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-real-key\n";

function make(order: AskedSts, material: string, nowMs = NOW): Promise<MadeValue> {
  return makeValue({ ...planMinted(order, Secret.fromText(material)), nowMs, signal: new AbortController().signal });
}

const textOf = ({ value }: MadeValue): string => Buffer.from(value.reveal()).toString();

describe.skipIf(!hasMoto)("STS, by moto", () => {
  let moto: MotoServer;
  beforeAll(async () => { moto = await openMotoServer(); }, 60_000);
  afterAll(() => { moto.close(); });
  const at = (changes: Partial<AskedSts>): AskedSts => ({ ...asked, endpoint: `${moto.url}/`, roots: moto.roots, ...changes });
  const key = (): string => JSON.stringify({ AccessKey: { UserName: "builder", AccessKeyId: moto.accessKeyId, SecretAccessKey: moto.secretAccessKey } });

  test("assumes a role, whose credentials work", async () => {
    const made = await make(at({ obtain: { kind: "assume-role", roleArn: moto.roleArn, sessionName: "vault", externalId: "e-1", policy: '{"Version":"2012-10-17","Statement":[]}' } }), key());
    const credentials = JSON.parse(textOf(made)) as Record<string, string>;
    expect(Object.keys(credentials)).toEqual(["accessKeyId", "secretAccessKey", "sessionToken"]);
    expect(Math.abs((made.expiresMs ?? 0) - NOW - HOUR)).toBeLessThan(60_000);
    const folder = mkdtempSync(join(tmpdir(), "vault-sts-"));
    onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
    writeFileSync(join(folder, "ca.pem"), moto.roots);
    const script = `import boto3, sys; print(boto3.client("sts", endpoint_url=sys.argv[1], verify=sys.argv[2], region_name="us-east-1").get_caller_identity()["Arn"])`;
    const arn = execFileSync("python3", ["-c", script, moto.url, join(folder, "ca.pem")], { encoding: "utf8", env: { ...process.env, AWS_ACCESS_KEY_ID: credentials["accessKeyId"], AWS_SECRET_ACCESS_KEY: credentials["secretAccessKey"], AWS_SESSION_TOKEN: credentials["sessionToken"] } });
    expect(arn.trim()).toMatch(/:assumed-role\/reader\/vault$/);
  });

  test("gives a session's token", async () => {
    expect(JSON.parse(textOf(await make(at({ duration: 900 }), key())))).toMatchObject({ accessKeyId: expect.stringMatching(/^A[KS]IA/) as string });
  });

  test("refuses another key, and says why", async () => {
    const wrong = JSON.stringify({ AccessKeyId: moto.accessKeyId, SecretAccessKey: "not-a-real-key" });
    expect(await failureOf(make(at({ obtain: { kind: "assume-role", roleArn: moto.roleArn, sessionName: "vault", externalId: null, policy: null } }), wrong))).toMatchObject({ reason: "denied", status: 403, said: expect.stringContaining("SignatureDoesNotMatch") as string });
  });
});

async function serve(answer: Answer): Promise<{ readonly order: AskedSts; readonly paths: () => readonly unknown[] }> {
  const server = await openGrantingServer(() => answer);
  onTestFinished(() => server.close());
  return { order: { ...asked, endpoint: server.url, roots: server.roots }, paths: () => server.asked.map(({ path, headers }) => [path, headers["x-amz-sso_bearer_token"]]) };
}

describe("single sign-on", () => {
  const session = JSON.stringify({ startUrl: sso.startUrl, accessToken: "sso-token", expiresAt: "2099-01-01T00:00:00Z" });
  const roleCredentials = { accessKeyId: "ASIA1", secretAccessKey: "s", sessionToken: "t", expiration: NOW + HOUR };

  test("gives the credentials of a role", async () => {
    const { order, paths } = await serve(json(200, { roleCredentials }));
    const made = await make({ ...order, obtain: sso }, session);
    expect([textOf(made), made.expiresMs]).toEqual(['{"accessKeyId":"ASIA1","secretAccessKey":"s","sessionToken":"t"}', NOW + HOUR]);
    expect(paths()).toEqual([["/federation/credentials?account_id=123456789012&role_name=Reader", "sso-token"]]);
  });

  test.each<[string, Answer, Failure["reason"]]>([
    ["a session that is over", json(401, { message: "Session token not found or invalid" }), "over"],
    ["a role that one may not have", json(403, { message: "No access" }), "denied"],
    ["HTML", { status: 200, body: "<html>" }, "bad-answer"],
    ["no end", json(200, { roleCredentials: { ...roleCredentials, expiration: undefined } }), "bad-answer"],
  ])("%s", async (_name, answer, reason) => {
    const { order } = await serve(answer);
    expect((await failureOf(make({ ...order, obtain: sso }, session))).reason).toBe(reason);
  });
});

describe("STS that answers", () => {
  const xml = (expiration: string): string => `<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials></GetSessionTokenResult></GetSessionTokenResponse>`;

  test.each<[string, Answer, Failure["reason"]]>([
    ["500", { status: 500, body: "<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>" }, "bad-answer"],
    ["HTML", { status: 200, body: "<html>" }, "bad-answer"],
    ["200 with an error", { status: 200, body: "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>" }, "bad-answer"],
    ["no end", { status: 200, body: xml("soon") }, "bad-answer"],
    ["a refusal", { status: 403, body: "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>" }, "denied"],
  ])("%s", async (_name, answer, reason) => {
    const { order } = await serve(answer);
    expect((await failureOf(make(order, PROFILE))).reason).toBe(reason);
  });

  test("to a clock that is an hour off: the end is told by the server's, and a refusal tells of it", async () => {
    const ahead = { date: new Date(NOW + HOUR).toUTCString() };
    const { order } = await serve({ status: 200, headers: ahead, body: xml(new Date(NOW + 2 * HOUR).toISOString()) });
    expect(Math.abs(((await make(order, PROFILE)).expiresMs ?? 0) - NOW - HOUR)).toBeLessThan(2000);
    const refusing = await serve({ status: 403, headers: ahead, body: "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message></Error></ErrorResponse>" });
    expect((await failureOf(make(refusing.order, PROFILE))).said).toMatch(/^SignatureDoesNotMatch: Signature expired \(this machine's clock is 3\d\d\d seconds behind/);
  });
});

test("keys of AWS are read as its tools print them, and no other way", () => {
  const sealedOf = (material: string): unknown => JSON.parse(Buffer.from(planMinted({ ...asked, obtain: { kind: "assume-role", roleArn: "arn:aws:iam::1:role/r", sessionName: "vault", externalId: null, policy: null } }, Secret.fromText(material)).sealed.reveal()).toString());
  const pair = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-real-key", sessionToken: null, roots: null };
  expect(sealedOf(PROFILE)).toEqual(pair);
  expect(sealedOf('export AWS_ACCESS_KEY_ID="AKIDEXAMPLE"\nexport AWS_SECRET_ACCESS_KEY="not-a-real-key"\nexport AWS_SESSION_TOKEN=t')).toEqual({ ...pair, sessionToken: "t" });
  expect(sealedOf('{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"not-a-real-key","SessionToken":"t"}')).toEqual({ ...pair, sessionToken: "t" });
  expect(() => sealedOf(PROFILE + PROFILE.replace("default", "other"))).toThrow("no key of AWS");
  expect(() => sealedOf("hunter2")).toThrow("no key of AWS");
  expect(() => planMinted(asked, Secret.fromText('{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t"}'))).toThrow("temporary credentials already");
  expect(() => planMinted({ ...asked, obtain: sso }, Secret.fromText("hunter2"))).toThrow("no session of single sign-on");
});
