// Servers that answer what no server answers. None of it ends the process, fills its memory or gets into a message; where a change was asked for, it is at most unknown.
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import type { EngineKind, EnginePlace } from "../support/engine-places.ts";
import { openPlace } from "../support/open-place.ts";
import { createServer } from "../support/raw-sockets.ts";

const MIB = 1024 * 1024;
/** Of one answer 64 MiB are taken; sockets and the system hold some more. */
const TAKEN_MAX = 160 * MIB;
/** Whoever is too late, and be it for a busy machine, is refused as well. */
const LIMITS = { connectMs: 600, callMs: 600 };
const PASSWORD = "pw-hostile-77aQ";

/** @param answer called with each piece that comes, and its number on its connection. */
async function openHostile(answer: (socket: Socket, number: number) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    let number = 0;
    socket.on("data", () => { answer(socket, number++); });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Writes without an end, as fast as it is taken. @returns how many bytes went out so far. */
function pour(head: string, piece: string): { readonly answer: (socket: Socket) => void; readonly sent: () => number } {
  let sent = 0;
  const block = Buffer.from(piece.repeat(Math.ceil(MIB / piece.length)));
  const more = (socket: Socket): void => {
    while (!socket.destroyed && socket.write(block)) sent += block.length;
    if (!socket.destroyed) socket.once("drain", () => { sent += block.length; more(socket); });
  };
  return { answer: (socket) => { socket.write(head); more(socket); }, sent: () => sent };
}

const placeAt = (kind: EngineKind, port: number): EnginePlace => ({
  redis: { url: `redis://127.0.0.1:${port}/0`, environment: { VAULT_STORE_PASSWORD: PASSWORD } },
  postgres: { url: `postgres://vault@127.0.0.1:${port}/vault?tls=off`, environment: { VAULT_STORE_PASSWORD: PASSWORD } },
  s3: { url: `s3://vaults/v?endpoint=http://127.0.0.1:${port}`, environment: { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: PASSWORD } },
})[kind];

async function expectRefusal(kind: EngineKind, port: number): Promise<void> {
  const engine = await openPlace(placeAt(kind, port), LIMITS);
  for (const work of [() => engine.read("vault"), () => engine.list("log/", "", 10)]) {
    const failure = await work().then(() => undefined, (error: unknown) => error as { code?: unknown; message?: string; hint?: string });
    expect(failure?.code).toBe("store-unavailable");
    expect(`${failure?.message ?? ""} ${failure?.hint ?? ""}`).not.toMatch(/pw-hostile|GARBAGE/);
  }
  const answer = await engine.replace("vault", utf8("x"), undefined).catch((error: unknown) => (error as { code?: unknown }).code);
  expect(["store-unavailable", "unknown"]).toContain(answer);
}

const int32 = (...numbers: readonly number[]): Buffer => Buffer.concat(numbers.map((number) => { const four = Buffer.alloc(4); four.writeInt32BE(number); return four; }));
const message = (sign: string, body: Buffer): Buffer => Buffer.concat([Buffer.from(sign), int32(body.length + 4), body]);
/** AuthenticationOk, ReadyForQuery. */
const WELCOME = Buffer.concat([message("R", int32(0)), message("Z", Buffer.from("I"))]);

const ANSWERS: Readonly<Record<EngineKind, Readonly<Record<string, string | Buffer>>>> = {
  redis: {
    "a refusal of its own making": "-GARBAGE pw-hostile-77aQ\r\n", "another protocol": "HTTP/1.1 400 GARBAGE\r\n\r\n", "a number": ":1\r\n", "a string without an end": "$3\r\nGARBAGE\r\n", "a negative length": "$-7\r\n", "a length beyond all bounds": "$99999999999999\r\n",
    "an array beyond all bounds": "*99999999\r\n", "arrays within arrays": "*1\r\n".repeat(10_000), "two answers": "*0\r\n*0\r\n", "bytes": Buffer.from([0xff, 0xfe, 0, 1, 2, 3]), "a map without values": "*1\r\n$4\r\nrole\r\n",
  },
  postgres: {
    "a refusal of its own making": message("E", Buffer.from("SFATAL\0CGARBA\0MGARBAGE pw-hostile-77aQ\0\0")), "another protocol": "HTTP/1.1 400 GARBAGE\r\n\r\n", "an unknown message": message("!", Buffer.from("GARBAGE")), "a negative length": Buffer.concat([Buffer.from("R"), int32(-5)]), "a length beyond all bounds": Buffer.concat([Buffer.from("R"), int32(0x7fffffff)]),
    "an unknown way to log in": message("R", int32(99)), "a short way to log in": message("R", Buffer.alloc(0)), "a row before all else": message("D", int32(7)), "a welcome, and then a row of a million columns": Buffer.concat([WELCOME, message("T", Buffer.from([0x7f, 0xff, 0x41])), message("D", Buffer.from([0x7f, 0xff]))]),
    "a welcome, and then answers to nothing": Buffer.concat([WELCOME, message("1", Buffer.alloc(0)), message("2", Buffer.alloc(0)), message("C", Buffer.from("SELECT 1\0")), WELCOME]), "SASL without a mechanism": message("R", Buffer.concat([int32(10), Buffer.from("GARBAGE\0\0")])), "SASL that goes on before it began": message("R", Buffer.concat([int32(11), Buffer.from("r=GARBAGE")])),
  },
  s3: {
    "another protocol": "GARBAGE\r\n\r\n", "an answer without an end": "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nGARBAGE", "success without marks": "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "a refusal of its own making": "HTTP/1.1 418 GARBAGE\r\ncontent-length: 34\r\nconnection: close\r\n\r\n<Error><Code>GARBAGE</Code></Error>",
    "a way elsewhere": "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", "a header beyond all bounds": `HTTP/1.1 200 OK\r\nx: ${"y".repeat(200_000)}\r\n\r\n`, "an overload": "HTTP/1.1 503 GARBAGE\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
  },
};
const WITHOUT_END: Readonly<Record<EngineKind, readonly (readonly [what: string, head: string, piece: string])[]>> = {
  redis: [["a line", "+", "GARBAGE"], ["an array", "*9999\r\n", `$${MIB}\r\n${"x".repeat(MIB)}\r\n`], ["answers", "", "+OK\r\n"]],
  postgres: [["a message", "R\x7f\xff\xff\xff", "GARBAGE"], ["notices", "", message("N", Buffer.from(`SNOTICE\0M${"x".repeat(1000)}\0\0`)).toString("latin1")]],
  s3: [["a body", "HTTP/1.1 200 OK\r\netag: \"x\"\r\n\r\n", "GARBAGE"], ["headers", "HTTP/1.1 200 OK\r\n", "x: yyyyyyyyyyyyyyyyyyyyyyyy\r\n"]],
};

describe.each(["redis", "postgres", "s3"] as const)("what answers in the place of %s", (kind) => {
  test.each(Object.entries(ANSWERS[kind]))("with %s is refused", async (_what, bytes) => {
    const port = await openHostile((socket) => void socket.write(bytes));
    await expectRefusal(kind, port);
  });

  test.each([["at once", 0], ["after the first piece", 1]])("and hangs up %s is refused", async (_when, after) => {
    const port = await openHostile((socket, number) => { if (number >= after) socket.destroy(); else socket.write(kind === "postgres" ? WELCOME : "+"); });
    await expectRefusal(kind, port);
  });

  test.each(WITHOUT_END[kind])("with %s without an end is refused, and soon no longer listened to", async (_what, head, piece) => {
    const { answer, sent } = pour(head, piece);
    const port = await openHostile((socket, number) => { if (number === 0) answer(socket); });
    const engine = await openPlace(placeAt(kind, port), LIMITS);
    await expect(engine.list("", "", 10)).rejects.toMatchObject({ code: "store-unavailable" });
    // The question was asked twice, where that does no harm.
    expect(sent()).toBeLessThan(2 * TAKEN_MAX);
  });
});
