// Real resets; what is no reset is as loud as without these functions.
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { connect, connectTls, createServer, createTlsServer } from "./raw-sockets.ts";
import { openRelay } from "./relay.ts";
import { makeTestCa } from "./test-ca.ts";

const ca = makeTestCa();

test.each<[string, () => Server, (port: number) => Socket]>([
  ["TCP", () => createServer(), (port) => connect(port, "127.0.0.1")],
  ["TLS", () => createTlsServer(ca.identityFor("localhost")), (port) => connectTls({ port, host: "127.0.0.1", servername: "localhost", ca: ca.certificate })],
])("a reset over %s is an end, at both ends", async (kind, create, open) => {
  const server = create().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = new Promise<Socket>((resolve) => server.once(kind === "TLS" ? "secureConnection" : "connection", resolve));
  const pairs: Socket[] = [];
  const relay = await openRelay((server.address() as AddressInfo).port, (near, far) => {
    pairs.push(near, far);
    near.pipe(far).pipe(near);
  });
  onTestFinished(async () => {
    await relay.close();
    server.close();
  });
  const near = open(relay.port);
  const [far] = await Promise.all([accepted, once(near, kind === "TLS" ? "secureConnect" : "connect")]);
  const hadErrors = [near, far].map((socket) => new Promise<boolean>((resolve) => socket.once("close", resolve)));
  for (const socket of pairs) socket.resetAndDestroy();
  // Node itself tells a server of none over TLS.
  expect(await Promise.all(hadErrors)).toContain(true);
});

test("what is no reset is thrown where nobody listens, and heard by who does", () => {
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const socket = connect({ port: 1, host: "127.0.0.1" });
  expect(() => socket.emit("error", refused)).toThrow(refused);
  const heard: unknown[] = [];
  socket.on("error", (error) => heard.push(error));
  socket.emit("error", refused);
  expect(heard).toEqual([refused]);
  socket.destroy();
});

test("a port that is taken is as loud as ever", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => { server.close(); });
  await once(server, "listening");
  const second = createServer();
  expect(second.listenerCount("error")).toBe(0);
  const failed = once(second, "error");
  second.listen((server.address() as AddressInfo).port, "127.0.0.1");
  expect(await failed).toEqual([expect.objectContaining({ code: "EADDRINUSE" })]);
});
