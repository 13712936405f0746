// Folders that stand for machines: each is a user's whole world, and all reach one store.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { credentialsFor } from "../../src/engines/credentials.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { parseLocator } from "../../src/engines/locator.ts";
import { openEngine } from "../../src/engines/open-engine.ts";
import type { EnginePlace } from "./engine-places.ts";
import { NODE, RUN_JS } from "./program.ts";
import type { Said } from "./started-program.ts";
import { startVault } from "./started-program.ts";
import { makeFolder } from "./temporary.ts";

export interface Machine {
  /** `VAULT_DIR`. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  vault(args: readonly string[], input?: string): Said;
  /** The same while this process goes on: for what passes a relay of the test's. */
  start(args: readonly string[], input?: string): Promise<Said>;
  /** The names of the secrets; throws what the program said where it ended otherwise than with 0. */
  names(): string[];
  read(name: string): string;
}

/** @param place whose password or keys stand in the environment of all that it runs. @param home one that the caller removes. */
export function openMachine(place: EnginePlace, more: Readonly<Record<string, string>> = {}, home = makeFolder()): Machine {
  const folder = join(home, "vault");
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home, VAULT_DIR: folder, ...place.environment, ...more };
  const vault = (args: readonly string[], input = ""): Said => {
    const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env, input, encoding: "utf8", maxBuffer: 1 << 28 });
    return { status, out: stdout, err: stderr };
  };
  return {
    folder,
    env,
    vault,
    start: (args, input = "") => startVault(args, { env, input }),
    names() {
      const { status, out, err } = vault(["secrets", "list", "--json"]);
      if (status !== 0) throw new Error(`${String(status)}: ${err}`);
      return (JSON.parse(out) as { secrets: { name: string }[] }).secrets.map(({ name }) => name).sort();
    },
    read: (name) => readFileSync(join(folder, name), "utf8"),
  };
}

/** What the person does by hand, where the key is a file. */
export function bringKey(from: Machine, to: Machine): void {
  mkdirSync(to.folder, { recursive: true, mode: 0o700 });
  copyFileSync(join(from.folder, "kek.key"), join(to.folder, "kek.key"));
}

/** The store as whoever has its password reaches it, past the program. */
export function openPlace({ url, environment }: EnginePlace): Promise<Engine> {
  const { locator } = parseLocator(url);
  return openEngine(locator, credentialsFor(locator, environment));
}

export async function bytesAt(engine: Engine, name: string): Promise<Uint8Array | undefined> {
  const found = await engine.read(name);
  return found.kind === "bytes" ? found.bytes : undefined;
}
