// A run that lives for weeks, on a machine that sleeps, and whose clock is put right: its hosts are reached all the same, by clients that look at the clock as well.
// The clock of the run and of its programs is libfaketime's, and is moved while they live.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeTestCa } from "../support/test-ca.ts";

const VALUE = "value-of-the-clock-test-3Xq9";
const MULTIARCH = { x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? process.arch;
const LIBRARY = `/usr/lib/${MULTIARCH}-linux-gnu/faketime/libfaketimeMT.so.1`;
const HOURS = 366 * 24 * 15;

const CLIENTS = [
  ["curl", 'curl -sS --max-time 20 -H "Authorization: Bearer $API_KEY" "$URL"'],
  ["Node", `"${NODE}" -e 'fetch(process.env.URL, { headers: { authorization: "Bearer " + process.env.API_KEY } }).then((answer) => answer.text()).then(console.log)'`],
  ["Python", `python3 -c 'import os, urllib.request as u; print(u.urlopen(u.Request(os.environ["URL"], headers={"Authorization": "Bearer " + os.environ["API_KEY"]}), timeout=20).read().decode())'`],
] as const;
const present = CLIENTS.filter(([name]) => name === "Node" || spawnSync(name === "curl" ? "curl" : "python3", ["--version"]).status === 0);

const folder = mkdtempSync(join(tmpdir(), "vault-clock-"));
const ca = makeTestCa(HOURS);
const server = createServer({ ...ca.identityFor("localhost") }, (request, response) => {
  response.end(request.headers.authorization === `Bearer ${VALUE}` ? "the real value came" : "no value came");
});
let run: ChildProcess;
let said = "";
let wake = (): void => undefined;

function setClock(offset: string): void {
  writeFileSync(join(folder, "clock"), offset);
}

/** Has the run's program run a script, and gives what it said. */
async function ask(script: string): Promise<string> {
  const start = said.length;
  run.stdin?.write(`${script.replaceAll("\n", " ")}\n`);
  while (!said.slice(start).includes("<done>")) await new Promise<void>((resolve) => (wake = resolve));
  return said.slice(start).replace("<done>\n", "").trim();
}

describe.skipIf(!existsSync(LIBRARY))("the clock (needs faketime)", () => {
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const variables = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault"), URL: `https://localhost:${port}/` };
    writeFileSync(join(folder, "server.pem"), ca.certificate);
    for (const [args, input] of [[["init", "--provider", "file"], ""], [["secrets", "create", "API_KEY", "--host", `localhost:${port}`], VALUE]] as const) {
      expect(spawnSync(NODE, [RUN_JS, ...args], { env: variables, input }).status).toBe(0);
    }
    setClock("+0");
    run = spawn(NODE, [RUN_JS, "run", "--upstream-ca", join(folder, "server.pem"), "--", "sh", "-c", 'while read -r line; do eval "$line" 2>&1; echo "<done>"; done'], {
      env: { ...variables, LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: join(folder, "clock"), FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    run.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      wake();
    });
  });

  afterAll(() => {
    run.kill("SIGKILL");
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  // In one life: what was made under one time has to do, or be made anew, under the next.
  it.each(["+0", "+22h", "+24h", "+40d", "-2d", "+9y", "+0"])("at %s of the run's start", async (offset) => {
    setClock(offset);
    for (const [name, script] of present) expect([name, await ask(script)]).toEqual([name, "the real value came"]);
  }, 120_000);

  it("is the one that the run sees", async () => {
    setClock("+40d");
    const seconds = Number(await ask("date +%s"));
    expect(seconds - Date.now() / 1000).toBeGreaterThan(39 * 24 * 3600);
  });
});
