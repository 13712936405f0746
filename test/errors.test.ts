import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { systemErrorCode, VaultError } from "../src/errors.ts";

describe("a vault error", () => {
  test("has a code, a message and, where there is one, a hint", () => {
    const error = new VaultError("not-found", 'no secret "API_TOKEN"', "vault secrets list");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "VaultError", code: "not-found", message: 'no secret "API_TOKEN"', hint: "vault secrets list" });
    expect(new VaultError("io", "failed").hint).toBeUndefined();
  });

  test("cannot be given a cause", () => {
    expect(VaultError.length).toBeLessThanOrEqual(3);
    expect(inspect(new VaultError("io", "failed"))).not.toContain("cause");
  });
});

describe("the code of a system error", () => {
  test("is Node's, and is not to be had from anything else", () => {
    const failure = (): unknown => {
      try {
        return readFileSync("/does/not/exist");
      } catch (error) {
        return error;
      }
    };
    expect(systemErrorCode(failure())).toBe("ENOENT");
    for (const other of [new Error("x"), Object.assign(new Error("x"), { code: 1 }), { code: "ENOENT" }, "ENOENT", null, undefined]) expect(systemErrorCode(other)).toBeUndefined();
  });
});
