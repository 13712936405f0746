import { describe, expect, test } from "vitest";
import { chooseProxy, findProxyAddress, findUnusableVariable, isExempt, isLoopback } from "../../../src/run/clients/proxy-variables.ts";

describe("a proxy's address", () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

  test.each([
    ["http://proxy.corp:3128", { isTls: false, host: "proxy.corp", port: 3128, authorization: undefined }],
    ["proxy.corp:3128/", { isTls: false, host: "proxy.corp", port: 3128, authorization: undefined }],
    ["https://proxy.corp", { isTls: true, host: "proxy.corp", port: 443, authorization: undefined }],
    ["http://[::1]:3128", { isTls: false, host: "::1", port: 3128, authorization: undefined }],
    ["http://me:p%40ss%3Aword@proxy", { isTls: false, host: "proxy", port: 80, authorization: basic("me:p@ss:word") }],
    ["http://me@proxy", { isTls: false, host: "proxy", port: 80, authorization: basic("me:") }],
    ["http://me:100%@proxy", { isTls: false, host: "proxy", port: 80, authorization: basic("me:100%") }],
  ])("is read from %s", (text, address) => {
    expect(findProxyAddress(text)).toEqual(address);
  });

  test.each(["socks5://proxy:1080", "http://", "http://proxy:0", "http://proxy:65536", "http://proxy/path", "a b", "http://a@b@c"])("is none in %s", (text) => {
    expect(findProxyAddress(text)).toBeUndefined();
  });
});

describe("the choice", () => {
  const portOf = (variables: Record<string, string>, scheme: "http" | "https" = "https", host = "api.example.com"): number | string => {
    const choice = chooseProxy(variables, scheme, host, 443);
    return choice.kind === "proxy" ? choice.proxy.port : choice.kind;
  };

  test("takes lower case before upper, the scheme's own before ALL_PROXY, and an empty one for none", () => {
    expect(portOf({})).toBe("direct");
    expect(portOf({ HTTPS_PROXY: "http://p:1" })).toBe(1);
    expect(portOf({ HTTPS_PROXY: "http://p:1", https_proxy: "http://p:2", ALL_PROXY: "http://p:3" })).toBe(2);
    expect(portOf({ HTTPS_PROXY: "http://p:1", https_proxy: "" })).toBe(1);
    expect(portOf({ HTTPS_PROXY: "http://p:1", ALL_PROXY: "http://p:3" }, "http")).toBe(3);
  });

  test("knows loopback", () => {
    for (const host of ["localhost", "app.localhost", "127.0.0.1", "127.9.9.9", "::1"]) expect(isLoopback(host)).toBe(true);
    for (const host of ["localhost.example.com", "12.7.0.1", "::2"]) expect(isLoopback(host)).toBe(false);
  });

  test("names a variable that holds another kind of proxy", () => {
    expect(chooseProxy({ ALL_PROXY: "socks5://p:1080" }, "https", "a.example", 443)).toEqual({ kind: "unusable", variable: "ALL_PROXY" });
    expect(findUnusableVariable({ ALL_PROXY: "socks5://p:1080" })).toBe("ALL_PROXY");
    expect(findUnusableVariable({ ALL_PROXY: "socks5://p:1080", HTTPS_PROXY: "http://p", http_proxy: "p:1" })).toBeUndefined();
    expect(findUnusableVariable({})).toBeUndefined();
  });
});

test.each([
  ["*", "api.example.com", 443, true],
  ["example.com", "example.com", 443, true],
  ["example.com", "api.example.com", 443, true],
  [".example.com", "api.example.com", 443, true],
  ["*.example.com", "api.example.com", 443, true],
  ["EXAMPLE.com", "API.example.COM", 443, true],
  ["a, ,example.com:8443 b", "api.example.com", 8443, true],
  ["example.com:8443", "api.example.com", 443, false],
  ["ample.com", "api.example.com", 443, false],
  ["api.example.com", "example.com", 443, false],
  ["10.0.0.0/8", "10.1.2.3", 443, true],
  ["10.0.0.0/8", "11.1.2.3", 443, false],
  ["10.0.0.0/99", "10.1.2.3", 443, false],
  ["0.0.1", "10.0.0.1", 443, false],
  ["fd00::/8", "fd12::1", 443, true],
  ["[fd12::1]:443", "fd12::1", 443, true],
  ["fd12::1", "fd12::1", 443, true],
  ["", "api.example.com", 443, false],
])("NO_PROXY %j and %s:%d", (text, host, port, exempt) => {
  expect(isExempt(text, host, port)).toBe(exempt);
});
