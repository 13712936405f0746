// Bytes that two readers read in two ways, at the broker's own port, and whoever takes his time. What is smuggled would have to leave a claim behind.
import { afterAll, beforeAll, expect, it } from "vitest";
import { listIdentities } from "../../../src/app/broker/accept-identity.ts";
import type { GalleryBroker } from "../../support/gallery-broker.ts";
import { drawKey, openGalleryBroker, orderText, requestOf } from "../../support/gallery-broker.ts";
import { connect } from "../../support/raw-sockets.ts";

let stage: GalleryBroker;
beforeAll(async () => { stage = await openGalleryBroker(); });
afterAll(async () => { await stage.close(); });

const CLAIMS = "/v1/claims";
const handles = async (): Promise<readonly string[]> => (await listIdentities(stage.first.surroundings)).claims.map(({ handle }) => handle);
const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = ""]) => status);
/** A whole, good request that leaves a claim. */
const claimOf = (handle: string): string => requestOf("POST", CLAIMS, [`Authorization: ${stage.prove(drawKey(), "POST", CLAIMS, handle)}`], handle);
const proof = (body: string, target = CLAIMS): string => `Authorization: ${stage.prove(stage.mallory, "POST", target, body)}`;
const upgrade = (target: string, headers: readonly string[] = ["Upgrade: vault-events"]): string => requestOf("GET", target, [`Authorization: ${stage.prove(stage.anna, "GET", target)}`, "Connection: Upgrade", ...headers]);

it("honestly, a request leaves its claim", async () => {
  expect(statuses((await stage.send(claimOf("plain"))).text)).toEqual(["202"]);
  expect(await handles()).toContain("plain");
});

it.each<[string, (inner: string) => string]>([
  ["two lengths that differ", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nContent-Length: 1\r\nContent-Length: ${inner.length + 1}\r\n\r\nx${inner}`],
  ["two lengths in one", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nContent-Length: 1, 1\r\n\r\nx${inner}`],
  ["a length and chunks", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("")}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
  ["chunks and a length", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("")}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${inner}`],
  ["a coding that is none", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("")}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`],
  ["chunks that are not last", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("")}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`],
  ["a folded header", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nX: a\r\n Content-Length: 1\r\nContent-Length: 1\r\n\r\nx${inner}`],
  ["a space before the colon", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nContent-Length : 1\r\n\r\nx${inner}`],
  ["a signed length", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nContent-Length: +1\r\n\r\nx${inner}`],
  ["a chunk's size with more behind it", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0x0\r\n\r\n${inner}`],
  ["lines that end in LF alone", (inner) => `POST ${CLAIMS} HTTP/1.1\nHost: b\n${proof("x")}\nContent-Length: 1\n\nx${inner}`],
  ["a NUL in a header", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nX: a\0b\r\nContent-Length: 1\r\n\r\nx${inner}`],
  ["a CR alone in a header", (inner) => `POST ${CLAIMS} HTTP/1.1\r\nHost: b\r\n${proof("x")}\r\nX: a\rContent-Length: 1\r\nContent-Length: 1\r\n\r\nx${inner}`],
  ["HTTP/2's preface", (inner) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${inner}`],
  ["a version that is none", (inner) => `POST ${CLAIMS} HTTP/1.2\r\nHost: b\r\n${proof("x")}\r\nContent-Length: 1\r\n\r\nx${inner}`],
  ["CONNECT", (inner) => `CONNECT 127.0.0.1:${stage.port} HTTP/1.1\r\nHost: b\r\n${proof("")}\r\n\r\n${inner}`],
])("behind what two readers read in two ways nothing more is read: %s", async (what, make) => {
  const handle = what.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const { text } = await stage.send(make(claimOf(handle)));
  expect(statuses(text)).not.toContain("202");
  expect(await handles()).not.toContain(handle);
  expect(await handles()).not.toContain("x");
});

it("a request behind an upgrade is the connection's, and no request", async () => {
  const { session } = await stage.open(stage.anna);
  const socket = connect(stage.port, "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk: Buffer) => { heard += chunk.toString(); });
  socket.write(`${upgrade(`/v1/sessions/${session}/events`)}${claimOf("behind-an-upgrade")}`);
  await expect.poll(() => heard).toContain("101");
  // In order: once this is answered, the other would have been.
  await stage.send(claimOf("after-the-upgrade"));
  expect(statuses(heard)).toEqual(["101"]);
  expect(await handles()).not.toContain("behind-an-upgrade");
  socket.destroy();
});

it("a request behind an upgrade that is refused is not answered", async () => {
  for (const first of [upgrade(`/v1/sessions/${"0".repeat(32)}/events`), upgrade(CLAIMS, ["Upgrade: h2c"]), upgrade("/health", ["Upgrade: websocket"])]) {
    const { text } = await stage.send(`${first}${claimOf("behind-a-refusal")}`);
    expect(statuses(text)).toEqual(["403"]);
  }
  expect(await handles()).not.toContain("behind-a-refusal");
});

it("an upgrade with a body, by length or in chunks, is refused", async () => {
  const { session } = await stage.open(stage.anna);
  for (const more of ["Content-Length: 4", "Transfer-Encoding: chunked"]) {
    const { text } = await stage.send(`${upgrade(`/v1/sessions/${session}/events`, ["Upgrade: vault-events", more])}4\r\nabcd\r\n0\r\n\r\n`);
    expect(statuses(text), more).not.toContain("101");
  }
});

it("an upgrade to what reads almost like the protocol is refused", async () => {
  const { session } = await stage.open(stage.anna);
  const target = `/v1/sessions/${session}/events`;
  for (const word of ["VAULT-EVENTS", "vault-events/1", "vault-events, h2c", "h2c", "vault-connection", "vault_events"]) expect((await stage.send(upgrade(target, [`Upgrade: ${word}`]))).status, word).toBe(403);
  for (const method of ["POST", "PUT", "DELETE", "get"]) {
    const { text } = await stage.send(requestOf(method, target, [`Authorization: ${stage.prove(stage.anna, method, target)}`, "Connection: Upgrade", "Upgrade: vault-events"]));
    expect(statuses(text), method).not.toContain("101");
  }
});

it("a target in another form is proven as it stands, and leads nowhere", async () => {
  for (const target of [`http://broker${CLAIMS}`, `//broker${CLAIMS}`, `${CLAIMS}/`, "/v1/%63laims", "/v1/claims?x", "/V1/claims", "*"]) {
    const { text } = await stage.send(requestOf("POST", target, [proof("elsewhere", target)], "elsewhere"));
    expect(statuses(text), target).not.toContain("202");
  }
  expect(await handles()).not.toContain("elsewhere");
});

it("a head that is larger than any, and a body that is larger than an order, are not read", async () => {
  expect((await stage.send(requestOf("POST", CLAIMS, [proof("x"), `X: ${"x".repeat(20_000)}`], "x"))).status).not.toBe(202);
  const large = "x".repeat(300 * 1024);
  for (const bytes of [requestOf("POST", "/v1/sessions", [proof(large, "/v1/sessions")], large), `POST /v1/sessions HTTP/1.1\r\nHost: b\r\n${proof(large, "/v1/sessions")}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`])
    expect([0, 413]).toContain((await stage.send(bytes)).status);
  expect((await stage.ask(stage.anna, "POST", "/v1/sessions", { body: orderText() })).status).toBe(201);
});

it("whoever sends a head slowly, a body slowly or nothing at all is left, and others are served meanwhile", async () => {
  const ended = ["", "POST /v1/claims HTTP/1.1\r\nHost: b\r\nX: ", `POST /v1/sessions HTTP/1.1\r\nHost: b\r\n${proof("xx", "/v1/sessions")}\r\nContent-Length: 2\r\n\r\nx`].map((bytes) => stage.send(bytes));
  expect((await stage.ask(stage.anna, "POST", "/v1/sessions", { body: orderText() })).status).toBe(201);
  for (const { status } of await Promise.all(ended)) expect([0, 408]).toContain(status);
}, 120_000);

it("whoever was refused a connection and stays is left", async () => {
  const socket = connect({ port: stage.port, host: "127.0.0.1", allowHalfOpen: true });
  const closed = new Promise((resolve) => { socket.once("close", resolve).once("error", resolve); });
  let heard = "";
  socket.on("data", (chunk: Buffer) => { heard += chunk.toString(); });
  socket.on("end", () => {
    // The other end reads no more once it has gone.
    const timer = setInterval(() => { socket.write("x"); }, 200);
    socket.once("close", () => { clearInterval(timer); });
  });
  socket.write(upgrade(`/v1/sessions/${"0".repeat(32)}/events`));
  await closed;
  expect(statuses(heard)).toEqual(["403"]);
});
