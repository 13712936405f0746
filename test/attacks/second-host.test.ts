// A request with two Hosts, or one that reads differently to different eyes: the proxy judges the first, the server serves the second, and the value
// goes to a site that nobody bound it to. Node's parser takes all of these; here a request has one Host, which is a host and a port and nothing else.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { BOUND_NAME, expectRefused, expectServedWithValue, openStage } from "../support/attack-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

/** A request with these lines where its Host stands. */
const get = (...hostLines: readonly string[]): string => ["GET /MARKER HTTP/1.1", ...hostLines, `Authorization: Bearer ${stage.grant.placeholder}`, "", ""].join("\r\n");

describe("a request is malformed with", () => {
  it.each<[string, () => readonly string[]]>([
    ["another Host after the right one", () => [`Host: ${stage.host}`, "Host: evil.example.test"]],
    ["another Host before the right one", () => ["Host: evil.example.test", `Host: ${stage.host}`]],
    ["the same Host twice", () => [`Host: ${stage.host}`, `host: ${stage.host}`]],
    ["three Hosts", () => [`Host: ${stage.host}`, `HOST: ${stage.host}`, `hOST: ${stage.host}`]],
    ["a second Host that is empty", () => [`Host: ${stage.host}`, "Host:"]],
    ["no Host", () => []],
    ["an empty Host", () => ["Host:"]],
    ["two hosts in a list", () => [`Host: ${stage.host}, evil.example.test`]],
    ["two hosts with a space between", () => [`Host: ${stage.host} evil.example.test`]],
    ["two hosts with a tab between", () => [`Host: ${stage.host}\tevil.example.test`]],
    ["a user before the host", () => [`Host: evil@${stage.host}`]],
    ["the host as a user", () => [`Host: ${stage.host}@evil.example.test`]],
    ["a path", () => [`Host: ${stage.host}/evil`]],
    ["a query", () => [`Host: ${stage.host}?evil`]],
    ["a fragment", () => [`Host: ${stage.host}#evil`]],
    ["a backslash", () => [`Host: ${stage.host}\\evil.example.test`]],
    ["a scheme", () => [`Host: https://${stage.host}`]],
    ["two ports", () => [`Host: ${stage.host}:443`]],
    ["a port with a zero before it", () => [`Host: ${stage.host.replace(":", ":0")}`]],
    ["a port with a sign", () => [`Host: ${stage.host.replace(":", ":+")}`]],
    ["a port in hex", () => [`Host: ${BOUND_NAME}:0x${stage.server.port.toString(16)}`]],
    ["a port of no length", () => [`Host: ${BOUND_NAME}:`]],
    ["a port beyond the last", () => [`Host: ${BOUND_NAME}:${stage.server.port + 65_536}`]],
    ["an encoded dot", () => [`Host: ${stage.host.replace(".", "%2e")}`]],
    ["a wildcard", () => [`Host: *.example.test:${stage.server.port}`]],
    ["an empty label", () => [`Host: ${stage.host.replace(".", "..")}`]],
    ["two of the root's dots", () => [`Host: ${stage.host.replace(":", "..:")}`]],
    ["brackets about a name", () => [`Host: [${BOUND_NAME}]:${stage.server.port}`]],
  ])("%s", async (_name, hostLines) => {
    await expectRefused(stage, get(...hostLines()), 400, "bad-request");
  });
});

describe("a request is served with", () => {
  it.each<[string, () => string]>([
    ["one Host", () => `Host: ${stage.host}`],
    ["one Host without a space", () => `host:${stage.host}`],
    ["white space about the Host", () => `Host: \t ${stage.host} \t `],
  ])("%s, and the server sees one", async (_name, hostLine) => {
    const { sent } = await expectServedWithValue(stage, get(hostLine()));
    expect(sent.match(/^host:.*$/gim)).toEqual([`host: ${stage.host}`]);
  });

  it("X-Forwarded-Host, which is an ordinary header to a proxy of the client's", async () => {
    const { sent } = await expectServedWithValue(stage, get(`Host: ${stage.host}`, "X-Forwarded-Host: other.example.test"));
    expect(sent).toContain("X-Forwarded-Host: other.example.test\r\n");
  });
});
