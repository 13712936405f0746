// The program does without names and proxies: it dials addresses, of this machine and of others, to carry out what it has read. A server on this machine and one at its address in the network would take it.
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { expect } from "vitest";
import { NODE } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";
import { createServer } from "../support/raw-sockets.ts";

const outward = Object.values(networkInterfaces()).flat().find((at) => at !== undefined && !at.internal && at.family === "IPv4")?.address;

story("no address can be dialled past the proxy", async (wall) => {
  let received = "";
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const dial = (address: string): string => `"${NODE}" -e 'const socket = require("net").connect(${port}, "${address}"); socket.on("connect", () => { socket.end("carried out"); }).on("close", () => process.exit()).on("error", ({ code }) => console.log(code)); setTimeout(() => process.exit(), 3000)'`;
  const addresses = ["127.0.0.1", "127.9.9.9", "::1", "192.0.2.7", "2001:db8::7", ...(outward === undefined ? [] : [outward])];
  await wall.openly(dial("127.0.0.1"));
  expect(received).toBe("carried out");
  await wall.run(`${addresses.map(dial).join(" & ")} & wait`);
  server.close();
  expect(received).toBe("carried out");
}, ["an ordinary user", "root"], true, true);
