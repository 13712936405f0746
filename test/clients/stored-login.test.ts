// What a client stores of a placeholder in one run works in the next: npm's own login file, git's store of credentials.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { Origin } from "../support/origin.ts";
import { openOrigin } from "../support/origin.ts";

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

let origin: Origin;
let folder: string;
let built: BuiltVault;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vault-login-"));
  // It answers 401 to whoever does not bring the value.
  origin = await openOrigin(VALUE, folder, "localhost");
  spawnSync("git", ["init", "-q", "--bare", join(folder, "one.git")]);
  built = openBuiltVault(`localhost:${origin.port}`, VALUE, origin.certificate);
});
afterAll(async () => {
  built.close();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(script: string): Promise<string> {
  const started = built.run(script);
  await started.ended;
  return started.output();
}

describe("a login that a client has stored", () => {
  it.skipIf(!has("npm"))("(needs npm) in .npmrc is good for the next run", async () => {
    const registry = `//localhost:${origin.port}/npm/`;
    await run(`npm config set "${registry}:_authToken" "$API_KEY"`);
    expect(await run(`unset API_KEY; npm view parcel version --registry https:${registry}`)).toMatch(/^1\.0\.0$/m);
  });

  it.skipIf(!has("git"))("(needs git) in git's own store is good for the next run", async () => {
    await run(`git config --global credential.helper store; printf 'protocol=https\\nhost=localhost:${origin.port}\\nusername=me\\npassword=%s\\n\\n' "$API_KEY" | git credential approve`);
    expect(await run(`unset API_KEY; git ls-remote https://me@localhost:${origin.port}/git/one.git && echo "it answered"`)).toContain("it answered");
  });
});
