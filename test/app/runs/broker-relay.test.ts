// The run's end of a session at a broker: bytes pass as they are, ends too, and what was sent last is not lost.
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { BrokerRelay } from "../../../src/app/runs/broker-relay.ts";
import { openBrokerRelay } from "../../../src/app/runs/broker-relay.ts";
import type { BrokerOrigin } from "../../../src/broker/client.ts";
import { openBrokerClient } from "../../../src/broker/client.ts";
import type { BrokerService, Front } from "../../../src/broker/front.ts";
import { openFront } from "../../../src/broker/front.ts";
import { drawIdentityKey, parseIdentityKey } from "../../../src/identity/identity-key.ts";
import { judgeProof } from "../../../src/identity/proof.ts";
import { connect } from "../../support/raw-sockets.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const ca = makeTestCa();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const closer of closers.splice(0).reverse()) await closer();
});

const SESSION = "0".repeat(32);

/** @param behind what is done with a connection that arrives at the broker. */
async function open(isTls: boolean, behind: (socket: Socket) => void): Promise<{ readonly relay: BrokerRelay; readonly port: number; readonly lost: string[] }> {
  let origin = "";
  const nothing = (): Promise<{ readonly status: number }> => Promise.resolve({ status: 404 });
  const service: BrokerService = {
    nonce: "00",
    prove: (authorization, request) => Promise.resolve(judgeProof(authorization, { audience: origin, nonce: "00", ...request }, Date.now())),
    admit: () => undefined, claim: nothing, openSession: nothing, endSession: nothing, tell: nothing,
    findSession: () => Promise.resolve({
      admit(socket: Socket) {
        socket.allowHalfOpen = true;
        behind(socket);
      },
      follow: () => undefined,
    }),
  };
  const front: Front = await openFront({ host: "localhost", port: 0, tls: isTls ? tlsOf() : undefined, service });
  closers.push(() => front.close());
  origin = `${isTls ? "https" : "http"}://localhost:${front.port}`;
  const lost: string[] = [];
  const relay = openBrokerRelay(openBrokerClient(origin as BrokerOrigin, parseIdentityKey(drawIdentityKey(), "this test"), [ca.certificate], Date.now), { session: SESSION, token: "0".repeat(64), caCertificate: "", secrets: [] }, ({ message }) => { lost.push(message); });
  closers.push(() => relay.close());
  const { url } = await relay.listen();
  return { relay, port: Number(new URL(url).port), lost };
}

function tlsOf(): { readonly certificate: string; readonly key: string } {
  const { cert, key } = ca.identityFor("localhost");
  return { certificate: cert, key };
}

describe.each([["plain", false], ["with TLS", true]] as const)("the relay to a broker, %s,", (_name, isTls) => {
  it("passes a half's end on, and all of the answer after it, however slowly it is read", async () => {
    const answer = randomBytes(8 * 1024 * 1024);
    const { port } = await open(isTls, (socket) => {
      let asked = "";
      socket.on("data", (chunk: Buffer) => (asked += chunk.toString()));
      socket.on("end", () => socket.end(Buffer.concat([Buffer.from(asked), answer])));
      socket.resume();
    });
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end("question");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      if (chunks.length % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(Buffer.concat(chunks).equals(Buffer.concat([Buffer.from("question"), answer]))).toBe(true);
  });

  it("lets a program go on that writes much before it reads", async () => {
    const { port } = await open(isTls, (socket) => { socket.pipe(socket); });
    const sent = randomBytes(4 * 1024 * 1024);
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.end(sent);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it("ends the program's connection when the broker ends its own, and the other way round", async () => {
    const arrived: Socket[] = [];
    const { port, relay, lost } = await open(isTls, (socket) => {
      arrived.push(socket);
      socket.on("error", () => undefined).on("end", () => socket.end()).resume();
    });
    const [one, other] = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
    for (const socket of [one, other]) socket.on("error", () => undefined).write("x");
    await expect.poll(() => arrived.length).toBe(2);
    arrived[0]?.destroy();
    await Promise.race([one, other].map((socket) => new Promise((resolve) => socket.once("close", resolve).resume())));
    for (const socket of [one, other]) socket.destroy();
    await expect.poll(() => arrived.every(({ destroyed }) => destroyed)).toBe(true);
    await relay.close();
    expect(lost).toEqual([]);
  });
});

describe("strangers at the relay's port", () => {
  const credential = Buffer.from(`vault:${"0".repeat(64)}`).toString("base64");
  const flood = (port: number, count: number, says: string): Promise<readonly Socket[]> => Promise.all(Array.from({ length: count }, () => new Promise<Socket>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (says !== "") socket.write(says);
      resolve(socket);
    });
    socket.on("error", () => socket.destroy()).resume();
    closers.push(() => socket.destroy());
  })));
  /** @param arrived the connections, and how many there were of them at once. */
  const echo = (arrived: Socket[], atOnce: number[] = []) => (socket: Socket): void => {
    arrived.push(socket);
    atOnce.push(arrived.filter(({ destroyed }) => !destroyed).length);
    socket.on("error", () => undefined).pipe(socket);
  };

  it("have no connection to the broker before they say anything, and are ended when they go on saying nothing", async () => {
    const arrived: Socket[] = [];
    const { port } = await open(true, echo(arrived));
    const silent = await flood(port, 600, "");
    await expect.poll(() => silent.every(({ destroyed }) => destroyed), { timeout: 20_000 }).toBe(true);
    expect(arrived).toEqual([]);
  }, 30_000);

  it("who do not show the token share a few, and who shows it is served in the midst of them", async () => {
    const atOnce: number[] = [];
    const { port } = await open(true, echo([], atOnce));
    const own = async (): Promise<string> => {
      const socket = connect(port, "127.0.0.1");
      closers.push(() => socket.destroy());
      const head = `GET http://a.example.test/ HTTP/1.1\r\nHost: a.example.test\r\nPROXY-Authorization: Basic ${credential}\r\n\r\n`;
      socket.write(head);
      let heard = "";
      for await (const chunk of socket) if ((heard += String(chunk)).length >= head.length) break;
      return heard === head ? "served" : heard;
    };
    const strangers = await flood(port, 600, "CONNECT a.example.test:443 HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\n\r\n");
    expect(await Promise.all(Array.from({ length: 20 }, own))).toEqual(Array.from({ length: 20 }, () => "served"));
    // 32 places, and those who had them before, of whose end the broker has not heard yet.
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(20 + 4 * 32);
    for (const socket of strangers) socket.destroy();
  }, 30_000);

  it("who show it a moment later are none: clients that write a head in pieces, or ask without it first", async () => {
    const { port } = await open(true, echo([]));
    const wave = (): Promise<Socket[]> => Promise.all(Array.from({ length: 20 }, async () => {
      const socket = connect(port, "127.0.0.1");
      closers.push(() => socket.destroy());
      socket.setNoDelay(true).on("error", () => undefined);
      let heard = "";
      socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
      let said = "";
      for (const piece of ["CONNECT a.example.test:443 HTTP/1.1\r\n\r\n", `CONNECT a.example.test:443 HTTP/1.1\r\nProxy-Autho`, `rization: Basic ${credential.slice(0, 20)}`, `${credential.slice(20)}\r\n\r\n`]) {
        socket.write(piece);
        said += piece;
        await expect.poll(() => heard, { timeout: 10_000 }).toBe(said);
      }
      return socket;
    }));
    const all: Socket[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      all.push(...(await wave()));
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    expect(all.filter(({ destroyed }) => destroyed)).toHaveLength(0);
  }, 60_000);

  it("who have asked without it, and show it then, have their connection for as long as they want", async () => {
    const { port } = await open(true, echo([]));
    const socket = connect(port, "127.0.0.1");
    closers.push(() => socket.destroy());
    const heard: string[] = [];
    socket.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
    for (const said of ["first", "second"]) {
      socket.write(said);
      await expect.poll(() => heard.join("").endsWith(said), { timeout: 10_000 }).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      expect(socket.destroyed).toBe(false);
    }
  }, 30_000);
});
