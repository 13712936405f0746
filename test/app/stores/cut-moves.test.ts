// A vault on its way to a store, from one to another, and back, cut off at every question that it asks: it is in force in one place, whole, and moving it again ends it.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findMoved } from "../../../src/store/judge-stored.ts";
import { readStoreFile } from "../../../src/store/store-file.ts";
import { readVault } from "../../../src/store/vault-store.ts";
import { verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import { initOnStore } from "../../../src/app/stores/init-on-store.ts";
import type { Destination } from "../../../src/app/stores/move-vault.ts";
import { moveVault } from "../../../src/app/stores/move-vault.ts";
import type { NamedStore } from "../../../src/app/stores/named-store.ts";
import { restoreStore } from "../../../src/app/stores/restore-store.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { VaultError } from "../../../src/errors.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { addSecret, makeHome, makeVaultHome } from "../../support/home.ts";
import type { MemoryEngine } from "../../support/memory-engine.ts";
import { openMemoryEngine } from "../../support/memory-engine.ts";

const [A, B] = ["redis://127.0.0.1/0/a", "redis://127.0.0.1/0/b"];
/** Every question in the soak; here so many that each sort of state comes. */
const STEP = process.env["VAULT_SOAK"] === undefined ? 6 : 1;

class Killed extends VaultError {
  constructor() {
    super("store-unavailable", "the process was killed");
  }
}

interface World {
  readonly home: Surroundings;
  readonly engines: Readonly<Record<string, MemoryEngine>>;
}

/** The `nth` question to any engine is the last: asked and not heard of, or not asked any more. */
interface Cut {
  left: number;
  readonly isAsked: boolean;
}

function cutting(engine: Engine, cut: Cut | undefined): Engine {
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    if (cut === undefined) return question();
    cut.left -= 1;
    if (cut.left < 0 || (cut.left === 0 && !cut.isAsked)) throw new Killed();
    const answer = await question();
    if (cut.left === 0) throw new Killed();
    return answer;
  };
  return {
    where: engine.where,
    read: (name, known) => ask(() => engine.read(name, known)),
    replace: (name, bytes, expected) => ask(() => engine.replace(name, bytes, expected)),
    list: (prefix, after, max) => ask(() => engine.list(prefix, after, max)),
    watch: (name, onChange) => engine.watch(name, onChange),
    close: () => engine.close(),
  };
}

/** As a process that begins now sees it. */
function surroundingsOf({ home, engines }: World, cut?: Cut): Surroundings {
  const store = readStoreFile(home.paths.dataFolder)?.store;
  const engine = store === undefined ? undefined : engines[store];
  return { ...home, paths: { ...home.paths, engine: engine === undefined ? undefined : () => Promise.resolve(cutting(engine, cut)) } };
}

function destination(world: World, to: string, cut?: Cut): Destination {
  return world.engines[to] === undefined ? "file" : named(world, to, cut);
}

function named({ engines }: World, to: string, cut?: Cut): NamedStore {
  return { file: { store: to, password: "variable" }, open: () => Promise.resolve(cutting(engines[to] ?? openMemoryEngine(), cut)) };
}

/** What the person does by hand, where the key is a file. */
function bringKey(from: Surroundings, to: Surroundings): void {
  const [source, target] = [from, to].map(({ variables }) => join(variables["XDG_CONFIG_HOME"] ?? "", "vault", "keys"));
  cpSync(source ?? "", target ?? "", { recursive: true });
}

function cloneEngines(engines: World["engines"]): World["engines"] {
  return Object.fromEntries(Object.entries(engines).map(([name, { entries }]) => {
    const engine = openMemoryEngine();
    for (const [entry, bytes] of entries) engine.entries.set(entry, bytes.slice());
    return [name, engine];
  }));
}

/** As docs/stores.md says it for a machine that is lost. */
async function takeOver(world: World, from: string, to: string): Promise<void> {
  const surroundings = surroundingsOf(world);
  if (to === "file") await restoreStore(surroundings);
  else if (from === "file") await moveVault(surroundings, destination(world, to));
  else await initOnStore(surroundings, named(world, to), undefined);
}

async function makeWorld(): Promise<World> {
  const { surroundings: home } = await makeVaultHome("KEPT");
  const world = { home, engines: { [A]: openMemoryEngine(), [B]: openMemoryEngine() } };
  await withOpenVault(home, async (vault) => {
    const trail = await openRunTrail(home, vault, "00112233445566ff", { kind: "run.start", program: "p", workspace: null, group: null, secrets: [] });
    trail.enter({ kind: "use", secret: "KEPT", host: "a.example:443" });
    trail.flush();
    await trail.close({ kind: "run.end" });
  });
  return world;
}

const move = (world: World, to: string, cut?: Cut): Promise<unknown> => moveVault(surroundingsOf(world, cut), destination(world, to, cut));

/** Where a vault stands under its name. On this machine's disk it counts only where no store.json says otherwise. */
function inForce({ home, engines }: World): string[] {
  const on = Object.entries(engines).filter(([, engine]) => {
    const bytes = engine.entries.get("vault");
    return bytes !== undefined && findMoved(bytes) === undefined;
  }).map(([name]) => name);
  return readStoreFile(home.paths.dataFolder) === undefined ? ["file", ...on] : on;
}

async function expectWhole(world: World, ...names: readonly string[]): Promise<void> {
  const surroundings = surroundingsOf(world);
  expect((await readVault(surroundings.paths))?.records.all().map(({ name }) => name).sort()).toEqual(names.length === 0 ? ["KEPT"] : names);
  const { doubts, segments } = await verifyTrail(surroundings);
  expect([doubts, segments]).toEqual([[], 1]);
}

describe.each([["the file to a store", ["file", A]], ["a store to another", [A, B]], ["a store to the file", [A, "file"]], ["a store back to one that it was on", [B, A]]] as const)("from %s", (title, [from, to]) => {
  const start = async (): Promise<World> => {
    const world = await makeWorld();
    if (from === B) await move(world, A);
    if (from !== "file") await move(world, from);
    return world;
  };

  test.each([false, true])("cut off at each question (asked: %s)", async (isAsked) => {
    let [cuts, nameless] = [0, 0];
    for (let nth = 1 + (title.length % STEP); ; nth += STEP) {
      const world = { ...(await start()), other: makeHome().surroundings };
      bringKey(world.home, world.other);
      if (from !== "file") await initOnStore(world.other, named(world, from), undefined);
      const cut = { left: nth, isAsked };
      const failure = await move(world, to, cut).then(() => undefined, (error: unknown) => error);
      for (const engine of Object.values(world.engines)) for (const name of engine.entries.keys()) if (name.startsWith("lease/")) engine.entries.delete(name);
      if (cut.left > 0) {
        expect(failure).toBeUndefined();
        break;
      }
      cuts += 1;
      const places = inForce(world);
      expect(places.length, `${nth}: ${places.join(", ")}`).toBeLessThanOrEqual(1);
      if (places.length === 1) {
        await expectWhole(world);
      } else {
        nameless += 1;
        // The old place is given up. With the machine lost, another one that has the key brings it in force; and where the machine comes back all the same, it goes on with what is there.
        const isBack = nameless % 2 === 1;
        const elsewhere = { home: world.other, engines: isBack ? world.engines : cloneEngines(world.engines) };
        await takeOver(elsewhere, from, to);
        expect(inForce(elsewhere), String(nth)).toEqual([to === "file" ? from : to]);
        await expectWhole(elsewhere);
        if (isBack) {
          await addSecret(surroundingsOf(elsewhere), "MEANWHILE");
          await move(world, to);
          expect(inForce(world), String(nth)).toEqual([to]);
          await expectWhole(world, "KEPT", "MEANWHILE");
          continue;
        }
      }
      if (!(places.length === 1 && places[0] === to && readStoreFile(world.home.paths.dataFolder)?.next === undefined)) await move(world, to);
      expect(inForce(world), String(nth)).toEqual([to]);
      await expectWhole(world);
      await addSecret(surroundingsOf(world), "AFTER");
    }
    expect(cuts).toBeGreaterThan(1);
    if (STEP === 1) expect(nameless).toBeGreaterThan(1);
  }, 600_000);
});

test("what another move has brought is not taken for what a machine's own old store has given up, long ago, for that place", async () => {
  for (let left = 1; ; left += 1) {
    const world = { ...(await makeWorld()), other: makeHome().surroundings };
    bringKey(world.home, world.other);
    await move(world, A);
    await initOnStore(world.other, named(world, A), undefined);
    for (const to of [B, "file"]) await move(world, to);
    // Cut off on its way there once more, with the file in force.
    const cut = { left, isAsked: true };
    await move(world, B, cut).catch(() => undefined);
    if (world.engines[B]?.entries.has("arriving") !== true) continue;
    expect(inForce(world)).toEqual(["file"]);
    const elsewhere = { home: world.other, engines: world.engines };
    await expect(initOnStore(surroundingsOf(elsewhere), named(elsewhere, B), undefined)).rejects.toMatchObject({ code: "busy", message: expect.stringContaining("another move has brought it") as string });
    await expect(moveVault(surroundingsOf(elsewhere), destination(elsewhere, B))).rejects.toMatchObject({ code: "busy" });
    expect(inForce(world)).toEqual(["file"]);
    for (const name of world.engines[B].entries.keys()) if (name.startsWith("lease/")) world.engines[B].entries.delete(name);
    await move(world, B);
    expect(inForce(world)).toEqual([B]);
    await expectWhole(world);
    return;
  }
}, 120_000);
