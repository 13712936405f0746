// AWS's own clients, unchanged, in a run with a secret of the kind `aws-sts`: they sign with the placeholder, the run signs anew, and moto, which checks signatures, answers.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import type { MotoServer } from "../support/moto-server.ts";
import { hasMoto, openMotoServer } from "../support/moto-server.ts";
import { NODE, RUN_JS } from "../support/program.ts";

// Names with `+` or letters beyond ASCII moto takes for wrongly signed whoever signs them: `test/aws-signature.test.ts` has those.

/** Put there by `.ci/clients`. */
const PACKAGES = fileURLToPath(new URL("../../node_modules/.cache/clients/node_modules/", import.meta.url));
const hasSdk = existsSync(`${PACKAGES}@aws-sdk/client-s3`) && existsSync(`${PACKAGES}@aws-sdk/client-dynamodb`);
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

const BOTO = `
import boto3, sys
from boto3.s3.transfer import TransferConfig
client = lambda service: boto3.client(service, endpoint_url=sys.argv[1], region_name="us-east-1")
print("sts", client("sts").get_caller_identity()["Arn"])
s3 = client("s3")
s3.create_bucket(Bucket="boto")
s3.put_object(Bucket="boto", Key="a b", Body=b"x" * 300000)
s3.put_object(Bucket="boto", Key="empty", Body=b"", Metadata={"note": "two  words"})
s3.download_file("boto", "a b", sys.argv[2], Config=TransferConfig(multipart_threshold=100000, multipart_chunksize=100000))
print("in parts", open(sys.argv[2], "rb").read() == b"x" * 300000)
print("s3", len(s3.get_object(Bucket="boto", Key="a b")["Body"].read()), s3.list_objects_v2(Bucket="boto", Prefix="a b")["KeyCount"])
db = client("dynamodb")
db.create_table(TableName="t", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
db.put_item(TableName="t", Item={"k": {"S": "v"}, "long": {"S": "v" * 200000}})
print("dynamodb", len(db.get_item(TableName="t", Key={"k": {"S": "v"}})["Item"]["long"]["S"]))
try:
    boto3.client("sts", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="x").get_caller_identity()
except Exception as error:
    print("another key:", error)
`;
const SDK = `
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, ListObjectsV2Command } = require("${PACKAGES}@aws-sdk/client-s3");
const { DynamoDBClient, ListTablesCommand } = require("${PACKAGES}@aws-sdk/client-dynamodb");
const { Readable } = require("node:stream");
(async () => {
  const options = { endpoint: process.argv[2], region: "us-east-1", forcePathStyle: true };
  const s3 = new S3Client(options);
  await s3.send(new CreateBucketCommand({ Bucket: "sdk" }));
  await s3.send(new PutObjectCommand({ Bucket: "sdk", Key: "a b", Body: "x".repeat(300000) }));
  await s3.send(new PutObjectCommand({ Bucket: "sdk", Key: "stream", Body: Readable.from(["x".repeat(1000), "y".repeat(1000)]), ContentLength: 2000 }));
  const got = await (await s3.send(new GetObjectCommand({ Bucket: "sdk", Key: "a b" }))).Body.transformToString();
  const streamed = await (await s3.send(new GetObjectCommand({ Bucket: "sdk", Key: "stream" }))).Body.transformToString();
  console.log("s3", got.length, streamed.length, (await s3.send(new ListObjectsV2Command({ Bucket: "sdk", Prefix: "a b" }))).KeyCount);
  console.log("dynamodb", Array.isArray((await new DynamoDBClient(options).send(new ListTablesCommand({}))).TableNames));
})().catch((error) => { console.log(error); process.exit(1); });
`;

describe.skipIf(!hasMoto)("(needs moto) AWS by a role", () => {
  let moto: MotoServer;
  let built: BuiltVault;
  beforeAll(async () => {
    moto = await openMotoServer();
    built = openBuiltVault(`localhost:${moto.port}`, "stored-value-0123456789", moto.roots);
    built.vault(
      ["secrets", "create", "AWS", "--host", `localhost:${moto.port}`, "--upstream-ca", join(built.folder, "server.pem"), "--source", "aws-sts", "--region", "us-east-1", "--role", moto.roleArn, "--aws-endpoint", `${moto.url}/`, "--from-file", "-"],
      `[builder]\naws_access_key_id = ${moto.accessKeyId}\naws_secret_access_key = ${moto.secretAccessKey}\n`,
    );
    writeFileSync(join(built.folder, "boto.py"), BOTO);
    writeFileSync(join(built.folder, "sdk.cjs"), SDK);
  }, 60_000);
  afterAll(() => {
    built.close();
    moto.close();
  });
  /** Everything that the vault and the run have written. */
  const written = (): string => readdirSync(join(built.folder, "vault"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");

  it("boto3 works: STS, S3 with odd names, long bodies and downloads in parts, DynamoDB, whose bodies the run has to hash", async () => {
    const run = built.run(`python3 ${built.folder}/boto.py ${moto.url} ${built.folder}/parts`);
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toMatch(/^sts arn:aws:sts::\d+:assumed-role\/reader\/vault\nin parts True\ns3 300000 1\ndynamodb 200000\nanother key: .*InvalidClientTokenId/);
  }, 60_000);

  it("by a profile whose credentials a program gives, boto3 signs with the same placeholder", async () => {
    writeFileSync(join(built.folder, "aws-config"), `[profile deploy]\ncredential_process = "${NODE}" "${RUN_JS}" aws-credential-process -s AWS\n`);
    const run = built.run(`AWS_CONFIG_FILE=${built.folder}/aws-config python3 -c 'import boto3, sys; print("sts", boto3.Session(profile_name="deploy", region_name="us-east-1").client("sts", endpoint_url=sys.argv[1]).get_caller_identity()["Arn"])' ${moto.url}`);
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toMatch(/^sts arn:aws:sts::\d+:assumed-role\/reader\/vault$/m);
  }, 60_000);

  it.skipIf(!hasSdk)("so do AWS's clients for Node, with streams", async () => {
    const run = built.run(`${NODE} ${built.folder}/sdk.cjs ${moto.url}`, { AWS_PROFILE: "mine" });
    expect(await run.ended, run.output()).toBe(0);
    expect(run.output()).toContain("s3 300000 2000 1\ndynamodb true\n");
  }, 60_000);

  it.skipIf(!hasCurl)("the program has placeholders alone, and they stand for nothing where they do not sign", async () => {
    const at = `https://localhost:${moto.port}/`;
    const run = built.run(`env | grep AWS; curl -sS -H "Authorization: Bearer $AWS" ${at}; curl -sS -H "X-Amz-Security-Token: $AWS" -H "X-Api-Key: $AWS" ${at}; curl -sS "${at}?X-Amz-Credential=$AWS%2F20260101&X-Amz-Signature=00"; exit 0`);
    await run.ended;
    expect(run.output().match(/^AWS(?:_ACCESS_KEY_ID|_SECRET_ACCESS_KEY|_SESSION_TOKEN)?=vault_ph_\w+$/gm)).toHaveLength(4);
    expect(run.output()).toMatch(/\(place, request[^]*\(place, request[^]*\(?signed, request/);
    for (const told of [run.output(), written()]) expect(told).not.toMatch(new RegExp(`ASIA|${moto.secretAccessKey.replaceAll(/[+/]/g, ".")}`));
  });
});
