// A user's folders with a vault in them, and what the application sees of the world there.
import { join } from "node:path";
import { engineFinder } from "../../src/app/keys/vault-engine.ts";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import { createSecret } from "../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import { findPaths } from "../../src/paths.ts";
import { Secret } from "../../src/secret.ts";
import { makeFolder } from "./temporary.ts";

export interface Home {
  readonly surroundings: Surroundings;
  /** What the user was told beside the answer. */
  readonly warnings: readonly string[];
}

/** Folders as XDG has them, in a temporary folder; nothing is in them yet. Asking for the passphrase is a failure of the test. */
export function makeHome(variables: Readonly<Record<string, string>> = {}): Home {
  return makeHomeIn(makeFolder(), variables);
}

/** The same in a folder that the caller has. */
export function makeHomeIn(root: string, variables: Readonly<Record<string, string>> = {}): Home {
  const all = { XDG_DATA_HOME: join(root, "data"), XDG_CONFIG_HOME: join(root, "config"), XDG_STATE_HOME: join(root, "state"), XDG_RUNTIME_DIR: join(root, "run"), ...variables };
  const warnings: string[] = [];
  const surroundings: Surroundings = {
    paths: findPaths({ variables: all, home: root, temporary: root, cwd: root, platform: process.platform, uid: process.getuid?.() ?? 0, findEngine: engineFinder(process.env, undefined) }),
    variables: all,
    now: () => new Date(),
    findPassphrase: () => Promise.reject(new Error("asked for the passphrase")),
    hasGivenPassphrase: false,
    showWork: (_label, work) => work(),
    showProgress: () => undefined,
    warn: (message) => warnings.push(message),
  };
  return { surroundings, warnings };
}

/** A home with a vault whose key is in a file, and secrets of these names in it. */
export async function makeVaultHome(...names: readonly string[]): Promise<Home> {
  const home = makeHome();
  await makeVault(home.surroundings, { provider: "file", path: undefined });
  for (const name of names) await addSecret(home.surroundings, name);
  return home;
}

export async function addSecret(surroundings: Surroundings, name: string): Promise<void> {
  const secret = { name, scope: { kind: "global" }, service: undefined, hosts: ["api.example.com:443"], places: ["header"], allowPrivate: false } as const;
  await createSecret(surroundings, secret, () => Promise.resolve(Secret.fromText(`value of ${name}`)));
}
