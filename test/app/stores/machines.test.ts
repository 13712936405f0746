// One vault, several machines: the program as it is shipped, on real servers.
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "../../../src/engines/engine.ts";
import { describeEngines } from "../../support/engine-places.ts";
import { bringKey, bytesAt, openMachine, openPlace } from "../../support/store-machines.ts";

const create = (name: string): string[] => ["secrets", "create", name, "--host", "a.example"];
const VALUE = "a value that nobody guesses: 8f1c2d";

describeEngines("a vault on a store", (stage) => {
  test("is made by one machine, joined by others with the key, and one vault for all", () => {
    const place = stage().place();
    const [a, b, c] = [openMachine(place), openMachine(place), openMachine(place)];
    expect(a.vault(["init", "--store", place.url, "--provider", "file"])).toMatchObject({ status: 0, out: expect.stringContaining("made a vault in the store") as string });
    // Without the key there is no joining, and nothing is left of the attempt.
    expect(b.vault(["init", "--store", place.url])).toMatchObject({ status: 9 });
    expect(existsSync(b.folder)).toBe(false);
    bringKey(a, b);
    expect(b.vault(["init", "--store", place.url])).toMatchObject({ status: 0, out: expect.stringContaining("joined the vault") as string });
    expect(a.vault(create("FROM_A"), VALUE)).toMatchObject({ status: 0 });
    expect(b.vault(create("FROM_B"), VALUE)).toMatchObject({ status: 0 });
    expect(a.names()).toEqual(["FROM_A", "FROM_B"]);
    expect(b.vault(["secrets", "delete", "FROM_A"])).toMatchObject({ status: 0 });
    expect(a.names()).toEqual(["FROM_B"]);
    expect(a.vault(["rotate-master"])).toMatchObject({ status: 0 });
    expect(b.vault(["audit", "--verify"])).toMatchObject({ status: 5 });
    bringKey(a, b);
    expect(b.vault(["audit", "--verify"])).toMatchObject({ status: 0, out: expect.stringContaining("entries and 0 runs verified") as string });
    expect(a.read("vault.json")).toBe(b.read("vault.json"));
    expect(JSON.parse(a.vault(["status", "--json"]).out)).toMatchObject({ generation: 5, store: { reachable: true } });
    // What is there already stays.
    mkdirSync(c.folder, { mode: 0o700 });
    expect(c.vault(["init", "--provider", "file"])).toMatchObject({ status: 0 });
    const before = c.read("vault.json");
    expect(c.vault(["init", "--store", place.url])).toMatchObject({ status: 8 });
    expect(c.vault(["store", "migrate", "--to", place.url])).toMatchObject({ status: 8 });
    expect(c.read("vault.json")).toBe(before);
    expect(readdirSync(c.folder)).not.toContain("store.json");
    expect(a.vault(["init", "--store", place.url])).toMatchObject({ status: 8 });
    // No password in the locator.
    for (const password of Object.values(place.environment)) expect(readFileSync(join(a.folder, "store.json"), "utf8")).not.toContain(password);
    expect(a.vault(["doctor", "--json"])).toMatchObject({ status: 0 });
  });

  test("is joined, and never made, by what starts by itself, as often as it does", () => {
    const [place, other] = [stage().place(), stage().place()];
    const [a, b] = [openMachine(place), openMachine(place)];
    const join = ["init", "--join", "--store", place.url];
    // A store that has lost it, or has not got it yet.
    expect(b.vault(join)).toMatchObject({ status: 3, err: expect.stringContaining("there is no vault in the store") as string });
    expect(existsSync(b.folder)).toBe(false);
    expect(b.vault([...join, "--provider", "file"])).toMatchObject({ status: 2 });
    expect(a.vault(["init", "--store", place.url, "--provider", "file"])).toMatchObject({ status: 0 });
    expect(b.vault(join)).toMatchObject({ status: 9 });
    bringKey(a, b);
    expect(b.vault(join)).toMatchObject({ status: 0, out: expect.stringMatching(/^joined the vault/) as string });
    const log = a.vault(["audit", "--json"]).out;
    expect(log).toContain("store.join");
    expect(b.vault(join)).toMatchObject({ status: 0, out: expect.stringMatching(/^had joined the vault/) as string });
    expect(a.vault(["audit", "--json"]).out).toBe(log);
    // Another store, and a vault that is not on one.
    expect(b.vault(["init", "--join", "--store", other.url])).toMatchObject({ status: 8 });
    const c = openMachine(place);
    mkdirSync(c.folder, { mode: 0o700 });
    expect(c.vault(["init", "--provider", "file"])).toMatchObject({ status: 0 });
    expect(c.vault(join)).toMatchObject({ status: 8 });
  });

  test("that went back is refused by each machine that has seen the newer one; one of them puts it right, or takes it", async () => {
    const place = stage().place();
    const [a, b] = [openMachine(place), openMachine(place)];
    a.vault(["init", "--store", place.url, "--provider", "file"]);
    bringKey(a, b);
    const engine = await openPlace(place);
    try {
      const old = await bytesAt(engine, "vault");
      b.vault(["init", "--store", place.url]);
      expect(a.vault(create("NEWER"), VALUE)).toMatchObject({ status: 0 });
      expect(b.names()).toEqual(["NEWER"]);
      const goBack = async (): Promise<void> => {
        const now = await bytesAt(engine, "vault");
        expect(await engine.replace("vault", old, now === undefined ? undefined : digestOf(now))).toBe("done");
      };
      await goBack();
      for (const machine of [a, b]) expect(machine.vault(["secrets", "list"])).toMatchObject({ status: 6, err: expect.stringMatching(/generation 1, and this machine has seen 2[^]*vault store restore[^]*vault accept/) as string });
      expect(a.vault(["doctor"])).toMatchObject({ status: 6 });
      expect(b.vault(["store", "restore"])).toMatchObject({ status: 0, out: expect.stringContaining("is generation 2 again, in the place of 1") as string });
      expect(a.names()).toEqual(["NEWER"]);
      // With the end of the log, as a failover loses it; and somebody has gone on from there.
      await goBack();
      const lines = await engine.list("log/", "", 100);
      for (const { name, bytes } of lines.slice(-2)) expect(await engine.replace(name, undefined, digestOf(bytes))).toBe("done");
      expect(b.vault(["store", "restore"])).toMatchObject({ status: 0 });
      expect(a.vault(["audit", "--verify"])).toMatchObject({ status: 0 });
      expect(await engine.list("log/", "", 100)).toHaveLength(lines.length + 1);
      await goBack();
      const [, named = ""] = /vault accept (\S+)/.exec(a.vault(["secrets", "list"]).err) ?? [];
      expect(a.vault(["accept", named])).toMatchObject({ status: 0 });
      expect(a.names()).toEqual([]);
      expect(b.vault(["secrets", "list"])).toMatchObject({ status: 6 });
    } finally {
      await engine.close();
    }
  });

  test("moves to the file, to another place and back, with its log; who comes to the old place is told", () => {
    const [first, second] = [stage().place(), stage().place()];
    const [a, b] = [openMachine(first), openMachine(first)];
    a.vault(["init", "--provider", "file"]);
    a.vault(create("KEPT"), VALUE);
    const moved = (to: string): void => {
      expect(a.vault(["store", "migrate", "--to", to])).toMatchObject({ status: 0, err: "" });
      expect(a.names()).toEqual(["KEPT"]);
      expect(a.vault(["audit", "--verify"])).toMatchObject({ status: 0 });
    };
    moved(first.url);
    expect(a.vault(["store", "migrate", "--to", first.url])).toMatchObject({ status: 2 });
    bringKey(a, b);
    expect(b.vault(["init", "--store", first.url])).toMatchObject({ status: 0 });
    moved(second.url);
    expect(b.vault(["secrets", "list"])).toMatchObject({ status: 14, err: expect.stringContaining("it was moved to") as string });
    expect(b.vault(create("LATE"), VALUE)).toMatchObject({ status: 14 });
    expect(b.vault(["init", "--store", second.url])).toMatchObject({ status: 0 });
    expect(b.names()).toEqual(["KEPT"]);
    moved(first.url);
    moved("file");
    expect(readdirSync(a.folder)).not.toContain("store.json");
    expect(b.vault(["secrets", "list"])).toMatchObject({ status: 14 });
    // Each move, each joining, and what was before.
    const kinds = (JSON.parse(a.vault(["audit", "--json"]).out) as { entries: { event: { kind: string } }[] }).entries.map(({ event }) => event.kind);
    expect(kinds.filter((kind) => kind === "store.move")).toHaveLength(4);
    expect(kinds.filter((kind) => kind === "store.join")).toHaveLength(2);
  });

  test("that is away is said to be, and its copy is not taken for it", async () => {
    const place = stage().place();
    const a = openMachine(place);
    a.vault(["init", "--store", place.url, "--provider", "file"]);
    a.vault(create("THERE"), VALUE);
    await stage().stop();
    try {
      expect(a.vault(["secrets", "list"])).toMatchObject({ status: 14, out: "" });
      expect(a.vault(create("NEW"), VALUE)).toMatchObject({ status: 14 });
      expect(a.vault(["run", "--", "true"])).toMatchObject({ status: 125 });
      expect(a.vault(["doctor"]).status).not.toBe(0);
      const { out, status } = a.vault(["status", "--json"]);
      expect(status).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ secrets: 1, store: { reachable: false } });
    } finally {
      await stage().start();
    }
    expect(a.names()).toEqual(["THERE"]);
  });
});
