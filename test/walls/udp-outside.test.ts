// TCP is watched, so the program sends datagrams: to a port of this machine, to its address in the network, and as a broadcast.
import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { expect } from "vitest";
import { NODE } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";

const outward = Object.values(networkInterfaces()).flat().find((at) => at !== undefined && !at.internal && at.family === "IPv4")?.address;

story("no datagram leaves", async (wall) => {
  const server = createSocket("udp4");
  let received = "";
  server.on("message", (message) => (received += message.toString()));
  await new Promise<void>((resolve) => { server.bind(0, resolve); });
  const { port } = server.address();
  const addresses = ["127.0.0.1", "255.255.255.255", ...(outward === undefined ? [] : [outward])];
  const send = `"${NODE}" -e 'const socket = require("dgram").createSocket("udp4"); socket.bind(0, () => { socket.setBroadcast(true); for (const at of ${JSON.stringify(addresses)}) socket.send("carried out;", ${port}, at, () => undefined); }); socket.on("error", () => undefined); setTimeout(() => process.exit(), 300)'`;
  await wall.openly(send);
  expect(received).toContain("carried out;");
  received = "";
  await wall.run(send);
  server.close();
  expect(received).toBe("");
}, ["an ordinary user", "root"], true, true);
