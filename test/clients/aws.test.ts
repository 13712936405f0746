// AWS's own clients, with placeholders for keys: they sign with them, and are told at once why that is no use; a token that is sent works.
import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import { NODE } from "../support/program.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";

/** Put there by `.ci/clients`. */
const PACKAGES = fileURLToPath(new URL("../../node_modules/.cache/clients/node_modules/", import.meta.url));
const hasSdk = existsSync(`${PACKAGES}@aws-sdk/client-s3`) && existsSync(`${PACKAGES}@aws-sdk/client-dynamodb`);
const hasBoto = spawnSync("python3", ["-c", "import boto3"]).status === 0;

const BOTO = `
import boto3, sys
for service, call in (("s3", "list_buckets"), ("dynamodb", "list_tables"), ("sts", "get_caller_identity")):
    try:
        getattr(boto3.client(service, endpoint_url=sys.argv[1], region_name="eu-central-1"), call)()
        print(service, "was answered")
    except Exception as error:
        print(service, error)`;
const SDK = `
const { S3Client, ListBucketsCommand } = require("${PACKAGES}@aws-sdk/client-s3");
const { DynamoDBClient, ListTablesCommand } = require("${PACKAGES}@aws-sdk/client-dynamodb");
(async () => {
  for (const [service, Client, Command] of [["s3", S3Client, ListBucketsCommand], ["dynamodb", DynamoDBClient, ListTablesCommand]]) {
    await new Client({ endpoint: process.argv[1], region: "eu-central-1" }).send(new Command({})).then(() => console.log(service, "was answered"), (error) => console.log(service, error.name, error.message));
  }
})();`;

let upstream: RawUpstream;
let built: BuiltVault;
beforeAll(async () => {
  upstream = await openRawUpstream();
  const host = `localhost:${upstream.port}`;
  built = openBuiltVault(host, VALUE, upstream.certificate);
  built.vault(["secrets", "create", "AWS_ACCESS_KEY_ID", "--host", host], "AKIAIOSFODNN7EXAMPLE");
  built.vault(["secrets", "create", "AWS_SECRET_ACCESS_KEY", "--host", host], "wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY");
});
afterAll(async () => {
  built.close();
  await upstream.close();
});

/** What the client says of each call, and how many requests it has tried. */
async function call(program: string, code: string, options: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<{ readonly said: string; readonly tries: number; readonly sent: string }> {
  const before = upstream.received().length;
  const run = built.run(`${program} '${code.replaceAll("'", `'"'"'`)}' https://localhost:${upstream.port}`, variables, ["--summary", ...options]);
  await run.ended;
  const said = run.output();
  const tries = said.split("\n").map((line) => /^localhost:\d+ +AWS_SECRET_ACCESS_KEY +0 +(\d+)/.exec(line)?.[1]).find((count) => count !== undefined) ?? "0";
  return { said, tries: Number(tries), sent: upstream.received().slice(before) };
}

describe.each([
  ["boto3", hasBoto, "python3 -c", BOTO, ["s3", "dynamodb", "sts"]],
  ["AWS SDK for JavaScript", hasSdk, `${NODE} -e`, SDK, ["s3", "dynamodb"]],
] as const)("%s", (name, isHere, program, code, services) => {
  it.skipIf(!isHere).each([
    ["both placeholders", [], {}],
    ["a key's id of its own and the placeholder of the key", ["-s", "AWS_SECRET_ACCESS_KEY"], { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" }],
  ] as const)(`(needs ${name}) with %s is told why, once a call, and nothing goes out`, async (_, options, variables) => {
    const { said, tries, sent } = await call(program, code, options, variables);
    for (const service of services) expect(said).toMatch(new RegExp(`^${service} .*signed with a placeholder of (?:AWS_ACCESS_KEY_ID, )?AWS_SECRET_ACCESS_KEY`, "m"));
    expect([tries, sent]).toEqual([services.length, ""]);
  });
});
