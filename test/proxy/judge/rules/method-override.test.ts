// Words by which servers take a request for another than it is.
import { describe, expect, test } from "vitest";
import type { ReadableBody } from "../../../../src/proxy/judge/rules/method-override.ts";
import { findOverride, hasBodyOverride, readableAs } from "../../../../src/proxy/judge/rules/method-override.ts";

const head = (target: string, ...headers: string[]): { target: string; headers: string[] } => ({ target, headers });

describe("in a head", () => {
  test.each(["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X_HTTP_Method_Override", "X-Http-Method_Override", "x-original-url", "X-Rewrite-URL"])("%s", (name) => {
    expect(findOverride(head("/", "Accept", "*/*", name, "DELETE"))).toBe(`the header ${name}`);
  });

  test.each(["/?_method=DELETE", "/?a=1&_method=put", "/?a=1;_method=put", "/?%5fmethod=DELETE", "/?%5Fm%65thod=x", "/?_METHOD=x", "/?_method[]=x", "/?.method=x", "/?+_method=x", "/?$httpMethod=DELETE", "/?opt_method=DELETE", "/?%24httpMethod=DELETE", "/?X-HTTP-Method-Override=DELETE", "/a?b?&_method=x", "/?_method"])("%s", (target) => {
    expect(findOverride(head(target))).toBe("a parameter of its query");
  });

  test.each(["/", "/_method", "/_method=DELETE", "/?payment_method=card", "/?method=x", "/?a=_method", "/?a=b%26_method", "/?http_method=GET"])("none in %s", (target) => {
    expect(findOverride(head(target, "X-Request-Id", "1", "Accept", "*/*"))).toBeUndefined();
  });
});

describe("a body", () => {
  const has = (kind: ReadableBody, text: string): boolean => hasBodyOverride(Buffer.from(text), kind);

  test.each(["_method=DELETE", "a=1&_method=DELETE", "a=1;%5Fmethod=DELETE", "_METHOD=DELETE", "_met%68od=DELETE", "x-http-method-override=DELETE", "_method%5B%5D=x", "_met\r\nhod=x"])("that is a form: %j", (text) => {
    expect(has("form", text)).toBe(true);
  });

  test.each(['--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--', "--b\r\nContent-Disposition: form-data; name=_method\r\n\r\nDELETE", "--b\r\nContent-Disposition: form-data; name*=utf-8''%5Fmethod\r\n\r\nDELETE", '--b\r\nContent-Disposition: form-data; name = "_METHOD"\r\n\r\nx', '--b\r\nContent-Disposition: form-data; name="\\_method"\r\n\r\nx'])("of parts: %j", (text) => {
    expect(has("multipart", text)).toBe(true);
  });

  test.each(['{"_method":"DELETE"}', '{"a":1,"_method" : "DELETE"}', '{"\\u005fmethod":"DELETE"}', '{"_\\u006Dethod":"DELETE"}', '[{"_method":"x"}]'])("in JSON: %s", (text) => {
    expect(has("json", text)).toBe(true);
  });

  test.each<[ReadableBody, string]>([["form", "payment_method=card&a=_method"], ["multipart", '--b\r\nContent-Disposition: form-data; name="payment_method"\r\n\r\n_method'], ["json", '{"payment_method":"card","a":"_method","b":"\\"_method\\":1"}'], ["json", '{"content":"set {\\"_method\\":\\"DELETE\\"} and \\u005f"}']])("without one, of the kind %s: %s", (kind, text) => {
    expect(has(kind, text)).toBe(false);
  });

  test.each<[string[], ReturnType<typeof readableAs>]>([
    [[], "form"], [[""], "form"], [["application/x-www-form-urlencoded"], "form"], [["APPLICATION/X-WWW-FORM-URLENCODED; charset=UTF-8"], "form"], [["multipart/form-data; boundary=x"], "multipart"], [["multipart/mixed; boundary=x"], "multipart"], [["application/vnd.api+json"], "json"], [["text/json"], "json"],
    [["application/json", "text/plain"], "unclear"], [["text/plain, application/json"], "unclear"], [["application/json; charset=utf-16"], "unclear"], [["multipart/form-data; boundary=application/json"], "unclear"], [["text/plain; charset=utf-7"], "unclear"],
    [["application/octet-stream"], undefined], [["text/plain"], undefined], [["image/png"], undefined],
  ])("of the types %j is read as %s", (types, kind) => {
    expect(readableAs(types.flatMap((type) => ["Content-Type", type]))).toBe(kind);
  });

  test("as long as they come, in little time", () => {
    const long = 4 * 1024 * 1024;
    for (const text of [',"\\"'.repeat(long / 4), ',"'.repeat(long / 2), '{"'.padEnd(long, "\\u005f"), ", ".repeat(long / 2), "name=".repeat(long / 5), "%5f&".repeat(long / 4)]) {
      const startUs = process.cpuUsage().user;
      for (const kind of ["form", "multipart", "json"] as const) hasBodyOverride(Buffer.from(text), kind);
      expect(process.cpuUsage().user - startUs).toBeLessThan(20_000_000);
    }
  });
});
