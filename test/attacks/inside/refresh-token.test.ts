// A login that the agent refreshes, and a program in the run that would have more of it than the token of the moment: the refresh token, the client's secret, a token endpoint that takes its placeholder, or refreshes without end.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { parseSealedLogin } from "../../../src/agent/sources/sealed-login.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import type { LoginStage } from "../../support/login-stage.ts";
import { CLIENT_SECRET, openLoginStage } from "../../support/login-stage.ts";
import { can } from "../../support/machine.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { readRecord } from "../../support/refresher.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0 && process.platform === "linux";

let stage: LoginStage;
beforeEach(async () => { stage = await openLoginStage(); });
afterEach(() => stage.close());

/** What nobody but the agent is to have: the tokens before and after, and the client's secret. */
async function keepsakes(): Promise<string[]> {
  const now = await withOpenVault(stage.surroundings, async ({ holder, file }) => {
    const [sealed] = await openSecrets(holder, file.contents.id, [await readRecord(stage.surroundings, "LOGIN")]);
    return sealed === undefined ? null : parseSealedLogin(sealed).refreshToken;
  });
  expect(now).not.toBe(stage.first);
  return [stage.first, now ?? "", CLIENT_SECRET];
}

/** Each file below the folder that has one of these. */
function filesWith(texts: readonly string[]): string[] {
  const files = readdirSync(stage.built.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((file) => texts.some((text) => readFileSync(file, "latin1").includes(text)));
}

/** Which of these a process has in its memory. */
function remembered(pid: number, texts: readonly string[]): string[] {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    const found = new Set<string>();
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      const [start, end] = [Number.parseInt(from ?? "0", 16), Number.parseInt(to ?? "0", 16)];
      const bytes = Buffer.alloc(Math.min(end - start, 2 ** 28));
      try {
        const length = readSync(memory, bytes, 0, bytes.length, start);
        for (const text of texts) if (bytes.subarray(0, length).includes(text)) found.add(text);
      } catch {
        // The kernel's own pages.
      }
    }
    return [...found];
  } finally {
    closeSync(memory);
  }
}

describe.runIf(hasCurl)("(needs Linux and curl) a program in a run", () => {
  test("finds no refresh token and no client's secret: not in its environment, in no file, not in the answers", async () => {
    const run = stage.built.run(`${stage.fetching}; env; cat /proc/$PPID/environ | tr '\\0' '\\n'; tr '\\0' '\\n' < /proc/$PPID/cmdline`);
    expect(await run.ended).toBe(0);
    expect(run.output()).toMatch(/^200\n/);
    const secrets = await keepsakes();
    expect(secrets.filter((text) => run.output().includes(text))).toEqual([]);
    expect(filesWith(secrets)).toEqual([]);
  });

  test("cannot get them from the run's own process either, which never had them", async () => {
    const run = stage.built.run(`${stage.fetching}; read line; exit 0`);
    await run.said("200");
    const secrets = await keepsakes();
    const token = stage.server.arrivedTokens().at(-1) ?? "";
    const pid = run.process.pid ?? 0;
    if (can.root) {
      // It has the access token, which shows that this search finds things.
      expect(remembered(pid, [token])).toEqual([token]);
      expect(remembered(pid, secrets)).toEqual([]);
    }
    run.process.stdin?.end("\n");
    expect(await run.ended).toBe(0);
  });

  test.runIf(can.strace)("cannot get them from the channel between run and agent, where they do not pass", async () => {
    stage.built.vault(["unlock"]);
    const log = join(stage.built.folder, "trace");
    const variables = { PATH: process.env["PATH"] ?? "", HOME: stage.built.folder, TMPDIR: stage.built.folder, VAULT_DIR: join(stage.built.folder, "vault"), UV_USE_IO_URING: "0" };
    const traced = spawn("strace", ["-f", "-qq", "-s", "1000000", "-o", log, "-e", "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pread64", NODE, RUN_JS, "run", "--upstream-ca", join(stage.built.folder, "server.pem"), "--", "sh", "-c", stage.fetching], { env: variables, stdio: "ignore" });
    expect(await new Promise((resolve) => traced.once("exit", resolve))).toBe(0);
    const secrets = await keepsakes();
    const trace = readFileSync(log, "latin1");
    // The access token passes there, which shows that all of it was seen.
    expect(trace).toContain(stage.server.arrivedTokens().at(-1) ?? "none came");
    expect(secrets.filter((text) => trace.includes(text))).toEqual([]);
    stage.built.vault(["lock"]);
  }, 60_000);

  test("gets nothing at the token endpoint, by whatever grant: nobody but the agent asks there", async () => {
    const ask = (options: string): string => `curl -sS ${options} ${stage.server.tokenEndpoint}`;
    const run = stage.built.run(`${ask("-d grant_type=refresh_token -d client_id=vault-test -d refresh_token=$LOGIN")}; ${ask("-u vault-test:$LOGIN -d grant_type=client_credentials")}; ${ask("-d client_id=vault-test -d grant_type=urn:ietf:params:oauth:grant-type:device_code -d device_code=mine")}; echo; ${stage.fetching}`);
    expect(await run.ended).toBe(0);
    expect(run.output().match(/tokens of LOGIN come from there, and the vault alone asks for them/g)?.length).toBeGreaterThanOrEqual(3);
    expect(run.output()).toMatch(/\n200\n/);
    // The agent's own.
    expect(stage.server.asked()).toBe(1);
    expect(run.output()).toContain("a program that is to log in by itself gets a run without that secret");
    const secrets = await keepsakes();
    expect(secrets.filter((text) => run.output().includes(text))).toEqual([]);
  });

  test("has a login that is over asked about once, and hears nothing of what the server says", async () => {
    await stage.server.endLogins();
    const run = stage.built.run(`for turn in 1 2 3 4 5 6 7 8; do ${stage.fetching}; done; exit 0`);
    expect(await run.ended).toBe(0);
    const [heard = "", ...rest] = run.output().split("warning:");
    const told = rest.join("");
    expect(stage.server.asked()).toBeLessThan(8);
    expect(stage.server.arrived()).toEqual([]);
    expect(heard).not.toContain("invalid_grant");
    expect(told).toContain("its login is over");
    expect(told).toContain("invalid_grant");
    expect(told).toContain("vault login LOGIN");
    const audit = readdirSync(join(stage.built.folder, "vault", "audit"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")).join("");
    expect(audit).toContain('"reason":"over"');
    expect(audit).not.toContain("invalid_grant");
  });
});
