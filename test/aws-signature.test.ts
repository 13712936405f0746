// Signature Version 4 by the examples that AWS has published (its test suite of the signature, its pages on S3), and by its own library for Python where that is.
import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { SignedParts } from "../src/aws-signature.ts";
import { authorizationOf, canonicalRequestOf, hashOf, signatureOf, timeOf } from "../src/aws-signature.ts";

const KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const S3_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const vanilla: SignedParts = { method: "GET", target: "/", headers: [["host", "example.amazonaws.com"], ["x-amz-date", "20150830T123600Z"]], payload: hashOf(""), time: "20150830T123600Z", region: "us-east-1", service: "service" };

describe("the suite of AWS", () => {
  test.each<[string, Partial<SignedParts>, string]>([
    ["get-vanilla", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", { method: "POST" }, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    ["get-vanilla-query-order-key-case", { target: "/?Param2=value2&Param1=value1" }, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"],
  ])("%s", (_name, changes, signature) => {
    expect(signatureOf({ ...vanilla, ...changes }, KEY)).toBe(signature);
  });

  test("a list of IAM's users, whole", () => {
    const parts: SignedParts = { ...vanilla, target: "/?Action=ListUsers&Version=2010-05-08", headers: [["content-type", "application/x-www-form-urlencoded; charset=utf-8"], ["host", "iam.amazonaws.com"], ["x-amz-date", "20150830T123600Z"]], service: "iam" };
    expect(hashOf(canonicalRequestOf(parts))).toBe("f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    expect(authorizationOf(parts, "AKIDEXAMPLE", KEY)).toBe("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  });

  test("an object of S3, by its header and by its URL", () => {
    const got: SignedParts = { ...vanilla, target: "/test.txt", headers: [["x-amz-date", "20130524T000000Z"], ["host", "examplebucket.s3.amazonaws.com"], ["x-amz-content-sha256", hashOf("")], ["range", "bytes=0-9"]], time: "20130524T000000Z", service: "s3" };
    expect(signatureOf(got, S3_KEY)).toBe("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    const target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
    const presigned: SignedParts = { ...got, target, headers: [["host", "examplebucket.s3.amazonaws.com"]], payload: "UNSIGNED-PAYLOAD" };
    const signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    expect(signatureOf(presigned, S3_KEY)).toBe(signature);
    expect(signatureOf({ ...presigned, target: `${target}&X-Amz-Signature=${signature}` }, S3_KEY)).toBe(signature);
  });

  test("a time", () => {
    expect(timeOf(Date.parse("2026-01-31T09:00:00.123Z"))).toBe("20260131T090000Z");
  });
});

const hasBotocore = spawnSync("python3", ["-c", "import botocore"]).status === 0;
const SCRIPT = `
import json, sys, datetime
from botocore.auth import SigV4Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
for method, target, service, body in json.load(sys.stdin):
    request = AWSRequest(method=method, url="https://example.amazonaws.com" + target, data=body, headers={"X-Thing": "  a   b  "})
    (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials("AKIDEXAMPLE", "${KEY}"), service, "us-east-1").add_auth(request)
    print(json.dumps([request.headers["X-Amz-Date"], request.headers["Authorization"]]))
`;

test.skipIf(!hasBotocore)("the library of AWS for Python signs likewise", () => {
  const cases = [
    ["GET", "/", "sts", ""], ["POST", "/a%20b/c", "lambda", "{}"], ["GET", "/a//b/./c/../d/", "execute-api", ""], ["GET", "/arn%3Aaws%3Alambda/x", "lambda", ""],
    ["PUT", "/bucket/a%20b//c%2Bd/%C3%BC", "s3", "body"], ["GET", "/?b=2&a=1&a=0&empty=&c=%20%2F", "service", ""], ["GET", "/bucket?list-type=2&prefix=a%2Fb", "s3", ""],
  ] as const;
  const lines = execFileSync("python3", ["-c", SCRIPT], { input: JSON.stringify(cases), encoding: "utf8" }).trim().split("\n");
  expect(lines).toHaveLength(cases.length);
  for (const [index, [method, target, service, body]] of cases.entries()) {
    const [time, authorization] = JSON.parse(lines[index] ?? "") as [string, string];
    const headers: [string, string][] = [["host", "example.amazonaws.com"], ["x-amz-date", time], ["x-thing", "  a   b  "], ...(service === "s3" ? [["x-amz-content-sha256", hashOf(body)] as [string, string]] : [])];
    expect(authorizationOf({ method, target, headers, payload: hashOf(body), time, region: "us-east-1", service }, "AKIDEXAMPLE", KEY)).toBe(authorization);
  }
});
