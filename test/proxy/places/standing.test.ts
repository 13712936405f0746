import { expect, test } from "vitest";
import { standsInBasic } from "../../../src/proxy/places/standing.ts";
import { findUnusable } from "../../../src/proxy/places/substitute.ts";
import { makeGrant } from "../../support/proxy-run.ts";

test.each([["KEY", true], ["KEY:", true], ["KEY:pw", true], ["me:KEY", true], [":KEY", true], ["xKEY", false], ["xKEY:pw", false], ["KEYx:pw", false], ["me:xKEY", false], ["me:KEYx", false], ["me:a:KEY", false], ["KEYx", false]])("in Basic %j: %s", (credential, stands) => {
  const grant = makeGrant("API_KEY", ["api.example.test"]);
  const start = credential.indexOf("KEY");
  expect(standsInBasic(grant, credential, { grant, start, end: start + 3 })).toBe(stands);
  expect(standsInBasic({ ...grant, places: ["header"] }, credential, { grant, start, end: start + 3 })).toBe(false);
});

test.each<[string, "header" | "basic", string, string, boolean]>([
  ["plain", "header", "x-api-key", "KEY", true],
  ["with\nline", "header", "x-api-key", "KEY", false],
  ["\u00e9", "header", "x-api-key", "KEY", false],
  ["a,b", "header", "sec-websocket-protocol", "KEY", false],
  ["with:colon", "basic", "authorization", "me:KEY", true],
  ["with:colon", "basic", "authorization", "KEY:pw", false],
  ["with\u0001control", "basic", "authorization", "me:KEY", false],
])("the value %j in %s %s as %s can be used: %s", (value, place, header, text, isUsable) => {
  const grant = makeGrant("API_KEY", ["api.example.test"], { value });
  const start = text.indexOf("KEY");
  const unusable = findUnusable({ valueAt: 0, place, text, occurrences: [{ grant, start, end: start + 3 }] }, header);
  expect(unusable === undefined).toBe(isUsable);
});
