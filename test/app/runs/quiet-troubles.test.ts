import { expect, test } from "vitest";
import type { QuietTroubles } from "../../../src/app/runs/quiet-troubles.ts";
import { openQuietTroubles } from "../../../src/app/runs/quiet-troubles.ts";
import type { InertSpot } from "../../../src/proxy/grants/event.ts";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import { Secret } from "../../../src/secret.ts";

const grant = (name: string, host: string): Grant => ({ name, placeholder: `ph-${name}`, value: Secret.fromText("v"), bindings: [{ host, port: 443, wildcard: false }], places: ["header"], allowPrivate: false, scrub: true });
const given = [grant("GITHUB_TOKEN", "api.github.com"), grant("STRIPE_KEY", "api.stripe.com")];
const stripe = { host: "api.stripe.com", port: 443 };

const open = (): QuietTroubles => openQuietTroubles(given, "python3", false);
const inert = (troubles: QuietTroubles, secret: string, authority: string, spot: InertSpot): void => { troubles.count({ kind: "inert", request: "1", authority, method: "POST", secrets: [secret], spot }); };

test("a program that breaks off every handshake does not trust the run's CA", () => {
  const troubles = open();
  troubles.hearHandshake("broken-off", stripe);
  troubles.hearHandshake("broken-off", stripe);
  troubles.hearHandshake("broken-off", { host: "api.github.com", port: 8443 });
  expect(troubles.lines(1)).toEqual([
    "api.stripe.com: 2 connections broken off in TLS: the program does not trust the run's CA (vault doctor -- python3)",
    "api.github.com:8443: 1 connection broken off in TLS: the program does not trust the run's CA (vault doctor -- python3)",
  ]);
});

test("a program that speaks HTTP/2 alone is not said to lack trust", () => {
  const troubles = open();
  for (let at = 0; at < 3; at += 1) troubles.hearHandshake("no-http1", stripe);
  expect(troubles.lines(1)).toEqual(["api.stripe.com: 3 connections for HTTP/2 alone, as gRPC is: a host that takes secrets is spoken to by HTTP/1.1; have the client use its HTTP or REST transport"]);
});

test("one that breaks off some and completes others has its reasons", () => {
  const troubles = open();
  troubles.hearHandshake("broken-off", stripe);
  troubles.hearHandshake("completed", stripe);
  expect(troubles.lines(0)).toEqual([]);
});

test("a placeholder that a bound host got as text is told with what would put the value there", () => {
  const troubles = open();
  for (const spot of ["body", "body", "target", "header"] as const) inert(troubles, "GITHUB_TOKEN", "api.github.com:443", spot);
  inert(troubles, "GITHUB_TOKEN", "api.anthropic.com:443", "body");
  expect(troubles.lines(0)).toEqual([
    "GITHUB_TOKEN stood in a body sent to api.github.com and was not put in there: vault secrets update GITHUB_TOKEN --inject body",
    "GITHUB_TOKEN stood in the path or query of a request sent to api.github.com and was not put in there: vault secrets update GITHUB_TOKEN --inject query:PARAMETER, or path",
    "GITHUB_TOKEN stood in a header sent to api.github.com and was not put in there: vault secrets update GITHUB_TOKEN --inject header:NAME",
  ]);
});

test("a secret that nothing asked for is told of where the program failed", () => {
  const troubles = open();
  expect(troubles.lines(0)).toEqual([]);
  expect(troubles.lines(1)).toEqual(["GITHUB_TOKEN, STRIPE_KEY were given and no request with them came: the program may go past the proxy (vault doctor -- python3)"]);
  troubles.count({ kind: "substituted", request: "1", authority: "api.github.com:443", method: "GET", secrets: ["GITHUB_TOKEN"] });
  expect(troubles.lines(1)).toEqual(["STRIPE_KEY was given and no request with it came: the program may go past the proxy (vault doctor -- python3)"]);
});

test("behind the wall nobody is told that the program may go past the proxy", () => {
  const troubles = openQuietTroubles(given, "python3", true);
  expect(troubles.lines(1)).toEqual(["GITHUB_TOKEN, STRIPE_KEY were given and no request with them came; behind the wall none goes past the proxy"]);
});

test("many are told in few lines", () => {
  const many = openQuietTroubles(Array.from({ length: 8 }, (_, index) => grant(`KEY_${index}`, "a.example")), "sh", false);
  expect(many.lines(2)).toEqual(["KEY_0, KEY_1, KEY_2, KEY_3, KEY_4 and 3 more were given and no request with them came: the program may go past the proxy (vault doctor -- sh)"]);
  const troubles = open();
  for (let at = 0; at < 500; at += 1) troubles.hearHandshake("broken-off", { host: `h${at}.example`, port: 443 });
  expect(troubles.lines(0)).toHaveLength(11);
});
