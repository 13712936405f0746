// Streams that take nothing: /dev/full is a full disk, and a closed pipe is `| head -1`.
import type { SpawnSyncReturns } from "node:child_process";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layEmptyVault } from "../support/empty-vault.ts";
import { NODE, RUN_JS } from "../support/program.ts";

describe.skipIf(!existsSync("/dev/full"))("(needs /dev/full)", () => {
  const folder = mkdtempSync(join(tmpdir(), "vault-streams-"));
  const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") };
  beforeAll(() => { layEmptyVault(env.VAULT_DIR); });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
  const shell = (script: string): SpawnSyncReturns<string> => spawnSync("bash", ["-c", `vault() { "${NODE}" "${RUN_JS}" "$@"; }\n${script}`], { env, encoding: "utf8" });

  test.each(["secrets list", "status", "audit", "doctor", "services list", "help", "--help", "secrets list --help"])("`vault %s > /dev/full` says in one line that its answer was lost, and ends with 1", (command) => {
    const { status, stderr } = shell(`vault ${command} > /dev/full`);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "error: the answer cannot be written (ENOSPC)\nhint: make room where stdout goes; what the command has changed stays changed\n" });
  });

  test("with --json, as an object", () => {
    expect(JSON.parse(shell("vault status --json > /dev/full").stderr)).toMatchObject({ error: { code: "io", status: 1 } });
  });

  test.each([
    ["vault secrets show NOPE 2> /dev/full", 7],
    ["vault nonsense 2> /dev/full", 2],
    ["vault run -- sh -c 'exit 3' 2> /dev/full", 3],
    ["vault run --summary -- sh -c 'exit 3' 2> /dev/full", 3],
    ["vault secrets show NOPE 2>&1 > /dev/null | true; (exit ${PIPESTATUS[0]})", 7],
    ["vault run --summary -- sh -c 'exit 3' 2>&1 | true; (exit ${PIPESTATUS[0]})", 3],
    ["vault run -- sh -c 'exit 3' 2>&-", 3],
  ] as const)("what nobody can be told changes no status: %s", (script, expected) => {
    expect(shell(script).status).toBe(expected);
  });
});
