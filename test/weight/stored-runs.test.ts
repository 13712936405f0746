// What a run whose secrets are all stored does for those that are not, or that may change: nothing but look at the vault's file now and then.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeTestCa } from "../support/test-ca.ts";

let server: Server;
let built: BuiltVault;
let port: number;
let requests = 0;

beforeAll(async () => {
  const ca = makeTestCa();
  server = createServer(ca.identityFor("localhost"), (_request, response) => {
    requests += 1;
    response.end("fine\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  built = openBuiltVault(`localhost:${port}`, "stored-value-000000", ca.certificate);
  // Not asked for by the run: its source must cost nothing either.
  built.vault(["secrets", "create", "MADE", "--host", `localhost:${port}`, "--source", "command", "--", "/bin/echo", "made-value-0000000"]);
});
afterAll(() => {
  built.close();
  server.close();
});

test.skipIf(!can.strace)("(needs strace and curl) it starts no agent and asks none, and opens the vault and its key once, however many requests there are", async () => {
  const log = join(built.folder, "trace");
  const url = `https://localhost:${port}/`;
  const script = `for turn in 1 2 3; do curl -sS -H "Authorization: Bearer $API_KEY" ${Array.from({ length: 20 }, () => url).join(" ")}; sleep 0.15; done`;
  const beganMs = performance.now();
  const run = built.start("strace", ["-f", "-qq", "-y", "-o", log, "-e", "trace=execve,openat,connect,statx", NODE, RUN_JS, "run", "-s", "API_KEY", "--upstream-ca", join(built.folder, "server.pem"), "--", "sh", "-c", script], built.folder);
  expect(await run.ended).toBe(0);
  const tookMs = performance.now() - beganMs;
  expect(requests).toBe(60);
  const lines = readFileSync(log, "utf8").split("\n");
  const own = /^\d+/.exec(lines[0] ?? "")?.[0] ?? "none";
  const programs = lines.flatMap((line) => (line.includes("ENOENT") ? [] : (/ execve\("([^"]+)"/.exec(line)?.[1] ?? [])));
  expect(programs.filter((program) => !/\/(?:sh|curl|sleep|dash|bash)$/.test(program)).map((program) => program.replace(/.*\//, ""))).toEqual([NODE.replace(/.*\//, ""), "prlimit"]);
  const mine = lines.filter((line) => line.startsWith(`${own} `));
  const count = (call: string, name: string): number => mine.filter((line) => line.includes(` ${call}(`) && line.includes(`/vault/${name}"`) && !line.includes("ENOENT")).length;
  expect([count("openat", "vault.json"), count("openat", "kek.key")]).toEqual([1, 1]);
  expect(mine.filter((line) => line.includes(" connect(") && line.includes("AF_UNIX") && line.includes("agent"))).toEqual([]);
  // A few to open it; then one in a tenth of a second at most.
  expect(count("statx", "vault.json")).toBeLessThan(10 + tookMs / 100);
});
