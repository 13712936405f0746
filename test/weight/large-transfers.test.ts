// What a large body costs: nothing that grows with it. The proxy is the one of `vault run`, and its memory is read from the outside.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BLOCK_BYTES, MIB, readBulk, writeBulk } from "../support/bulk-body.ts";
import type { BulkServer } from "../support/bulk-server.ts";
import { openBulkServer } from "../support/bulk-server.ts";
import { canWeigh, peakGrowthOf } from "../support/process-weight.ts";
import { openConnect } from "../support/proxy-child.ts";
import { openProxied, readText } from "../support/proxied-request.ts";
import type { RunningVault } from "../support/running-vault.ts";
import { openRunningVault } from "../support/running-vault.ts";

const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";
/** What is sent at once: a whole GiB in the soak. */
const BULK = (process.env["VAULT_SOAK"] === undefined ? 128 : 1024) * MIB;
const WARM = 64 * MIB;
const SLOW_BYTES = 64 * MIB;
const SLOW_BYTES_PER_SECOND = 32 * MIB;
/** A quarter of what is sent, and a thirtieth of it in the soak. What Node keeps for its own sake it has taken by the end of a first, smaller transfer. */
const GROWTH_MAX = 32 * MIB;

let server: BulkServer;
let vault: RunningVault;

async function download(path: string, bytes: number, bytesPerSecond?: number): Promise<void> {
  const { outgoing, answer, socket } = await openProxied(vault, server.host, { path, headers: { authorization: `Bearer ${vault.placeholder}` } });
  outgoing.end();
  expect(await readBulk(await answer, bytesPerSecond)).toEqual({ bytes, isExact: true });
  expect(server.heard().authorization).toBe(`Bearer ${VALUE}`);
  socket.destroy();
}

/** @param type decides whether a placeholder in the body may act. */
async function upload(bytes: number, type: "application/json" | "application/octet-stream", bytesPerSecond?: number): Promise<void> {
  const line = (key: string): string => `{"key":"${key}"}`;
  const mayAct = type === "application/json";
  const head = `${line(mayAct ? vault.placeholder : "none")}\n`;
  const { outgoing, answer, socket } = await openProxied(vault, server.host, {
    method: "PUT",
    path: bytesPerSecond === undefined ? "/up" : `/up?${bytesPerSecond}`,
    headers: { "content-type": type, "content-length": head.length + bytes, ...(mayAct ? {} : { authorization: `Bearer ${vault.placeholder}` }) },
  });
  outgoing.write(head);
  await writeBulk(outgoing, bytes);
  outgoing.end();
  expect(JSON.parse(await readText(await answer))).toEqual({ bytes, isExact: true });
  expect(server.heard()).toEqual(mayAct ? { authorization: undefined, firstLine: line(VALUE) } : { authorization: `Bearer ${VALUE}`, firstLine: line("none") });
  socket.destroy();
}

async function tunnelDown(bytes: number, bytesPerSecond?: number): Promise<void> {
  const { socket } = await openConnect(vault, server.tunnelled);
  socket.removeAllListeners("data").write(`down ${bytes}\n`);
  expect(await readBulk(socket, bytesPerSecond)).toEqual({ bytes, isExact: true });
}

async function tunnelUp(bytes: number, bytesPerSecond?: number): Promise<void> {
  const { socket } = await openConnect(vault, server.tunnelled);
  socket.removeAllListeners("data").write(bytesPerSecond === undefined ? "up\n" : `up ${bytesPerSecond}\n`);
  await writeBulk(socket, bytes);
  socket.end();
  let said = "";
  for await (const chunk of socket) said += String(chunk);
  expect(JSON.parse(said)).toEqual({ bytes, isExact: true });
}

beforeAll(async () => {
  server = await openBulkServer();
  vault = await openRunningVault({ value: VALUE, hosts: [server.host], places: "header,body", upstreamCertificate: server.certificate });
});

afterAll(async () => {
  await vault.close();
  await server.close();
});

describe.skipIf(!canWeigh)("a large body (weighed on Linux)", () => {
  beforeAll(async () => {
    await download(`/down?${WARM}`, WARM);
    await upload(WARM, "application/json");
    await tunnelDown(WARM);
  });

  const gzipBlocks = Math.ceil(BULK / BLOCK_BYTES);
  it.each<readonly [string, () => Promise<void>]>([
    ["much down", () => download(`/down?${BULK}`, BULK)],
    ["much down, gzip-coded", () => download(`/gzip?${gzipBlocks}`, gzipBlocks * BLOCK_BYTES)],
    ["much up, the value in a header", () => upload(BULK, "application/octet-stream")],
    ["much up, the value in the body", () => upload(BULK, "application/json")],
    ["much down through a blind tunnel", () => tunnelDown(BULK)],
    ["much up through a blind tunnel", () => tunnelUp(BULK)],
    ["a slow reader", () => download(`/down?${SLOW_BYTES}`, SLOW_BYTES, SLOW_BYTES_PER_SECOND)],
    ["a slow upstream", () => upload(SLOW_BYTES, "application/json", SLOW_BYTES_PER_SECOND)],
    ["a slow reader at the end of a blind tunnel", () => tunnelDown(SLOW_BYTES, SLOW_BYTES_PER_SECOND)],
    ["a slow upstream at the end of a blind tunnel", () => tunnelUp(SLOW_BYTES, SLOW_BYTES_PER_SECOND)],
  ])("%s arrives byte for byte, and memory stays flat", async (_what, transfer) => {
    expect(await peakGrowthOf(vault.pid, transfer)).toBeLessThan(GROWTH_MAX);
  }, 120_000);

  it("a body that its decoder makes a thousand times larger waits for a slow reader", async () => {
    const growth = await peakGrowthOf(vault.pid, async () => {
      const { outgoing, answer, socket } = await openProxied(vault, server.host, { path: "/bomb?1024" });
      outgoing.end();
      let bytes = 0;
      for await (const chunk of await answer) {
        bytes += Buffer.isBuffer(chunk) ? chunk.length : 0;
        if (bytes > SLOW_BYTES / 2) break;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      socket.destroy();
    });
    expect(growth).toBeLessThan(GROWTH_MAX);
  });
});
