import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyLooks } from "../../src/app/services/likely-credential.ts";
import { looksLikeCredential } from "../../src/env-files/credential-look.ts";
import { mintForTrial } from "../../src/proxy/places/placeholder.ts";
import { literalStart } from "../../src/vault/placeholder-template.ts";
import { makeRegistry } from "../../src/services/registry.ts";

const registry = makeRegistry();
const looksKnown = keyLooks(registry);
const looks = (name: string, value: string): boolean => looksLikeCredential(name, value, looksKnown);

/** Configuration as it stands in real projects. */
const PLAIN: readonly (readonly [string, string])[] = [
  ["NODE_ENV", "production"], ["PORT", "3000"], ["DEBUG", "app:*,-app:http"], ["LOG_LEVEL", "info"], ["TZ_NAME", "Europe/Zurich"], ["EMPTY", ""], ["HOSTNAME", "web-01.internal.example.com"],
  ["DATABASE_URL", "postgres://localhost:5432/app_development"], ["DATABASE_URL", "postgres://postgres:postgres@localhost:5432/app"], ["DATABASE_URL", "postgresql://app:password@db:5432/app"], ["REDIS_URL", "redis://127.0.0.1:6379/0"],
  ["API_BASE_URL", "https://api.example.com/v1/organizations/acme/projects"], ["OPENAI_MODEL", "gpt-4o-mini-2024-07-18"], ["MODEL", "us.anthropic.claude-sonnet-4-20250514-v1:0"], ["EMBEDDING_MODEL", "sentence-transformers/all-MiniLM-L6-v2"],
  ["AWS_REGION", "eu-central-1"], ["AWS_PROFILE", "production-read-only"], ["S3_BUCKET", "my-application-production-uploads-2024"], ["QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/my-queue"], ["ROLE_ARN", "arn:aws:iam::123456789012:role/MyApplicationExecutionRole"],
  ["MAX_TOKENS", "4096"], ["TOKEN_EXPIRY", "3600s"], ["TOKEN_LIMIT", "100000"], ["SECRET_NAME", "prod/my-app/database"], ["API_KEY_HEADER", "X-Api-Key-For-Internal-Services"], ["PASSWORD_MIN_LENGTH", "12"], ["USE_TOKEN", "true"], ["SECRET_KEY_FILE", "/run/secrets/key"],
  ["PRIVATE_KEY", "./keys/private.pem"], ["TOKEN", "<your token here>"], ["API_KEY", "your-api-key-here"], ["API_KEY", "changeme"], ["OAUTH_TOKEN", "https://login.example.com/oauth2/token"], ["PASSWORD", "short"],
  ["GIT_SHA", "9fceb02d0ae598e95dc970b74767f19372d61af8"], ["COMMIT", "9fceb02d0ae598e95dc970b74767f19372d61af8"], ["TENANT_ID", "7f9c24e8-3b12-4fef-91e0-56a2d5a0c1b1"], ["GOOGLE_CLIENT_ID", "407408718192-abc123def456ghi789jkl012mno345pq.apps.googleusercontent.com"],
  ["IMAGE", "ghcr.io/acme/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"], ["INTEGRITY", "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="],
  ["NEXT_PUBLIC_POSTHOG_KEY", "phc_not_secret_by_convention"], ["VITE_MAPS_TOKEN", "a-token-that-browsers-get"], ["SSH_PUBLIC", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host"],
  ["CERT", "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ1b2c3R0ZXN0\n-----END CERTIFICATE-----"], ["ALLOWED_ORIGINS", "http://localhost:3000,https://app.example.com,https://staging-app.example.com"], ["FEATURE_FLAGS", '{"newCheckout":true,"darkModeByDefault":false}'],
  ["GREETING", "Welcome to the application, please sign in to continue"], ["CRON", "*/5 * * * *"], ["COLOR", "#ff8800"], ["VERSION", "v20.19.0-nightly20260101abcdef1234"], ["BUILD_NUMBER", "20260721153012345678"], ["CLASS", "com.example.application.configuration.ProductionConfigurationFactoryBean"],
  ["PATH_LIKE", "/usr/local/lib/python3.12/site-packages:/opt/homebrew/bin"], ["EMAIL_FROM", "no-reply+notifications@mail.example.com"], ["CAMEL", "myApplicationProductionConfigurationName"],
];

const SECRET: readonly (readonly [string, string])[] = [
  ["KEY", "sk-proj-4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2Rt"], ["A", `ghp_${"x1Y2".repeat(9)}`], ["X", `xoxb-${"123456789012-".repeat(2)}AbCdEfGhIjKlMnOpQrStUvWx`], ["B", `AKIAIOSFODNN7EXAMPLE`.toLowerCase() + "9x8y7z6w5v"],
  ["AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"], ["THING", "wJalrXUtnFEMI7K7MDENG9bPxRfiCY3XAMPL3K3Y"], ["SESSION_SECRET", "keyboard cat and dog"], ["JWT_SECRET", "correct-horse-battery"], ["DB_PASSWORD", "hunter2hunter2"], ["APIKEY", "abcdefghijkl"],
  ["DATABASE_URL", "postgres://app:Tr0ub4dor@db.example.com:5432/app"], ["MONGO", "mongodb+srv://admin:s3cr3tpass@cluster0.ab1cd.mongodb.net"], ["REDIS_URL", "redis://:p4ssw0rd@cache.example.com:6379"], ["PROXY", "http://user:pass@proxy.example.com:3128"],
  ["WEBHOOK", `https://hooks.slack.com/services/T00000000/B00000000/Xa4Vb7Qc9Lm2Tz8Rk5Wd1Py6`], ["ID_TOKEN", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"], ["PEM", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"],
  ["POSTMARK", "7f9c24e8-3b12-4fef-91e0-56a2d5a0c1b1"], ["HEX", "9fceb02d0ae598e95dc970b74767f19372d61af8"], ["SERVICE_ACCOUNT", '{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\nMIIE"}'], ["VITE_OPENAI", "sk-proj-4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2Rt"],
  ["HEADER", "Bearer 8Kq2Zt7Vw4Xy9Lm3Np6Rs1"], ["TELEGRAM", "1234567890:AAF9x2Kd8LqW3mZ7vB4nC6yT1rE5uH0jPsQ"],
];

describe("a value", () => {
  it.each(PLAIN)("is plain: %s=%s", (name, value) => {
    expect(looks(name, value)).toBe(false);
  });

  it.each(SECRET)("looks like a credential: %s=%s", (name, value) => {
    expect(looks(name, value)).toBe(true);
  });

  it("that begins as any service's keys do looks like one, by whatever name", () => {
    const telling = registry.services.flatMap(({ placeholders }) => placeholders).filter((form) => literalStart(form).length >= 3);
    for (const form of telling) expect(looks("SOMETHING_ID", mintForTrial(form))).toBe(true);
    expect(telling.length).toBeGreaterThan(60);
  });

  it("of random bytes does, in hex and in base64, nearly always", () => {
    const drawn = Array.from({ length: 2000 }, (_, index) => randomBytes(24).toString(index % 2 === 0 ? "hex" : "base64url"));
    // A few fall apart at - and _ into parts too short to tell.
    expect(drawn.filter((value) => !looks("THING", value)).length).toBeLessThan(150);
  });

  it("of words does not, however they are joined", () => {
    const word = fc.constantFrom("application", "production", "configuration", "internal", "service", "cluster", "europe", "default", "customer", "primary");
    fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), fc.constantFrom("-", "_", ".", "/", " ", ":"), (words, joint) => !looks("THING", words.join(joint))));
  });
});
