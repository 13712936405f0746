// Programs of the same user at the other address of this machine: a browser that is sent to `localhost` asks ::1 first.
import type { Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Redirect } from "../../../src/app/logins/login-person.ts";
import { openRedirect } from "../../../src/cli/pages/redirect-listener.ts";
import { connect, createServer } from "../../support/raw-sockets.ts";

const STATE = "s".repeat(43);

async function setUp(host: "127.0.0.1" | "localhost", port?: number): Promise<Redirect> {
  const redirect = await openRedirect({ state: STATE, host, port });
  onTestFinished(() => { redirect.close(); });
  return redirect;
}

/** @throws Error where the port is taken, or there is no such address. */
async function listen(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => { socket.destroy(); });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return server;
}

function send(host: string, port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let answer = "";
    socket.on("data", (chunk) => { answer += chunk.toString(); });
    socket.on("error", reject);
    socket.on("close", () => { resolve(answer); });
    socket.write(bytes);
  });
}

async function squat(host: string, port: number): Promise<number> {
  const server = await listen(host, port);
  onTestFinished(() => { server.close(); });
  return portOf(server);
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};
const hasIpv6 = await listen("::1", 0).then((server) => { server.close(); return true; }, () => false);

test.skipIf(!hasIpv6)("the answer to a login at localhost arrives whichever of its addresses the browser takes", async () => {
  const redirect = await setUp("localhost");
  const port = Number(new URL(redirect.uri).port);
  const shown = send("::1", port, `GET /callback?code=c-1&state=${STATE} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
  const { parameters, tell } = await redirect.arrival;
  expect(parameters.get("code")).toBe("c-1");
  await tell({ kind: "done", at: "Example" });
  expect(await shown).toMatch(/^HTTP\/1\.1 200 /);
  // One answer, at both of them.
  expect(await send("127.0.0.1", port, `GET /callback?code=c-2&state=${STATE} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 410 /);
});

test.skipIf(!hasIpv6)("nobody else can wait at the other one: neither from now on, nor before, so that the code and the state are not his", async () => {
  const redirect = await setUp("localhost");
  await expect(squat("::1", Number(new URL(redirect.uri).port))).rejects.toMatchObject({ code: "EADDRINUSE" });
  const port = await squat("::1", 0);
  await expect(setUp("localhost", port)).rejects.toMatchObject({ code: "busy", message: `port ${port} of this machine cannot be had for the login` });
  // Where the address is spelled, there is no other.
  expect((await setUp("127.0.0.1", port)).uri).toBe(`http://127.0.0.1:${port}/callback`);
});

test.skipIf(!hasIpv6)("a login that was closed has left both", async () => {
  const redirect = await openRedirect({ state: STATE, host: "localhost", port: undefined });
  const port = Number(new URL(redirect.uri).port);
  redirect.close();
  expect([await squat("::1", port), await squat("127.0.0.1", port)]).toEqual([port, port]);
});
