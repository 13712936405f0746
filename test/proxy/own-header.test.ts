// Headers that a service names for its own secrets, and whose names do not tell that they carry any.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { Reply } from "../support/proxy-child.ts";
import { ask } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

let server: RawServer;
let run: TestRun;
let host: string;
let own: Grant;
let other: Grant;
let before: number;

beforeAll(async () => {
  const ca = makeTestCa();
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  host = `api.example.test:${server.port}`;
  own = makeGrant("OWN", [host], { headers: ["x-vendor"] });
  other = makeGrant("OTHER", [host], { value: "value-of-the-other-one" });
  run = await openTestRun([own, other, makeGrant("FAR", ["far.example.test"], { headers: ["x-vendor"], placeholder: "placeholder-of-FAR-0123456789" })], { roots: [ca.certificate] });
});

beforeEach(() => {
  before = server.received().length;
});

afterAll(async () => {
  await run.proxy.close();
  await server.close();
});

const send = (...headers: readonly string[]): Promise<Reply> => ask(run.proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`);
const received = (): string => server.received().slice(before);

test("carry that service's secret, in any case", async () => {
  await send(`X-Vendor: ${own.placeholder}`);
  expect(received()).toContain(`X-Vendor: ${VALUE}\r\n`);
});

test("carry no other: its placeholder stays as it is, even beside one that acts", async () => {
  await send(`X-Vendor: ${other.placeholder}, ${own.placeholder}`);
  expect(received()).toContain(`X-Vendor: ${other.placeholder}, ${VALUE}\r\n`);
  expect(run.events.filter(({ kind }) => kind === "inert").at(-1)).toMatchObject({ secrets: ["OTHER"], spot: "header" });
});

test("are none for other hosts' secrets: what cannot act there is refused", async () => {
  const reply = await send("X-Vendor: placeholder-of-FAR-0123456789");
  expect([reply.status, reply.headers["x-vault-refusal"], received()]).toEqual([403, "host", ""]);
});

test("may not come twice, nor be named by Connection", async () => {
  expect((await send(`X-Vendor: ${own.placeholder}`, "x-vendor: more")).status).toBe(400);
  expect((await send(`X-Vendor: ${own.placeholder}`, "Connection: x-vendor")).status).toBe(400);
  expect(received()).toBe("");
});
