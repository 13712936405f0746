// Headers that a service names for its own secrets, or the user for one, and that are none of those that usually carry keys.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { Pin } from "../../src/proxy/grants/pin.ts";
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
let named: Grant;
let before: number;

beforeAll(async () => {
  const ca = makeTestCa();
  server = await openRawServer(ca.identityFor("api.example.test"), () => plainAnswer("fine"));
  host = `api.example.test:${server.port}`;
  const pin: Pin = { service: "vendor", sharesHostsWith: [], spots: [{ place: "header", header: "x-vendor", form: "{key}" }] };
  own = makeGrant("OWN", [host], { pin });
  named = makeGrant("NAMED", [host], { value: "value-of-the-named-one", places: ["header", "header:x-vendor", "header:x-amz-meta-vendor"] });
  other = makeGrant("OTHER", [host], { value: "value-of-the-other-one" });
  run = await openTestRun([own, other, named, makeGrant("FAR", ["far.example.test"], { pin, placeholder: "placeholder-of-FAR-0123456789" })], { roots: [ca.certificate] });
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

test("carry it in the service's form and in no other", async () => {
  const reply = await send(`X-Vendor: https://evil.example/${own.placeholder}`);
  expect([reply.status, reply.headers["x-vault-refusal"], received()]).toEqual([403, "place", ""]);
  expect(reply.body).toContain('it may not stand in the header x-vendor like that; vendor takes it in the header x-vendor as "{key}"');
});

test("carry no other: its placeholder stays as it is, even beside one that acts", async () => {
  await send(`X-Vendor: ${other.placeholder}, ${named.placeholder}`);
  expect(received()).toContain(`X-Vendor: ${other.placeholder}, value-of-the-named-one\r\n`);
  expect(run.events.filter(({ kind }) => kind === "inert").at(-1)).toMatchObject({ secrets: ["OTHER"], spot: "header" });
});

test("are not made of metadata by being named", async () => {
  const reply = await send(`X-Amz-Meta-Vendor: ${named.placeholder}`);
  expect([reply.status, received().includes(named.placeholder)]).toEqual([200, true]);
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
