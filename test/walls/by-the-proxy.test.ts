// The one way out is the proxy, which leads to hosts that no secret names, so that programs work. The program has it lead back: to what listens on this machine alone, such as a database, an editor's or a browser's port for debuggers, a container engine.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

const outward = Object.values(networkInterfaces()).flat().find((at) => at !== undefined && !at.internal && at.family === "IPv4")?.address;

story("the proxy leads to nothing on this machine or in its network", async (wall) => {
  let requests = 0;
  const server = createServer((_, answer) => {
    requests += 1;
    answer.end("inner service");
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const curl = 'curl -s --max-time 5 --noproxy "" -x "$HTTPS_PROXY"';
  const ask = ["127.0.0.1", "localhost", "127.8.8.8", "[::1]", "0.0.0.0", "2130706433", ...(outward === undefined ? [] : [outward])].map((host) => `${curl} http://${host}:${port}/; ${curl} -p http://${host}:${port}/`).join("; ");
  expect((await wall.openly(ask)).said).toContain("inner service");
  requests = 0;
  const { said } = await wall.run(`${ask}; echo asked`);
  server.close();
  expect(said).toContain("asked\n");
  expect([requests, said.includes("inner service")]).toEqual([0, false]);
}, ["an ordinary user"], has("curl"), true);
