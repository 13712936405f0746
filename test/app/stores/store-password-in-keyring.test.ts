// A store's password in a keyring: at a real Secret Service, which is locked, or has lost the entry, when a test says so.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { EngineStage } from "../../support/engine-places.ts";
import { ENGINES } from "../../support/engine-places.ts";
import type { SecretService } from "../../support/keyring-daemon.ts";
import { hasSecretService, openSecretService } from "../../support/keyring-daemon.ts";
import { bringKey, openMachine } from "../../support/store-machines.ts";

/** Where entries of stores' passwords are kept, under the store's address. */
const SERVICE = "vault-store";

describe.skipIf(!ENGINES.redis.isHere || !hasSecretService())("a store's password in the keyring (needs redis-server, gnome-keyring, dbus and secret-tool)", () => {
  let stage: EngineStage;
  let keyring: SecretService;
  beforeAll(async () => {
    stage = await ENGINES.redis.open();
    keyring = await openSecretService();
  });
  afterAll(async () => {
    keyring.close();
    await stage.close();
  });

  test("goes there from the address, opens the store from then on without a variable, and stands nowhere else", async () => {
    const place = stage.place();
    const password = place.environment["VAULT_STORE_PASSWORD"] ?? "";
    const machine = openMachine({ url: place.url, environment: {} }, { ...keyring.variables });
    const { status, out, err } = machine.vault(["init", "--store", place.url.replace("redis://", `redis://:${password}@`), "--provider", "file"]);
    expect([status, err]).toEqual([0, expect.stringContaining("VAULT_STORE_PASSWORD is safer")]);
    expect(err).not.toContain("no keyring");
    const stored = machine.read("store.json");
    expect(JSON.parse(stored)).toMatchObject({ password: "keyring" });
    expect(out + err + stored).not.toContain(password);
    const { store } = JSON.parse(stored) as { store: string };
    expect(keyring.find(SERVICE, store)).toBe(password);
    expect(machine.vault(["secrets", "create", "A", "--host", "a.example"], "value of A")).toMatchObject({ status: 0 });
    const run = machine.vault(["run", "--", "sh", "-c", "env; cat /proc/self/environ"]);
    expect(run.status).toBe(0);
    expect(run.out).not.toContain(password);

    // The agent is given it by the command that starts it, and needs no keyring afterwards.
    expect(machine.vault(["unlock"])).toMatchObject({ status: 0 });
    onTestFinished(() => void machine.vault(["lock"]));
    expect(machine.names()).toEqual(["A"]);

    // Another machine of the same person's, whose keyring has it already.
    const second = openMachine({ url: place.url, environment: {} }, { ...keyring.variables });
    bringKey(machine, second);
    expect(second.vault(["init", "--store", place.url])).toMatchObject({ status: 0 });
    expect(second.names()).toEqual(["A"]);

    // Locked, it is as one that is not there; a variable comes before it.
    await keyring.lock();
    const locked = second.vault(["secrets", "list"]);
    expect([locked.status, locked.err]).toEqual([14, expect.stringContaining("the keyring is locked, or not there")]);
    const given = openMachine(place, { ...keyring.variables, VAULT_DIR: second.folder });
    expect(given.vault(["secrets", "list"])).toMatchObject({ status: 0 });
    await keyring.unlock();
    expect(second.names()).toEqual(["A"]);

    // A store.json that leads elsewhere leads to no password of this store's.
    writeFileSync(join(second.folder, "store.json"), stored.replace(/\/0\/[^"]*/, "/0/elsewhere"));
    expect(second.vault(["secrets", "list"])).toMatchObject({ status: 14, err: expect.stringContaining("its keyring entry is gone") as string });
    writeFileSync(join(second.folder, "store.json"), stored);

    keyring.remove(SERVICE, store);
    expect(second.vault(["secrets", "list"])).toMatchObject({ status: 14, err: expect.stringContaining("its keyring entry is gone") as string });
  }, 120_000);
});
