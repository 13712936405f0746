import { describe, expect, test } from "vitest";
import type { MINTED } from "../../../src/cli/input/minted-flags.ts";
import { parseMinted } from "../../../src/cli/input/minted-flags.ts";

const life = { ttl: 300, failureTtl: 10 };
const client = { "token-endpoint": "https://auth.example.com/token", "client-id": "me" };
const app = { "github-app": "Iv23liAbc", installation: 42 };

describe("flags of keys that mint", () => {
  test("say what is asked for, with what is usual where they say nothing", async () => {
    expect(await parseMinted("client-credentials", client, life)).toMatchObject({ kind: "client-credentials", clientAuth: "basic", issuer: null, scopes: [], parameters: [], roots: null });
    expect(await parseMinted("jwt-bearer", { ...app, repository: ["web", "api", "web"], permission: ["issues=write", "contents=read"] }, life)).toMatchObject({
      lifetime: 300,
      claims: [{ name: "iss", value: "Iv23liAbc" }],
      installation: { api: "https://api.github.com/", installation: 42, repositories: ["api", "web"], permissions: [{ name: "contents", access: "read" }, { name: "issues", access: "write" }] },
    });
    expect(await parseMinted("aws-sts", { region: "eu-central-1", role: "arn:aws:iam::1:role/r", policy: '{ "Version": "2012-10-17" }' }, life)).toMatchObject({ duration: 3600, endpoint: null, obtain: { kind: "assume-role", sessionName: "vault", externalId: null, policy: '{"Version":"2012-10-17"}' } });
    expect(await parseMinted("aws-sts", { region: "eu-central-1" }, life)).toMatchObject({ obtain: { kind: "session-token" } });
    expect(await parseMinted("aws-sts", { region: "eu-central-1", account: "123456789012", "sso-start-url": "https://x.awsapps.com/start", role: "Reader" }, life)).toMatchObject({ obtain: { kind: "sso", region: "eu-central-1", accountId: "123456789012", roleName: "Reader" } });
  });

  test.each<[string, (typeof MINTED)[number], Parameters<typeof parseMinted>[1], string]>([
    ["one of another source", "jwt-bearer", { region: "eu-central-1" }, "takes no --region"],
    ["one of another source", "aws-sts", { region: "eu-central-1", "oauth-scope": ["x"] }, "takes no --oauth-scope"],
    ["one that is missing", "client-credentials", { "client-id": "me" }, "takes --token-endpoint"],
    ["an app without an installation", "jwt-bearer", { "github-app": "x" }, "takes --installation"],
    ["an app beside a token endpoint", "jwt-bearer", { ...app, "token-endpoint": "https://auth.example.com/" }, "exclude each other"],
    ["a permission that is none", "jwt-bearer", { ...app, permission: ["contents=all"] }, "read, write or admin"],
    ["a pair that is none", "jwt-bearer", { claim: ["iss"] }, "--claim takes NAME=VALUE"],
    ["a policy that is none", "aws-sts", { region: "r1", role: "arn:aws:iam::1:role/r", policy: "allow" }, "a policy in JSON"],
    ["a file without a certificate", "jwt-bearer", { "upstream-ca": import.meta.filename }, "holds no certificate"],
  ])("%s is refused: --source %s", async (_name, kind, flags, message) => {
    await expect(parseMinted(kind, flags, life)).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(message) as string });
  });
});
