import { describe, expect, test } from "vitest";
import { findUsual, lowerCase } from "../../../src/proxy/grants/header-name.ts";

describe("a header's name", () => {
  test.each(["content-type", "Content-Type", "CONTENT-TYPE", "cOnTeNt-tYpE", "X-Request-ID", "x-request-id", "X-Unheard-Of", "x_api_key", "", "__proto__", "constructor"])("is in lower case whatever its letters: %j", (name) => {
    expect(lowerCase(name)).toBe(name.toLowerCase());
  });

  test("that is usual stays as it is written, wherever it was cut out", () => {
    const head = "GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n";
    const name = head.slice(16, 29);
    expect(findUsual(name)).toEqual({ written: "Authorization", lower: "authorization" });
    expect(findUsual("AUTHORIZATION")).toBeUndefined();
  });
});
