import { describe, expect, it } from "vitest";
import { isScopeOf, openAwsClock } from "../../../src/proxy/judge/signing-limits.ts";

describe("the scope of a signature", () => {
  it.each([
    ["dynamodb.eu-central-1.amazonaws.com", "eu-central-1", "dynamodb"],
    ["email.us-east-1.amazonaws.com", "us-east-1", "ses"],
    ["sts.amazonaws.com", "us-east-1", "sts"],
    ["iam.cn-north-1.amazonaws.com.cn", "cn-north-1", "iam"],
    ["ec2.us-gov-west-1.api.aws", "us-gov-west-1", "ec2"],
    ["eu-west-1.queue.amazonaws.com", "eu-west-1", "sqs"],
    // What looks like a region is a bucket's name.
    ["us-east-1.s3.eu-west-1.amazonaws.com", "eu-west-1", "s3"],
    ["my-data-1.s3.amazonaws.com", "eu-west-1", "s3"],
    ["es.s3-eu-west-1.amazonaws.com", "eu-west-1", "s3"],
    ["execute-api.s3.amazonaws.com", "us-east-1", "s3"],
    ["bucket.s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1", "s3"],
    ["vpce-0123.s3.eu-west-1.vpce.amazonaws.com", "eu-west-1", "s3"],
    ["a1b2c3.execute-api.eu-west-1.amazonaws.com", "eu-west-1", "execute-api"],
    ["a1b2c3.lambda-url.eu-west-1.on.aws", "eu-west-1", "lambda"],
    ["search-logs-x.eu-west-1.es.amazonaws.com", "eu-west-1", "es"],
    // Hosts of which nothing is known.
    ["localhost", "us-east-1", "dynamodb"],
    ["api.example.com", "eu-west-1", "execute-api"],
    ["execute-api.eu-west-1.amazonaws.com.example.com", "us-east-1", "iam"],
  ])("%s takes one of %s and %s", (host, region, service) => {
    expect(isScopeOf(host, { region, service })).toBe(true);
  });

  it.each([
    ["a door of customers, for what its owner could pass on", "a1b2c3.execute-api.eu-west-1.amazonaws.com", "eu-west-1", "iam"],
    ["a function's own address", "a1b2c3.lambda-url.eu-west-1.on.aws", "eu-west-1", "dynamodb"],
    ["a private door", "vpce-0123.execute-api.eu-west-1.vpce.amazonaws.com", "eu-west-1", "sts"],
    ["a search cluster", "search-logs-x.eu-west-1.es.amazonaws.com", "eu-west-1", "s3"],
    ["another region", "dynamodb.eu-central-1.amazonaws.com", "us-east-1", "dynamodb"],
    ["another region of a bucket", "bucket.s3.eu-west-1.amazonaws.com", "us-east-1", "s3"],
    ["another region, as it was written once", "bucket.s3-eu-west-1.amazonaws.com", "us-east-1", "s3"],
    ["another region of a customer's door", "a1b2c3.execute-api.eu-west-1.amazonaws.com", "us-east-1", "execute-api"],
  ])("is none for %s", (_name, host, region, service) => {
    expect(isScopeOf(host, { region, service })).toBe(false);
  });
});

describe("the time of a signature", () => {
  const now = Date.UTC(2026, 0, 31, 9);
  const open = () => openAwsClock(() => now);
  const NOW = "20260131T090000Z";
  const [soon, later, past] = ["20260131T091500Z", "20260131T091501Z", "20260131T084459Z"];

  it("is at most 15 minutes away", () => {
    expect([NOW, soon, later, past, "20261331T090000Z", "20270131T090000Z"].map((time) => open().isNow(time))).toEqual([true, true, false, false, false, false]);
  });

  it("may be that of AWS, once it has said so: its clients follow its clock", () => {
    const clock = open();
    clock.hear("dynamodb.eu-central-1.amazonaws.com", ["Content-Type", "text/plain", "Date", "Sat, 31 Jan 2026 10:00:00 GMT"]);
    expect([NOW, "20260131T100000Z", "20260131T101600Z", "20260131T093000Z"].map((time) => clock.isNow(time))).toEqual([true, true, false, false]);
  });

  it.each(["evil.example.com", "a1b2c3.execute-api.eu-west-1.amazonaws.com", "a1b2c3.lambda-url.eu-west-1.on.aws", "lb-1.eu-west-1.elb.amazonaws.com", "ec2-192-0-2-1.compute-1.amazonaws.com", "amazonaws.com"])("is not what another host says: %s", (host) => {
    const clock = open();
    clock.hear(host, ["date", "Sat, 31 Jan 2026 10:00:00 GMT"]);
    expect(clock.isNow("20260131T100000Z")).toBe(false);
  });

  it("stays as it is where an answer has none, or none that can be read", () => {
    const clock = open();
    for (const headers of [[], ["date", "soon"], ["x-date", "Sat, 31 Jan 2026 10:00:00 GMT"]]) clock.hear("sts.amazonaws.com", headers);
    expect([clock.isNow(NOW), clock.isNow("20260131T100000Z")]).toEqual([true, false]);
  });
});
