// What a mistyped command is told, and where the system refuses: in the program's own words, with nothing that may be a secret.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { layEmptyVault } from "../support/empty-vault.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { hasTerminals, openTerminal } from "../support/terminal.ts";
import { makeFolder } from "../support/temporary.ts";

function vault(args: readonly string[], more: NodeJS.ProcessEnv = {}, input = ""): { readonly status: number | null; readonly stdout: string; readonly error: string | undefined; readonly hint: string | undefined } {
  const folder = more["HOME"] ?? makeFolder();
  const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env: { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), ...more }, input, encoding: "utf8" });
  return { status, stdout, error: /^error: (.*)$/m.exec(stderr)?.[1], hint: /^hint: (.*)$/m.exec(stderr)?.[1] };
}

describe("usage", () => {
  test.each([
    ["secrets create", "NAME is missing"],
    ["run --", "COMMAND is missing"],
    ["explain GET", "URL is missing"],
    ["store migrate", "--to is missing"],
    ["identity claim", "--broker is missing; --identity is missing"],
    ["serve --tls-cert x", "--tls-cert goes with --tls-key"],
    ["audit --limit 0", "--limit takes an integer greater than or equal to 1"],
    ["audit --limit hunter2", "--limit takes an integer"],
    ["audit --limit 5 --follow --html hunter2", /^(--\S+ and --\S+ exclude each other)(; --\S+ and --\S+ exclude each other)*$/],
    ["init --provider hunter2", "--provider takes one of: passphrase, keyring, env, file, macos-keychain"],
    ["init --provider", "--provider takes one of: passphrase, keyring, env, file, macos-keychain"],
    ["completion hunter2", "the argument has to be one of: bash, fish, powershell, zsh"],
    ["-h", "-h stands before the command"],
    ["--limit 5 audit", "--limit stands before the command"],
    ["secrets --no-init list", "--no-init stands before the command"],
  ] as const)("vault %s: %s", (command, said) => {
    const { status, stdout, error } = vault(command.split(" "));
    expect(status).toBe(command === "run --" ? 125 : 2);
    expect(stdout).toBe("");
    expect(error).toEqual(typeof said === "string" ? said : expect.stringMatching(said));
  });

  test("what to type where a value is missing is right for each command", () => {
    const home = makeFolder();
    layEmptyVault(join(home, "vault"));
    expect(vault(["secrets", "create", "A", "--host", "a.example.com"], { HOME: home }, "a-value-of-some-length").status).toBe(0);
    expect(vault(["secrets", "rotate", "A"], { HOME: home }).hint).not.toContain("create");
    expect(vault(["secrets", "rotate", "A", "--value", "x"], { HOME: home }).hint).toContain("| vault secrets rotate NAME");
    expect(vault(["secrets", "create", "A", "--value", "x"], { HOME: home }).hint).toContain("| vault secrets create NAME --host HOST");
  });
});

describe("a system that refuses", () => {
  test.each(["status", "secrets list", "secrets rotate A", "rotate-master", "unlock", "audit", "init", "explain GET https://a.example.com/"])("is no bug, where VAULT_DIR is a file: vault %s", (command) => {
    const home = makeFolder();
    writeFileSync(join(home, "vault"), "a file");
    const { status, error } = vault(command.split(" "), { HOME: home }, "value");
    expect([status, error]).not.toEqual([1, expect.stringContaining("unexpected failure")]);
    expect(status).toBeGreaterThan(0);
  });

  test.skipIf(process.getuid?.() !== 0 || !existsSync("/usr/bin/setpriv")).each(["status", "secrets list", "unlock", "audit", "init"])("(needs root) nor where it is somebody else's: vault %s", (command) => {
    const home = makeFolder(0o755);
    mkdirSync(join(home, "vault"), { mode: 0o700 });
    const { status, stderr } = spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", NODE, RUN_JS, ...command.split(" ")], { env: { PATH: process.env["PATH"], HOME: home, VAULT_DIR: join(home, "vault") }, encoding: "utf8" });
    expect(stderr).not.toContain("unexpected failure");
    expect([1, 6]).toContain(status);
  });

  const canMount = spawnSync("unshare", ["-m", "true"]).status === 0;
  test.skipIf(!canMount)("(needs root) a full disk: nothing of the lock is left behind", () => {
    const home = makeFolder();
    layEmptyVault(join(home, "laid"));
    const script = 'mkdir -m 700 "$VAULT_DIR"; mount -t tmpfs -o size=64k,mode=700 none "$VAULT_DIR"; cp -a "$HOME/laid/." "$VAULT_DIR"; dd if=/dev/zero of="$VAULT_DIR/fill" bs=1k 2> /dev/null; printf %s "$VALUE" | "$NODE" "$RUN_JS" secrets create A --host a.example.com; echo "ended with $?"; ls "$VAULT_DIR"';
    const { stdout } = spawnSync("unshare", ["-m", "sh", "-c", script], { env: { PATH: process.env["PATH"], HOME: home, VAULT_DIR: join(home, "vault"), VALUE: "a-value-of-some-length", NODE, RUN_JS }, encoding: "utf8" });
    expect(stdout).toMatch(/^ended with 1$/m);
    expect(stdout).not.toContain("lock");
  });

  test.skipIf(process.platform === "win32")("a file that holds no key keeps its mode when it is taken for a key file", () => {
    const home = makeFolder();
    const notes = join(home, "notes");
    writeFileSync(notes, "my notes");
    chmodSync(notes, 0o644);
    expect(vault(["init", "--provider", "file", "--file-path", notes], { HOME: home })).toMatchObject({ status: 5, error: `the key file "${notes}" does not hold a key` });
    expect(statSync(notes).mode & 0o777).toBe(0o644);
    expect(readdirSync(home)).not.toContain("vault.json");
  });
});

test("a program that was not found is not said to go past the proxy", () => {
  const home = makeFolder();
  layEmptyVault(join(home, "vault"));
  vault(["secrets", "create", "A", "--host", "a.example.com"], { HOME: home }, "a-value-of-some-length");
  const { status, stderr } = spawnSync(NODE, [RUN_JS, "run", "--", "no-such-program"], { env: { PATH: process.env["PATH"], HOME: home, VAULT_DIR: join(home, "vault") }, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 127, stderr: 'warning: the program "no-such-program" was not found\n' });
});

test.each(["secrets show A", "unlock", "audit", "status"])("in a run, where `vault init` is refused, vault %s does not say to type it", (command) => {
  const home = makeFolder();
  layEmptyVault(join(home, "vault"));
  const { status, error, hint } = vault(["run", "--", NODE, RUN_JS, ...command.split(" ")], { HOME: home });
  expect({ status, error, hint }).toEqual({ status: 3, error: expect.stringContaining("there is no vault at"), hint: "a program in a run has its secrets from outside: ask the person who started it" });
});

test.skipIf(!hasTerminals)("Ctrl-D at a prompt gives up", async () => {
  const home = makeFolder();
  const terminal = openTerminal(["env", `HOME=${home}`, `VAULT_DIR=${join(home, "vault")}`, NODE, RUN_JS, "init", "--provider", "passphrase"]);
  try {
    await terminal.shows("[input is masked]");
    terminal.type("\u0004");
    await terminal.shows("nothing was entered");
    await terminal.shows("<exited 2>");
  } finally {
    terminal.close();
  }
});
