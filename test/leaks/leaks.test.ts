import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";
import { makeFolder } from "../support/temporary.ts";

const VALUE = "Sup3r/Secret+Value=of this test?&";

/** The value as it stands, and in the forms in which it could have slipped out. */
const FORMS = [VALUE, ...[0, 1, 2].map((shift) => base64Core(VALUE, shift)), Buffer.from(VALUE).toString("hex"), Buffer.from(VALUE).toString("hex").toUpperCase(), encodeURIComponent(VALUE), JSON.stringify(VALUE).slice(1, -1)];

/** The characters of base64 that do not depend on what stands around the value. */
function base64Core(value: string, shift: number): string {
  const encoded = Buffer.from("x".repeat(shift) + value).toString("base64").replace(/=+$/, "");
  return encoded.slice(shift === 0 ? 0 : shift + 1, -1);
}

function holdsValue(bytes: Buffer): boolean {
  return FORMS.some((form) => bytes.includes(form));
}

function findFilesWithValue(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true && holdsValue(readFileSync(path)));
}

/** What the system shows of a process to its user. */
function seenInProc(pid: string): boolean {
  return ["environ", "cmdline"].some((name) => {
    try {
      return holdsValue(readFileSync(`/proc/${pid}/${name}`));
    } catch {
      return false;
    }
  });
}

describe("the value is nowhere but at the server", () => {
  let upstream: RawUpstream;
  beforeAll(async () => {
    upstream = await openRawUpstream();
  });
  afterAll(async () => {
    await upstream.close();
  });

  it("not in arguments, environments, files, streams or the audit log, in any form", async () => {
    const folder = makeFolder();
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    writeFileSync(join(folder, "server.pem"), upstream.certificate);
    const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: temporary, VAULT_DIR: join(folder, "vault") };
    const vault = (args: readonly string[], input = ""): string => {
      const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8" });
      if (status !== 0) throw new Error(`vault ${args.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
      return stdout + stderr;
    };
    const said = [vault(["init", "--provider", "file"]), vault(["secrets", "create", "API_KEY", "--host", `localhost:${upstream.port}`], VALUE)];

    // The child asks the server, which answers with what it was sent, keeps a grandchild, and waits to be looked at.
    const script = `curl -s -i https://localhost:${upstream.port}/echo -H "Authorization: Bearer $API_KEY"; env; sleep 30 & echo ready; wait`;
    const run = spawn(NODE, [RUN_JS, "run", "--upstream-ca", join(folder, "server.pem"), "--", "sh", "-c", script], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const output: Buffer[] = [];
    run.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    run.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    const ended = new Promise((resolve) => run.on("close", resolve));
    try {
      for (let waited = 0; !Buffer.concat(output).includes("ready") && waited < 200; waited += 1) await sleep(50);
      expect(upstream.received()).toContain(`Bearer ${VALUE}`);
      if (process.platform === "linux") {
        const mine = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isOurs(pid, folder));
        expect(mine.length).toBeGreaterThanOrEqual(3);
        expect(mine.filter(seenInProc)).toEqual([]);
      }
      expect(findFilesWithValue(folder)).toEqual([]);
    } finally {
      process.kill(-(run.pid ?? 0), "SIGTERM");
      await ended;
    }
    said.push(vault(["secrets", "show", "API_KEY"]), vault(["audit", "--json"]), vault(["audit", "--verify"]), vault(["status", "--json"]), vault(["rotate-master"]), vault(["secrets", "delete", "API_KEY"]));
    expect(holdsValue(Buffer.concat([...output, Buffer.from(said.join("\n"))]))).toBe(false);
    expect(findFilesWithValue(folder)).toEqual([]);
    expect(readdirSync(join(folder, "vault", "run", "runs"))).toEqual([]);
  }, 60_000);

  it.skipIf(process.platform !== "linux")("a passphrase given as an argument leaves the process list at once (needs /proc)", async () => {
    const folder = makeFolder();
    const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") };
    const child = spawn(NODE, [RUN_JS, "init", "--provider", "passphrase", "--kdf", "low", "--passphrase", "passphrase-on-argv"], { env, stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    let isGone = false;
    while (!isGone && child.exitCode === null) {
      await sleep(5);
      isGone = !readQuietly(`/proc/${child.pid ?? 0}/cmdline`).includes("passphrase-on-argv");
    }
    expect(isGone && child.exitCode === null).toBe(true);
    expect(await ended).toBe(0);
  });
});

function isOurs(pid: string, folder: string): boolean {
  return readQuietly(`/proc/${pid}/environ`).includes(folder) && !isKernelThread(pid);
}

function isKernelThread(pid: string): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return false;
  } catch {
    return true;
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
