// At another port of a bound host the first bytes decide whether answers are looked through. The run's program begins its request in a way that some servers take for HTTP and the proxy does not:
// in small letters, behind a blank, with a method of its own that comes apart from the rest, or behind so many empty lines that nobody has decided when its side of the connection ends. And it sends empty lines without end, which fill the proxy's memory.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { BOUND_NAME, openStage } from "../../support/attack-stage.ts";
import { collect, openConnect } from "../../support/proxy-child.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { RawServer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";

let stage: AttackStage;
let plain: RawServer;
let host: string;
beforeAll(async () => {
  stage = await openStage();
  plain = await openRawServer(undefined, () => plainAnswer(`you know ${VALUE}`));
  host = `${BOUND_NAME}:${plain.port}`;
});
afterAll(async () => {
  await stage.close();
  await plain.close();
});

it.each<[string, string]>([
  ["in small letters", "get / HTTP/1.1"],
  ["behind a blank", " GET / HTTP/1.1"],
  ["with a form feed", "GET\f/ HTTP/1.1"],
  ["behind ten thousand bytes of empty lines", `${"\r\n".repeat(5_000)}GET / HTTP/1.1`],
])("no answer to a request comes unseen: %s", async (_how, first) => {
  const { socket } = await openConnect(stage.run.proxy, host);
  const answer = collect(socket);
  socket.end(`${first}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  // Whoever has closed its side is not served; what counts is that nothing comes unseen.
  expect(await answer.read()).not.toContain(VALUE);
});

it("no answer to a request comes unseen: cut behind a method that nobody knows", async () => {
  const { socket } = await openConnect(stage.run.proxy, host);
  const answer = collect(socket);
  socket.write("BREW");
  // As long as the proxy takes to connect to a server that might speak first, and longer.
  await sleep(300);
  socket.write(` / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect(await answer.read((raw) => raw.includes("you know"))).toContain(`you know ${stage.grant.placeholder}`);
});

it("empty lines without end are not kept: they count for nothing, as before any request", async () => {
  const { socket } = await openConnect(stage.run.proxy, host);
  const answer = collect(socket);
  const block = Buffer.alloc(65_536, "\r\n");
  for (let count = 0; count < 64; count += 1) await new Promise<void>((resolve) => { socket.write(block, () => { resolve(); }); });
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect(await answer.read()).toContain(`you know ${stage.grant.placeholder}`);
});
