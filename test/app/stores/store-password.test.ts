// A store's password: where it stands, and who gets it.
import { expect, test } from "vitest";
import { describeEngines } from "../../support/engine-places.ts";
import { openMachine } from "../../support/store-machines.ts";

const OWN_KEYS = { AWS_ACCESS_KEY_ID: "AKIAOWN0000000000000", AWS_SECRET_ACCESS_KEY: "the-programs-own-key" };

describeEngines("a store's password", (stage, kind) => {
  test("is the store's alone: a program in a run has none of it, and what else it needs of that name", () => {
    const place = stage().place();
    const secrets = Object.values(place.environment);
    const a = openMachine(place);
    expect(a.vault(["init", "--store", place.url, "--provider", "file"])).toMatchObject({ status: 0 });
    const { status, out } = a.vault(["run", "--", "env"]);
    expect(status).toBe(0);
    for (const secret of secrets) expect(out).not.toContain(secret);
    // The same store by the other way, beside keys that are the program's.
    const given = kind === "s3" ? { VAULT_STORE_PASSWORD: secrets.join(":"), ...OWN_KEYS } : { ...place.environment, ...OWN_KEYS };
    const b = openMachine({ url: place.url, environment: {} }, { ...given, VAULT_DIR: a.folder });
    const run = b.vault(["run", "--", "env"]);
    expect(run).toMatchObject({ status: 0, out: expect.stringContaining("AWS_SECRET_ACCESS_KEY=the-programs-own-key") as string });
    for (const secret of secrets) expect(run.out).not.toContain(secret);
  });

  test("that is wrong, or missing, is told without it", () => {
    const place = stage().place();
    const wrong = Object.fromEntries(Object.keys(place.environment).map((name) => [name, "wrong-Zq81kd"]));
    for (const environment of [wrong, {}]) {
      const machine = openMachine({ url: place.url, environment });
      const { status, out, err } = machine.vault(["init", "--store", place.url, "--provider", "file"]);
      expect([status, out]).toEqual([14, ""]);
      expect(err).not.toContain("wrong-Zq81kd");
    }
  });
});

describeEngines("a password in the address", (stage) => {
  test("goes to no file, and where there is no keyring, its person is told to give it each time", () => {
    const place = stage().place();
    const password = place.environment["VAULT_STORE_PASSWORD"] ?? "";
    const machine = openMachine({ url: place.url, environment: {} });
    const url = place.url.replace("://vault@", `://vault:${password}@`).replace("redis://", `redis://:${password}@`);
    const { status, out, err } = machine.vault(["init", "--store", url, "--provider", "file"]);
    expect([status, err]).toEqual([0, expect.stringMatching(/VAULT_STORE_PASSWORD is safer[^]*no keyring to keep the store's password in/)]);
    expect(out + err + machine.read("store.json")).not.toContain(password);
    expect(machine.vault(["secrets", "list"])).toMatchObject({ status: 14 });
  });
}, ["redis", "postgres"]);
