// What an identity makes of sessions: its own after their end, one in the place of another, and the header by which a connection says where it comes from.
import type { Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SessionAnswer } from "../../../src/broker/order.ts";
import type { GalleryBroker } from "../../support/gallery-broker.ts";
import { openGalleryBroker, readReply, requestOf } from "../../support/gallery-broker.ts";
import { connect } from "../../support/raw-sockets.ts";

let stage: GalleryBroker;
beforeAll(async () => { stage = await openGalleryBroker(); });
afterAll(async () => { await stage.close(); });

/** A taken-over connection, and what it says next. */
async function takeOver(session: string, headers: readonly string[] = ["Vault-Arrival: listener"], key = stage.anna, target = `/v1/sessions/${session}/connections`): Promise<{ readonly status: number; readonly socket: Socket; say(bytes: string): Promise<string> }> {
  const socket = connect(stage.port, "127.0.0.1").on("error", () => undefined);
  const next = (): Promise<string> => new Promise((resolve) => {
    socket.once("data", (chunk: Buffer) => { resolve(chunk.toString()); });
    socket.once("close", () => { resolve(""); });
  });
  const answered = next();
  socket.write(requestOf("GET", target, [`Authorization: ${stage.prove(key, "GET", target)}`, "Connection: Upgrade", "Upgrade: vault-connection", ...headers]));
  const { status } = readReply(await answered);
  return {
    status, socket,
    say(bytes) {
      const said = next();
      socket.write(bytes);
      return said;
    },
  };
}
const connectVia = (token: string): string => `CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\nProxy-Authorization: Basic ${Buffer.from(`vault:${token}`).toString("base64")}\r\n\r\n`;

it("the token of one session opens nothing at another of the same identity", async () => {
  const [one, other] = [await stage.open(stage.anna), await stage.open(stage.anna)];
  expect(one.token).not.toBe(other.token);
  const tries = async ({ session }: SessionAnswer, token: string): Promise<number> => {
    const door = await takeOver(session);
    expect(door.status).toBe(101);
    const { status } = readReply(await door.say(connectVia(token)));
    door.socket.destroy();
    return status;
  };
  expect([await tries(one, one.token), await tries(one, other.token), await tries(other, one.token), await tries(one, "")]).toEqual([200, 407, 407, 407]);
});

it("the token of a session is worth nothing without the identity's key", async () => {
  const { session, token } = await stage.open(stage.anna);
  const { status } = await stage.send(requestOf("GET", `/v1/sessions/${session}/connections`, [`Proxy-Authorization: Basic ${Buffer.from(`vault:${token}`).toString("base64")}`, `Authorization: Bearer ${token}`, "Connection: Upgrade", "Upgrade: vault-connection", "Vault-Arrival: proxy"]));
  expect(status).toBe(401);
  expect((await takeOver(session, ["Vault-Arrival: proxy"], stage.mallory)).status).toBe(403);
});

it("a session that was ended takes no connection, tells nothing, and is not ended again", async () => {
  const { session } = await stage.open(stage.anna);
  const end = async (): Promise<number> => (await stage.ask(stage.anna, "DELETE", `/v1/sessions/${session}`, { body: '{"kind":"exited","status":0}' })).status;
  const door = await takeOver(session);
  const closed = new Promise((resolve) => door.socket.once("close", resolve));
  expect([door.status, await end(), await end()]).toEqual([101, 200, 403]);
  await closed;
  expect((await takeOver(session)).status).toBe(403);
});

it("an end that is none is refused, and the session goes on", async () => {
  const { session } = await stage.open(stage.anna);
  for (const body of ["", "{}", '{"kind":"exited","status":256}', '{"kind":"signalled","signal":"__proto__"}', '{"kind":"not-executable","reason":"\\u001b[2J"}', '{"kind":"abandoned"}']) expect((await stage.ask(stage.anna, "DELETE", `/v1/sessions/${session}`, { body })).status, body).toBe(422);
  expect((await takeOver(session)).status).toBe(101);
});

it.each([
  ["none"], ["Listener"], ["listener, proxy"], ["direct"], ["direct "], ["direct localhost"], ["direct localhost:0"], ["direct localhost:65536"], ["direct user@localhost:1"], ["direct a b:1"],
  ["direct localhost:1/x"], ["direct localhost:1?x"], ["direct [::1:1"], ["direct localhost:1 Host: other"], ["direct localhost:1\u0000"], ["__proto__"],
])("a connection whose arrival is none is not taken over: %j", async (arrival) => {
  const { session } = await stage.open(stage.anna);
  expect([0, 403]).toContain((await takeOver(session, [`Vault-Arrival: ${arrival}`])).status);
});

it("two arrivals, none, and one in the place of the upgrade are not taken over", async () => {
  const { session } = await stage.open(stage.anna);
  for (const headers of [[], ["Vault-Arrival: listener", "Vault-Arrival: listener"], ["Vault-Arrival: listener", "Vault-Arrival: direct localhost:1"]]) expect((await takeOver(session, headers)).status).toBe(403);
  expect((await takeOver(session, undefined, stage.anna, `/v1/sessions/${session}`)).status).toBe(403);
  expect((await takeOver(session, undefined, stage.anna, `/v1/sessions/${session.toUpperCase()}x/connections`)).status).toBe(403);
});

it("the line of a session's events takes nothing: what is sent on it goes nowhere", async () => {
  const { session } = await stage.open(stage.anna);
  const target = `/v1/sessions/${session}/events`;
  const socket = connect(stage.port, "127.0.0.1");
  const heard: string[] = [];
  socket.on("data", (chunk: Buffer) => { heard.push(chunk.toString()); });
  socket.write(requestOf("GET", target, [`Authorization: ${stage.prove(stage.anna, "GET", target)}`, "Connection: Upgrade", "Upgrade: vault-events"]));
  await expect.poll(() => heard.join("")).toContain("101");
  socket.write(`${connectVia("x")}${"x".repeat(1_000_000)}`);
  const { status } = await stage.ask(stage.anna, "DELETE", `/v1/sessions/${session}`, { body: '{"kind":"exited","status":0}' });
  expect(status).toBe(200);
  expect(heard.join("").split("HTTP/1.1")).toHaveLength(2);
  socket.destroy();
});
