import { describe, expect, test } from "vitest";
import { parseLocator } from "../../src/engines/locator.ts";

const textOf = (url: string): string => parseLocator(url).locator.url;

describe("a locator", () => {
  test.each([
    ["postgres://vault@db.example.com/vault", "postgres://vault@db.example.com/vault"],
    ["postgresql://vault:pw@DB.example.com:5432/vault/vault/", "postgres://vault@db.example.com/vault"],
    ["postgres://a%40b:p%2Fw@db.example.com:6432/my%20db/work?ca=/etc/roots.pem&tls=on", "postgres://a%40b@db.example.com:6432/my%20db/work?ca=%2Fetc%2Froots.pem"],
    ["postgres://vault@127.0.0.1/vault?tls=off", "postgres://vault@127.0.0.1/vault?tls=off"],
    ["postgres://vault@[::1]:5433/vault?tls=off", "postgres://vault@[::1]:5433/vault?tls=off"],
    ["rediss://cache.example.com", "rediss://cache.example.com/0"],
    ["rediss://me:pw@cache.example.com:6380/3/work", "rediss://me@cache.example.com:6380/3/work"],
    ["redis://:pw@localhost:6379/0", "redis://localhost/0"],
    ["s3://my-bucket/team/vault", "s3://my-bucket/team/vault?region=us-east-1"],
    ["s3://my-bucket/v?endpoint=https://minio.example.com:9000&region=eu-1", "s3://my-bucket/v?region=eu-1&endpoint=https%3A%2F%2Fminio.example.com%3A9000"],
    ["s3://my-bucket/v?style=virtual&endpoint=https://r2.example.com", "s3://my-bucket/v?region=us-east-1&endpoint=https%3A%2F%2Fr2.example.com&style=virtual"],
  ])("%s is kept as %s, which is the same place", (given, kept) => {
    expect(textOf(given)).toBe(kept);
    expect(parseLocator(kept).locator).toEqual(parseLocator(given).locator);
  });

  test("gives up its password, and keeps none", () => {
    const { locator, password } = parseLocator("postgres://vault:p%40ss%2Fw%C3%B6rd@db.example.com/vault");
    expect(new TextDecoder().decode(password?.reveal())).toBe("p@ss/wörd");
    expect(JSON.stringify(locator)).not.toContain("ss");
    expect(parseLocator("rediss://h.example.com").password).toBeUndefined();
  });

  test("leads to Amazon by bucket and region, and elsewhere by the endpoint", () => {
    expect(parseLocator("s3://my-bucket/v?region=eu-central-1").locator).toMatchObject({ host: "s3.eu-central-1.amazonaws.com", port: 443, isTls: true, isPathStyle: false });
    // The wildcard of the certificate covers one label.
    expect(parseLocator("s3://my.bucket/v").locator).toMatchObject({ isPathStyle: true });
    expect(parseLocator("s3://my-bucket/v?endpoint=http://127.0.0.1:9000").locator).toMatchObject({ host: "127.0.0.1", port: 9000, isTls: false, isPathStyle: true });
  });

  test.each([
    "not a url", "/var/vault.json", "mysql://u@h.example.com/db", "https://h.example.com", "postgres://db.example.com/vault", "postgres://u@db.example.com", "postgres://u@db.example.com/a/b/c", "postgres://u@/vault", "postgres://u@db.example.com/vault?sslmode=disable",
    "postgres://u@db.example.com/vault?tls=maybe", "postgres://u@db.example.com/vault?ca=roots.pem", "postgres://u@db.example.com/vault?ca=/a&ca=/b", "postgres://u%00@db.example.com/vault", "postgres://u%@db.example.com/vault", "postgres://u@db.example.com/vault/Name", "postgres://u@h.example.com/v#x",
    "rediss://h.example.com/zero", "rediss://h.example.com/0/a/b", "s3://bucket", "s3://bucket/", "s3://Bucket_/x", "s3://bucket/a//b", "s3://bucket/../b%2f..", "s3://bucket/a%20b", "s3://key:secret@bucket/v", "s3://bucket:9000/v", "s3://bucket/v?endpoint=minio:9000",
    "s3://bucket/v?endpoint=https://u:p@minio.example.com", "s3://bucket/v?endpoint=https://minio.example.com/path", "s3://bucket/v?region=a.b", "s3://bucket/v?style=odd",
  ])("%s is none", (url) => {
    expect(() => parseLocator(url)).toThrow(expect.objectContaining({ code: "usage", hint: expect.stringMatching(/./) as string }) as Error);
  });

  test.each(["postgres://u@db.example.com/vault?tls=off", "postgres://u@10.0.0.1/vault?tls=off", "redis://db.example.com/0", "redis://128.0.0.1", "redis://127.evil.example/0", "redis://localhost.example.com/0", "s3://bucket/v?endpoint=http://minio.example.com"])("%s would be read by everyone on the way", (url) => {
    expect(() => parseLocator(url)).toThrow(/in plain text/);
  });

  test.each(["postgres://u:12?Pass1@h.example.com/db", "postgres://u:12/Pass1@h.example.com/db", "postgres://u:12#Pass1@h.example.com/db", "postgres://u:Pass1@h.example.com", "rediss://:Pass1@h.example.com/x", "s3://k:Pass1@bucket/v", "redis://:Pass1@h.example.com/0", "xyz://u:Pass1@h/x", "postgres://u:Pass1%@h.example.com/db"])("%s is refused without a word of the password", (url) => {
    try {
      parseLocator(url);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain("Pass1");
    }
  });
});
