// The keyring provider against a real Secret Service, through the program as it is shipped.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import type { SecretService } from "../support/keyring-daemon.ts";
import { hasSecretService, openSecretService } from "../support/keyring-daemon.ts";
import { makeFolder } from "../support/temporary.ts";

interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function vaultIn(folder: string, variables: Readonly<Record<string, string>>): (line: string, input?: string) => Said {
  const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), ...variables };
  return (line, input = "") => {
    const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...line.split(" ")], { env, input, encoding: "utf8" });
    return { status, out: stdout, err: stderr };
  };
}

describe.skipIf(!hasSecretService())("keyring (needs gnome-keyring, dbus and secret-tool)", () => {
  let service: SecretService;
  beforeAll(async () => {
    service = await openSecretService();
  });
  afterAll(() => { service.close(); });

  it("makes, uses, replaces and leaves an entry; no other copy of the key is kept", () => {
    const folder = makeFolder();
    const vault = vaultIn(folder, service.variables);
    expect(vault("init --provider macos-keychain --keychain-service my-app --keychain-account me")).toMatchObject({ status: 0 });
    const first = service.find("my-app", "me");
    expect(first).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(vault("secrets create A --host a.example", "v")).toMatchObject({ status: 0 });
    expect(vault("status --json").out).toContain('"kind":"keyring","service":"my-app","account":"me"');
    expect(vault("rotate-master")).toMatchObject({ status: 0 });
    const second = service.find("my-app", "me");
    expect(second).toBeDefined();
    expect(second).not.toBe(first);
    expect(vault("run -- true")).toMatchObject({ status: 0 });
    // To a file and back again: the place that was left holds nothing.
    expect(vault("rotate-master --new-provider file")).toMatchObject({ status: 0 });
    expect(service.find("my-app", "me")).toBeUndefined();
    expect(vault("rotate-master --new-provider keyring --keychain-account other")).toMatchObject({ status: 0 });
    expect(existsSync(join(folder, "vault", "kek.key"))).toBe(false);
    expect(service.find("vault", "other")).toBeDefined();
    expect(vault("run -- true")).toMatchObject({ status: 0 });
    expect(vault("doctor")).toMatchObject({ status: 0 });
  });

  it("tells a missing keyring, a locked one and a missing entry apart, and overwrites nothing", async () => {
    const folder = makeFolder();
    const vault = vaultIn(folder, service.variables);
    expect(vault("init --provider keyring")).toMatchObject({ status: 0 });
    expect(vault("secrets create A --host a.example", "v")).toMatchObject({ status: 0 });
    const before = readFileSync(join(folder, "vault", "vault.json"));

    const without = vaultIn(folder, { ...service.variables, DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" });
    expect(without("secrets delete A")).toMatchObject({ status: 9, err: expect.stringContaining("there is no keyring here") });
    expect(without("run -- true")).toMatchObject({ status: 125 });

    await service.lock();
    expect(vault("secrets delete A")).toMatchObject({ status: 9, err: expect.stringContaining("is locked") });
    // A locked keyring may hold a key: no first command makes a second one.
    const other = vaultIn(makeFolder(), service.variables);
    expect(other("secrets create A --host a.example", "v")).toMatchObject({ status: 9, err: expect.stringContaining("locked") });
    await service.unlock();

    service.remove("vault", join(folder, "vault"));
    expect(vault("secrets delete A")).toMatchObject({ status: 9, err: expect.stringContaining("is not there") });
    expect(vault("status")).toMatchObject({ status: 0 });
    expect(readFileSync(join(folder, "vault", "vault.json")).equals(before)).toBe(true);
    expect(service.find("vault", join(folder, "vault"))).toBeUndefined();
  });

  it("makes a lost entry anew while the vault holds no secret, and never otherwise", () => {
    const folder = makeFolder();
    const vault = vaultIn(folder, service.variables);
    const account = join(folder, "vault");
    expect(vault("init --provider keyring")).toMatchObject({ status: 0 });
    service.remove("vault", account);
    expect(vault("secrets create A --host a.example", "v")).toMatchObject({ status: 0, err: expect.stringContaining("both were made anew") });
    expect(service.find("vault", account)).toBeDefined();
    expect(vault("audit --verify")).toMatchObject({ status: 0 });
    service.remove("vault", account);
    expect(vault("secrets create B --host a.example", "v")).toMatchObject({ status: 9 });
    expect(service.find("vault", account)).toBeUndefined();
  });

  it("is what the first command chooses, where it works and nothing else is there", () => {
    const folder = makeFolder();
    const vault = vaultIn(folder, service.variables);
    expect(vault("secrets create A --host a.example", "v")).toMatchObject({ status: 0, err: expect.stringContaining("its key in the keyring") });
    expect(vault("status --json").out).toContain('"provider":"keyring"');
  });

  it("never takes an entry that another vault needs: an existing one is used, and a successor has its own name first", () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "one"));
    const one = vaultIn(join(folder, "one"), service.variables);
    const line = "init --provider keyring --keychain-service both --keychain-account shared";
    expect(one(line)).toMatchObject({ status: 0 });
    const key = service.find("both", "shared");
    const two = vaultIn(join(folder, "two"), service.variables);
    mkdirSync(join(folder, "two"));
    expect(two(line)).toMatchObject({ status: 0 });
    expect(service.find("both", "shared")).toBe(key);
    expect(two("rotate-master --new-provider keyring --keychain-service both --keychain-account shared2")).toMatchObject({ status: 0 });
    expect(two("rotate-master")).toMatchObject({ status: 0 });
    expect(service.find("both", "shared")).toBe(key);
    expect(one("run -- true")).toMatchObject({ status: 0 });
    expect(two("run -- true")).toMatchObject({ status: 0 });
  });
});
