import { describe, expect, it } from "vitest";
import { findLocalUse } from "../../src/env-files/local-use.ts";
import { makeRegistry } from "../../src/services/registry.ts";

describe("a credential that stands in no HTTP request", () => {
  it.each([
    ["connection", "DATABASE_URL", "postgres://app:Tr0ub4dor@db.example.com:5432/app"],
    ["connection", "MONGO", "mongodb+srv://admin:s3cr3tpass@cluster0.ab1cd.mongodb.net"],
    ["connection", "REDIS_URL", "redis://:p4ssw0rd@cache.example.com:6379"],
    ["connection", "CACHE", "rediss://default:p4ssw0rd@cache.example.com:6380"],
    ["connection", "ANY_NAME", "amqps://u:p@mq.example.com"],
    ["connection", "PGPASSWORD", "hunter2hunter2"],
    ["connection", "DB_PASSWORD", "hunter2hunter2"],
    ["connection", "POSTGRES_APP_PASSWORD", "x"],
    ["connection", "SMTP_PASSWORD", "x"],
    ["connection", "DATABASE_URL", ""],
    ["signing", "JWT_SECRET", "correct-horse-battery"],
    ["signing", "SESSION_SECRET", "keyboard cat and dog"],
    ["signing", "NEXTAUTH_SECRET", "x"],
    ["signing", "SECRET_KEY_BASE", "x"],
    ["signing", "SLACK_SIGNING_SECRET", "x"],
    ["signing", "STRIPE_WEBHOOK_SECRET", "whsec_abcdefghijklmnopqrstuvwxyz012345"],
    ["signing", "HOOK", "whsec_abcdefghijklmnopqrstuvwxyz012345"],
    ["signing", "APP_ENCRYPTION_KEY", "x"],
    ["private-key", "PEM", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"],
    ["private-key", "GITHUB_APP_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nMII"],
    ["service-account", "GOOGLE_CREDENTIALS", '{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\nMIIE"}'],
    ["aws-signing", "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    ["aws-signing", "BACKUP_AWS_SECRET_ACCESS_KEY", ""],
  ])("is known by its form (%s): %s=%s", (use, name, value) => {
    expect(findLocalUse(name, value)).toBe(use);
  });

  it.each([["OPENAI_API_KEY", "sk-proj-x"], ["API_KEY", "x"], ["CLIENT_SECRET", "x"], ["GOOGLE_CLIENT_SECRET", "x"], ["AUTH_TOKEN", "x"], ["PROXY", "http://user:pass@proxy.example.com:3128"], ["DATABASE_URL", "https://u:p@couch.example.com"], ["PASSWORD", "x"], ["ADMIN_PASSWORD", "x"], ["WEBHOOK_URL", "https://hooks.slack.com/services/T0/B0/x"], ["UPSTASH_REDIS_REST_TOKEN", "x"], ["AWS_BEARER_TOKEN_BEDROCK", "ABSKx"], ["BASIC_AUTH_PASSWORD", "x"]])("is not %s=%s", (name, value) => {
    expect(findLocalUse(name, value)).toBeUndefined();
  });

  it("is no key of a known service", () => {
    expect(makeRegistry().services.flatMap(({ variables }) => variables).filter((name) => findLocalUse(name, "") !== undefined)).toEqual([]);
  });
});
