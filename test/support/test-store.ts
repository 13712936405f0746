// Where the tests that are run once for each store have their vaults: in files, unless VAULT_TEST_STORE names an engine. It is the tests' own, and the program knows nothing of it.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { engineFinder } from "../../src/app/keys/vault-engine.ts";
import type { VaultPaths } from "../../src/paths.ts";
import { findPaths } from "../../src/paths.ts";
import type { EngineKind, EnginePlace, EngineStage } from "./engine-places.ts";
import { ENGINES } from "./engine-places.ts";

const named = process.env["VAULT_TEST_STORE"];
const KINDS: readonly string[] = Object.keys(ENGINES);
if (named !== undefined && !KINDS.includes(named)) throw new Error(`VAULT_TEST_STORE is none of ${KINDS.join(", ")}`);

/** Undefined for files. */
export const TEST_STORE = named as EngineKind | undefined;

let stage: EngineStage | undefined;
let environment: Readonly<Record<string, string>> = {};

/** For `beforeAll`. @throws where the engine's server is not installed: a suite that was asked for is not skipped. */
export async function openTestStore(): Promise<void> {
  if (TEST_STORE === undefined) return;
  stage = await ENGINES[TEST_STORE].open();
  environment = stage.place().environment;
  // For processes that tests start with all of this one's variables.
  Object.assign(process.env, environment);
}

export async function closeTestStore(): Promise<void> {
  await stage?.close();
  for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
}

/** What the program needs beside its other variables. */
export function storeVariables(): Readonly<Record<string, string>> {
  return environment;
}

/** For `vault init` in a place that nobody has used; and again, with the same place, for those that join. */
export function freshPlace(): EnginePlace | undefined {
  return stage?.place();
}

export function initOptions(place: EnginePlace | undefined): string[] {
  return place === undefined ? [] : ["--store", place.url];
}

/** What the application sees with `VAULT_DIR=folder`. */
export function testPaths(folder: string): VaultPaths {
  return findPaths({ variables: { VAULT_DIR: folder }, home: folder, temporary: folder, cwd: folder, platform: process.platform, uid: 0, findEngine: engineFinder(process.env, undefined) });
}

/** The key's file, as its person carries it to another machine. */
export function carryKey(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const key = join(from, "kek.key");
  if (existsSync(key)) copyFileSync(key, join(to, "kek.key"));
}
