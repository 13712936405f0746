// Under a wildcard a child may ask for any number of names: what is kept for each is bounded.
import type { AddressInfo, Socket } from "node:net";
import { expect, it } from "vitest";
import { makeRunCa } from "../../../src/proxy/tls/run-ca.ts";
import { parseHostBinding } from "../../../src/vault/host.ts";
import { ask } from "../../support/proxy-child.ts";
import { makeGrant, openTestRun } from "../../support/proxy-run.ts";
import { createTlsServer } from "../../support/raw-sockets.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const KEPT_MAX = 256;

it("the TLS identities of the newest few hundred names", () => {
  const ca = makeRunCa([parseHostBinding("*.example.test")]);
  const first = ca.contextFor("first.example.test");
  expect(ca.contextFor("first.example.test")).toBe(first);
  for (let index = 0; index < KEPT_MAX - 1; index += 1) ca.contextFor(`n${index}.example.test`);
  expect(ca.contextFor("first.example.test")).toBe(first);
  ca.contextFor("one-more.example.test");
  expect(ca.contextFor("first.example.test")).not.toBe(first);
});

it("kept-alive connections to a few hundred names", async () => {
  const open = new Set<Socket>();
  const upstream = makeTestCa();
  const server = createTlsServer({ ...upstream.identityFor("*.example.test"), ALPNProtocols: ["http/1.1"] }, (socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=600\r\n\r\nok"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { proxy } = await openTestRun([makeGrant("API_KEY", [`*.example.test:${port}`])], { roots: [upstream.certificate] });
  try {
    for (let index = 0; index < KEPT_MAX + 20; index += 1) {
      const host = `n${index}.example.test:${port}`;
      expect((await ask(proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).body).toBe("ok");
    }
    await expect.poll(() => open.size).toBeLessThanOrEqual(KEPT_MAX);
    expect(open.size).toBeGreaterThan(KEPT_MAX / 2);
  } finally {
    await proxy.close();
    server.close();
  }
});

it("a request under way is not given up for the sake of newer names", async () => {
  const upstream = makeTestCa();
  let answerFirst = (): void => undefined;
  const server = createTlsServer({ ...upstream.identityFor("*.example.test"), ALPNProtocols: ["http/1.1"] }, (socket) => {
    const answer = (): void => { socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=600\r\n\r\nok"); };
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      if (/^host: first\./im.test(chunk.toString("latin1"))) answerFirst = answer;
      else answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { proxy } = await openTestRun([makeGrant("API_KEY", [`*.example.test:${port}`])], { roots: [upstream.certificate] });
  const askFor = (name: string): ReturnType<typeof ask> => ask(proxy, `${name}.example.test:${port}`, `GET / HTTP/1.1\r\nHost: ${name}.example.test:${port}\r\n\r\n`);
  try {
    const first = askFor("first");
    for (let index = 0; index < KEPT_MAX + 5; index += 1) expect((await askFor(`n${index}`)).body).toBe("ok");
    answerFirst();
    expect((await first).body).toBe("ok");
  } finally {
    await proxy.close();
    server.close();
  }
});
