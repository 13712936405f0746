// Machines that share a vault on one engine: a home for each, with a copy of the vault and of its key.
import { cpSync } from "node:fs";
import { dirname } from "node:path";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { makeHome } from "./home.ts";

/** @returns what each of them sees; the first has made the vault. */
export async function makeManyHomes(engine: Engine, count: number): Promise<readonly [Surroundings, ...Surroundings[]]> {
  const homes = Array.from({ length: count }, (): Surroundings => {
    const { surroundings } = makeHome();
    return { ...surroundings, paths: { ...surroundings.paths, engine: () => Promise.resolve(engine) } };
  });
  const [first, ...others] = homes;
  if (first === undefined) throw new Error("no machines");
  await makeVault(first, { provider: "file", path: undefined });
  for (const { paths } of others) {
    cpSync(dirname(first.paths.keyFile), dirname(paths.keyFile), { recursive: true });
    cpSync(first.paths.dataFolder, paths.dataFolder, { recursive: true });
  }
  return [first, ...others];
}
