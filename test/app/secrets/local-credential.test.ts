import { describe, expect, it } from "vitest";
import { adviceOnNew, describeLocalUse } from "../../../src/app/secrets/local-credential.ts";

describe("a secret that would be of no use in the vault", () => {
  it.each([["db.example.com:5432", "PostgreSQL"], ["db.example.com:3306", "MySQL"], ["127.0.0.1:6379", "Redis"], ["*.db.example.com:27017", "MongoDB"]])("is told of at %s", (host, protocol) => {
    expect(adviceOnNew("ANY_KEY", ["api.example.com:443", host]).join("\n")).toMatch(new RegExp(`speaks ${protocol}[^]*--expose ANY_KEY`));
  });

  it.each([["AWS_SECRET_ACCESS_KEY", "AWS_BEARER_TOKEN_BEDROCK"], ["JWT_SECRET", "signs or checks something"], ["DATABASE_URL", "a database's"]])("is told of by its name, %s, with what works", (name, words) => {
    expect(adviceOnNew(name, []).join("\n")).toContain(words);
    expect(adviceOnNew(name, ["api.example.com:443"]).join("\n")).toContain(`--expose ${name}`);
  });

  it("is none with another name, at a port that HTTP is spoken at", () => {
    expect(adviceOnNew("API_KEY", ["api.example.com:443", "localhost:8443"])).toEqual([]);
  });

  it("is described for people", () => {
    for (const use of ["connection", "signing", "private-key", "service-account", "aws-signing"] as const) expect(describeLocalUse(use)).toMatch(/^(?:is|signs) .*placeholder/);
  });
});
