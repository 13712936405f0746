// docs/broker.md, block by block, as somebody would type it who has nothing yet.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { VaultRun } from "../support/built-vault.ts";
import { watch } from "../support/built-vault.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { createServer } from "../support/raw-sockets.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { makeTestCa } from "../support/test-ca.ts";

const PAGE = readFileSync(fileURLToPath(new URL("../../docs/broker.md", import.meta.url)), "utf8");
const BLOCKS = [...PAGE.matchAll(/```sh\n# (the vault's machine|the machine of the run)\n([^]*?)```/g)].map(([, where = "", text = ""]) => ({ where, lines: text.trimEnd().split("\n") }));
const VALUE = "the-value-of-this-very-page-0123";

const folder = mkdtempSync(join(tmpdir(), "vault-page-"));
const running = new Set<ChildProcess>();
let upstream: RawUpstream;
let port: number;
beforeAll(async () => {
  upstream = await openRawUpstream();
  port = await findPort();
  const ca = makeTestCa();
  const { cert, key } = ca.identityFor("localhost");
  for (const where of ["bin", "owner", "owner/vault", "run"]) mkdirSync(join(folder, where), { mode: 0o700 });
  const files: readonly (readonly [string, string])[] = [["bin/vault", `#!/bin/sh\nexec "${NODE}" "${RUN_JS}" "$@"\n`], ["owner/key.txt", VALUE], ["owner/broker.pem", cert], ["owner/broker.key", key], ["owner/vault/roots.pem", upstream.certificate], ["run/root.pem", ca.certificate]];
  for (const [name, text] of files) writeFileSync(join(folder, name), text, { mode: 0o600 });
  chmodSync(join(folder, "bin/vault"), 0o755);
});
afterAll(async () => {
  for (const child of running) child.kill("SIGTERM");
  await upstream.close();
  await removeFolder(folder);
});

/** With the names of this machine's. */
function start(where: string, line: string): VaultRun {
  const home = join(folder, where === "the vault's machine" ? "owner" : "run");
  const here = line.replaceAll("broker.example:7998", `localhost:${port}`).replaceAll("0.0.0.0:7998", `localhost:${port}`).replaceAll("api.example.com", `localhost:${upstream.port}`);
  const child = spawn("sh", ["-c", line.startsWith("vault serve") ? `exec ${here}` : here], { cwd: home, env: { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: home, VAULT_DIR: join(home, "vault") }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  return watch(child, () => running.delete(child));
}

function findPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "localhost", () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => { resolve(found); });
    });
  });
}

it("docs/broker.md leads from nothing to a run at a broker, and takes it back", async () => {
  expect(BLOCKS.map(({ where }) => where)).toEqual(["the vault's machine", "the machine of the run", "the vault's machine", "the machine of the run", "the vault's machine"]);
  const said: string[] = [];
  for (const { where, lines } of BLOCKS) {
    for (const printed of lines) {
      // What the second step has printed, as its owner was told it.
      const line = printed.replace("did:key:z6Mk…", /did:key:\w+/.exec(said.join(""))?.[0] ?? "none");
      const run = start(where, line);
      if (line.startsWith("vault serve")) {
        await run.said("serving at ");
        continue;
      }
      expect(await run.ended, `${line}\n${run.output()}`).toBe(0);
      said.push(run.output());
    }
  }
  expect(upstream.received()).toContain(`authorization: Bearer ${VALUE}`);
  expect(said.join("")).toContain("asks: build-runner");
  expect(said.join("")).toMatch(/its owner says, with this very key: vault identity accept build-runner --did did:key:z6Mk\w+\n/);
  expect(said.join("")).toContain("hello from upstream");
  expect(said.join("")).not.toContain(VALUE);
});
