// The broker's face, with nobody behind it who judges: what strangers may cost, and for how long.
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openAskingPool, ASKING_MAX } from "../../src/broker/asking-pool.ts";
import type { BrokerService, Front } from "../../src/broker/front.ts";
import { openFront } from "../../src/broker/front.ts";
import { ORDER_BYTES_MAX } from "../../src/broker/order.ts";
import { parseDidKey } from "../../src/identity/did-key.ts";
import { connect } from "../support/raw-sockets.ts";

const did = parseDidKey("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")?.did;
let front: Front | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await front?.close();
});

interface Heard {
  proofs: number;
  bodies: number;
  admitted: Socket[];
}

/** Whoever says `good` is taken for somebody. */
async function open(): Promise<Heard> {
  const heard: Heard = { proofs: 0, bodies: 0, admitted: [] };
  const service: BrokerService = {
    nonce: "00",
    prove(authorization, { body }) {
      heard.proofs += 1;
      heard.bodies += body.length;
      return Promise.resolve(authorization === "good" && did !== undefined ? { kind: "proven", proof: { did, id: "x", expires: 0 } as never } : { kind: "refused", why: "bad" });
    },
    admit: () => undefined,
    claim: () => Promise.resolve({ status: 202 }),
    openSession: () => Promise.resolve({ status: 201 }),
    endSession: () => Promise.resolve({ status: 200 }),
    findSession: (_did, session) => Promise.resolve(session.startsWith("0") ? { admit: (socket: Socket) => { heard.admitted.push(socket); socket.pipe(socket); }, follow: (socket: Socket) => { socket.resume(); } } : session.startsWith("1") ? "busy" : undefined),
    tell: () => Promise.resolve({ status: 200 }),
  };
  front = await openFront({ host: "127.0.0.1", port: 0, tls: undefined, service });
  return heard;
}

function dial(): Socket {
  const socket = connect(front?.port ?? 0, "127.0.0.1");
  sockets.add(socket);
  socket.on("error", () => undefined);
  return socket;
}

/** All that comes until the other side ends. */
async function say(text: string, socket = dial()): Promise<string> {
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  socket.write(text, "latin1");
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

const takeOver = (session: string, more = ""): string => `GET /v1/sessions/${session.padEnd(32, "0")}/connections HTTP/1.1\r\nHost: a\r\nAuthorization: good\r\nConnection: Upgrade\r\nUpgrade: vault-connection\r\nVault-Arrival: listener\r\n${more}\r\n`;

describe("the broker's face", () => {
  it("reads no body that is larger than an order, said or not", async () => {
    const heard = await open();
    expect(await say(`POST /v1/sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${ORDER_BYTES_MAX + 1}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413/);
    const chunk = `${(65_536).toString(16)}\r\n${"x".repeat(65_536)}\r\n`;
    await say(`POST /v1/sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}`);
    expect([heard.proofs, heard.bodies]).toEqual([0, 0]);
  });

  it("takes one head, of 16 KiB, and no second length", async () => {
    const heard = await open();
    expect(await say(`POST /v1/sessions HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toBe("");
    expect(await say("POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).toBe("");
    expect(await say("nonsense\r\n\r\n")).toBe("");
    expect(heard.proofs).toBe(0);
  });

  it("ends a head that is sent slowly", async () => {
    const heard = await open();
    const socket = dial();
    const drip = setInterval(() => socket.write("X: y\r\n"), 500);
    await say("POST /v1/sessions HTTP/1.1\r\nHost: a\r\n", socket);
    clearInterval(drip);
    expect(heard.proofs).toBe(0);
  });

  it("hands a connection over byte for byte, what came with the head among it, and knows no other session", async () => {
    const heard = await open();
    const socket = dial();
    socket.write(`${takeOver("0")}early`);
    let answer = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nearly$/);
    socket.end("late");
    await expect.poll(() => answer).toMatch(/earlylate$/);
    expect(await say(takeOver("2"))).toMatch(/^HTTP\/1\.1 403 /);
    expect(await say(takeOver("1"))).toMatch(/^HTTP\/1\.1 429 /);
    expect(await say(takeOver("0").replace("good", "bad"))).toMatch(/^HTTP\/1\.1 401 /);
    for (const wrong of [["listener", "direct"], ["vault-connection", "websocket"], ["GET", "POST"], ["/connections", "/elsewhere"]] as const) expect(await say(takeOver("0").replace(wrong[0], wrong[1]))).toMatch(/^HTTP\/1\.1 40[0-9] |^$/);
    expect(heard.admitted).toHaveLength(1);
  });

  it("keeps a session's connections however many others ask and say nothing", async () => {
    const heard = await open();
    const kept = dial();
    kept.write(takeOver("0"));
    await expect.poll(() => heard.admitted.length).toBe(1);
    const idle = Array.from({ length: ASKING_MAX + 100 }, dial);
    let ended = 0;
    for (const socket of idle) socket.once("close", () => (ended += 1)).resume();
    await expect.poll(() => ended).toBeGreaterThanOrEqual(100);
    // There is room for one more, which is served.
    expect(await say("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 200/);
    expect([kept.destroyed, heard.admitted[0]?.destroyed]).toEqual([false, false]);
    let echoed = "";
    kept.setEncoding("latin1").on("data", (chunk: string) => (echoed += chunk));
    kept.write("still here");
    await expect.poll(() => echoed).toContain("still here");
  });
});

describe("the pool of those who ask", () => {
  it("ends the oldest, and none that was released", () => {
    const pool = openAskingPool(2);
    const ended: string[] = [];
    const make = (port: number): Socket => Object.assign(Object.create(null), { remoteAddress: "a", remotePort: port, once: () => undefined, destroy: () => ended.push(String(port)) }) as Socket;
    const [one, two, three, four] = [make(1), make(2), make(3), make(4)];
    pool.add(one);
    pool.add(two);
    pool.release(make(1));
    pool.add(three);
    expect(ended).toEqual([]);
    pool.add(four);
    expect(ended).toEqual(["2"]);
  });
});
