// No command calls anybody by itself: no telemetry, no look for a newer version. What asks elsewhere is what was asked for: logins, other stores, a broker.
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const COMMANDS = [["init", "--provider", "file"], ["secrets", "create", "GITHUB_TOKEN"], ["secrets", "list"], ["status"], ["doctor"], ["audit", "--verify"], ["services", "list"], ["help"], ["run", "--", "true"]];

test.skipIf(!can.strace)("the sockets that commands connect are of this machine's own files (needs strace)", () => {
  const folder = makeFolder();
  const connects: string[] = [];
  for (const [index, args] of COMMANDS.entries()) {
    const trace = join(folder, `trace-${index}`);
    // Each process has its file: what the agent or a program does counts as well.
    const { status, stderr } = spawnSync("strace", ["-ff", "-qq", "-e", "trace=connect,sendto", "-o", trace, NODE, RUN_JS, ...args], { encoding: "utf8", cwd: folder, input: "ghp_0123456789abcdefghijABCDEFGHIJ012345", env: { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), XDG_RUNTIME_DIR: folder } });
    expect(status, `${args.join(" ")}: ${stderr}`).toBe(0);
    connects.push(...readdirSync(folder).filter((name) => name.startsWith(`trace-${index}.`)).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n")).filter((line) => /sa_family=AF_INET6?/.test(line)).map((line) => `${args.join(" ")}: ${line}`));
  }
  expect(connects).toEqual([]);
}, 120_000);
