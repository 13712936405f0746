// Follows a vault that is on an engine: what changes there is brought into this machine's copy, which is what a run looks at.
import type { Engine } from "../../engines/engine.ts";
import { VaultError } from "../../errors.ts";
import type { CopyPaths } from "../../store/engine-vault.ts";
import { pullVault } from "../../store/engine-vault.ts";
import { MovedVault } from "../../store/judge-stored.ts";
import type { VaultLook } from "./vault-watch.ts";

/** An engine tells of changes by itself. What it should miss, and that it cannot be reached, is noticed this much later. */
const LOOK_MS = 10_000;
/** How long an engine may be away before a run holds its secrets back: what was taken from it meanwhile could not be seen. */
const AWAY_MS = 30_000;

export interface EngineWatch {
  /** `look`, which also tells a new state when the engine has something that does not become the copy, or was away for too long: whoever reads the vault then hears why. */
  readonly look: (look: VaultLook) => VaultLook;
  close(): void;
}

export function followEngine(paths: CopyPaths, engine: Engine, { lookMs = LOOK_MS, awayMs = AWAY_MS } = {}): EngineWatch {
  let failures = 0;
  let goodMs = performance.now();
  let pulling: Promise<void> | undefined;
  let isDue = false;
  const isOver = { now: false };
  const pullOnce = async (): Promise<void> => {
    try {
      const askedMs = performance.now();
      await pullVault(paths, () => Promise.resolve(engine));
      goodMs = askedMs;
    } catch (error) {
      const isAway = error instanceof VaultError && !(error instanceof MovedVault) && error.code === "store-unavailable" && performance.now() - goodMs < awayMs;
      if (!isAway) failures += 1;
    }
  };
  const pull = (): void => {
    if (isOver.now) return;
    isDue = pulling !== undefined;
    pulling ??= pullOnce().finally(() => {
      pulling = undefined;
      if (isDue) pull();
    });
  };
  const watch = engine.watch("vault", pull);
  const timer = setInterval(pull, lookMs).unref();
  return {
    look: (look) => (isAnew) => (failures === 0 ? look(isAnew) : `${look(isAnew)} ${failures}`),
    close() {
      isOver.now = true;
      clearInterval(timer);
      watch.close();
    },
  };
}
