import { spawn } from "node:child_process";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { AnsweringRun } from "../support/answering-run.ts";
import { openAnsweringRun } from "../support/answering-run.ts";
import { ask, openSecure } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import type { Answer } from "../support/raw-server.ts";
import { plainAnswer } from "../support/raw-server.ts";

const MIB = 1_048_576;
/** What sockets, TLS and streams may hold between them; far less than what is sent. */
const HELD_MAX = 16 * MIB;

let stage: AnsweringRun;
let run: TestRun;
let grant: Grant;
let host: string;
let answer: Answer = () => undefined;

beforeAll(async () => {
  stage = await openAnsweringRun((request, socket) => answer(request, socket));
  ({ run, grant, host } = stage);
});

afterAll(() => stage.close());

describe("a large transfer", () => {
  it("waits for a slow reader instead of growing", async () => {
    let written = 0;
    answer = (_request, socket) => {
      const chunk = Buffer.alloc(64 * 1024, "x");
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n");
      const fill = (): void => {
        while (written < 256 * MIB) {
          written += chunk.length;
          if (!socket.write(chunk)) {
            socket.once("drain", fill);
            return;
          }
        }
        socket.end();
      };
      fill();
      return undefined;
    };
    const secure = await openSecure(run.proxy, host);
    secure.pause();
    secure.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(HELD_MAX);
    let read = 0;
    secure.on("data", (chunk: Buffer) => (read += chunk.length)).resume();
    await expect.poll(() => read, { timeout: 20_000 }).toBeGreaterThan(64 * MIB);
    secure.destroy();
  });

  it("goes up as it comes, whole", async () => {
    answer = () => plainAnswer("taken");
    const body = "y".repeat(8 * MIB);
    const before = stage.server.received().length;
    const reply = await ask(run.proxy, host, `PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(reply.body).toBe("taken");
    expect(stage.server.received().length - before).toBeGreaterThan(body.length);
    expect(stage.server.received().endsWith(body)).toBe(true);
  });

  it("many at once keep to themselves", async () => {
    answer = (request) => plainAnswer(`for ${/GET \/(\d+)/.exec(request)?.[1] ?? ""}`);
    const replies = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(run.proxy, host, `GET /${index} HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${grant.placeholder}\r\n\r\n`)));
    expect(replies.map(({ body }) => body)).toEqual(replies.map((_, index) => `for ${index}`));
  });
});

describe("debug output", () => {
  it("shows no value, whatever is asked of Node", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vault-debug-"));
    try {
      const script = join(folder, "once.mjs");
      await build({ entryPoints: [fileURLToPath(new URL("../support/proxy-once.ts", import.meta.url))], outfile: script, bundle: true, platform: "node", format: "esm", target: "node20", external: ["libsodium-wrappers-sumo"], banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' } });
      const child = spawn(process.execPath, ["--trace-warnings", script], { env: { PATH: process.env["PATH"] ?? "", NODE_DEBUG: "*" } });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
      await new Promise((resolve) => child.once("close", resolve));
      expect(output).toContain("done 200 403 502 200 502 200");
      expect(output.length).toBeGreaterThan(10_000);
      for (const form of ["VALUE-never-to-be-seen", Buffer.from("VALUE-never-to-be-seen").toString("base64").slice(0, 20), Buffer.from("VALUE-never-to-be-seen").toString("hex")]) expect(output).not.toContain(form);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
