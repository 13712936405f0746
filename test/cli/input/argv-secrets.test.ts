// A password in a store's address leaves the arguments before anything else sees them.
import { expect, test } from "vitest";
import { holdsSecret, splitArgv } from "../../../src/cli/input/argv-secrets.ts";

const PASSWORDS = ["pw", "p%40ss%2Fword", "with@sign", "with:colon", "with/slash", "with?mark#and"];

test.each(PASSWORDS)("%s is taken out of --store and --to, in both ways of writing them", (password) => {
  for (const flag of ["--store", "--to"]) {
    for (const [argv, rest] of [
      [["init", flag, `postgres://user:${password}@db.example/vault`], ["init", flag, "postgres://user@db.example/vault"]],
      [["init", `${flag}=rediss://:${password}@db.example/0`], ["init", `${flag}=rediss://@db.example/0`]],
    ] as const) {
      expect(holdsSecret(argv)).toBe(true);
      const split = splitArgv(argv);
      expect(split.argv).toEqual(rest);
      expect(Buffer.from(split.storePassword?.reveal() ?? []).toString()).toBe(password);
      expect(split.warnings).toHaveLength(1);
      expect(split.warnings.join()).not.toContain(password);
    }
  }
});

test("an address without one is left as it is, and so are words that are no address of a store's", () => {
  for (const argv of [["init", "--store", "postgres://user@db.example:5432/vault"], ["store", "migrate", "--to", "file"], ["init", "--store", "s3://bucket/key?endpoint=https://host:9000"], ["run", "--", "curl", "--to", "https://u:p@h"], ["secrets", "create", "A", "--host", "a.example:443"]]) {
    expect(holdsSecret(argv), argv.join(" ")).toBe(false);
    expect(splitArgv(argv)).toMatchObject({ argv, storePassword: undefined, warnings: [] });
  }
});
