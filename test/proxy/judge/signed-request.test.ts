import { describe, expect, it } from "vitest";
import { findSignedRefusal } from "../../../src/proxy/judge/signed-request.ts";
import { makeRoute } from "../../../src/proxy/judge/route.ts";
import { makeRecogniser } from "../../../src/proxy/places/placeholder.ts";
import { makeGrant } from "../../support/proxy-run.ts";

const HOST = "bucket.s3.eu-central-1.amazonaws.com";
const route = (grants: readonly ReturnType<typeof makeGrant>[]) => makeRoute({ scheme: "https", authority: { host: HOST, port: 443 } }, grants);
const [id, key, other] = [makeGrant("AWS_ACCESS_KEY_ID", [HOST]), makeGrant("AWS_SECRET_ACCESS_KEY", [HOST]), makeGrant("API_KEY", [HOST])];
const scope = "20261128/eu-central-1/s3/aws4_request";
const v4 = (keyId: string): string[] => ["Authorization", `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`];
const judge = (headers: readonly string[], target: string, grants: readonly ReturnType<typeof makeGrant>[]) => findSignedRefusal({ headers, target }, route(grants), makeRecogniser(grants));

describe("a signed request", () => {
  it.each([
    ["in its header", v4(id.placeholder), "/"],
    ["in its header, with an elliptic curve", ["authorization", `AWS4-ECDSA-P256-SHA256 Credential=${id.placeholder}/${scope}, SignedHeaders=host, Signature=00`], "/"],
    ["as older clients have it", ["Authorization", `AWS ${id.placeholder}:c2lnbmF0dXJl`], "/"],
    ["in its query", [], `/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${id.placeholder}%2F20261128&X-Amz-Signature=00`],
    ["in its query, as older clients have it", [], `/key?AWSAccessKeyId=${id.placeholder}&Signature=00`],
  ])("with the placeholder of a key's id %s is refused", (_, headers, target) => {
    expect(judge(headers, target, [id])).toMatchObject({ code: "signed", status: 403, secrets: ["AWS_ACCESS_KEY_ID"] });
  });

  it("at a host that the signing key is bound to is signed with its placeholder, whatever id it names", () => {
    expect(judge(v4("AKIAIOSFODNN7EXAMPLE"), "/", [key])).toMatchObject({ code: "signed", secrets: ["AWS_SECRET_ACCESS_KEY"] });
    expect(judge([], "/key?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Signature=00", [key])).toMatchObject({ code: "signed" });
  });

  it("is answered as its service answers", () => {
    const form = (...headers: readonly string[]) => judge([...headers, ...v4(id.placeholder).map((text) => text.replace("/s3/", "/sts/"))], "/", [id])?.format;
    expect([judge(v4(id.placeholder), "/", [id])?.format, form("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), form("Content-Type", "application/x-amz-json-1.0"), form()]).toEqual(["aws-xml", "aws-xml", "aws-json", "aws-json"]);
  });

  it("with a key of the program's own goes on", () => {
    expect(judge(v4("AKIAIOSFODNN7EXAMPLE"), "/", [id, other])).toBeUndefined();
    expect(judge([], "/key?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Signature=00", [id])).toBeUndefined();
  });

  it("is not what has a placeholder in another header, or no signature", () => {
    expect(judge(["Authorization", `Bearer ${key.placeholder}`], "/", [key])).toBeUndefined();
    expect(judge(["X-Note", `AWS4-HMAC-SHA256 Credential=${id.placeholder}/`], "/", [id])).toBeUndefined();
    expect(judge(["Authorization", "AWSOME token"], "/?q=AWS", [key])).toBeUndefined();
  });
});
