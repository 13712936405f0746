// An engine in this process's memory, whose connection can be cut at any call: for what is decided above an engine. Whether engines keep their promises, real servers show.
import type { Digest, Engine, Entry, Found, Replaced } from "../../src/engines/engine.ts";
import { digestOf } from "../../src/engines/engine.ts";
import { VaultError } from "../../src/errors.ts";

/** What becomes of one call of `replace`: `lost` was done, and `never` was not, and in either case nobody hears of it. */
export type Fate = "answered" | "lost" | "never" | "away";

export interface MemoryEngine extends Engine {
  readonly entries: Map<string, Uint8Array>;
  /** Of each `replace`; asked before anything is done. */
  fate: (name: string) => Fate | Promise<Fate>;
  /** While true, nothing can be reached. */
  isAway: boolean;
  /** How many calls of each kind there were. */
  readonly calls: Record<"read" | "replace" | "list", number>;
  textOf(name: string): string;
  put(name: string, text: string): void;
}

export function openMemoryEngine(): MemoryEngine {
  const entries = new Map<string, Uint8Array>();
  const watchers = new Map<string, Set<() => void>>();
  const calls = { read: 0, replace: 0, list: 0 };
  const away = (): VaultError => new VaultError("store-unavailable", "the store memory: cannot be reached");
  /** As a server would: another caller's turn comes in between. */
  const reach = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (engine.isAway) throw away();
  };
  const stateOf = (name: string): Digest | undefined => {
    const bytes = entries.get(name);
    return bytes === undefined ? undefined : digestOf(bytes);
  };
  const engine: MemoryEngine = {
    where: "memory:",
    entries,
    calls,
    isAway: false,
    fate: () => "answered",
    async read(name: string, known?: Digest): Promise<Found> {
      calls.read += 1;
      await reach();
      const bytes = entries.get(name);
      if (bytes === undefined) return { kind: "none" };
      return known === digestOf(bytes) ? { kind: "same" } : { kind: "bytes", bytes: bytes.slice() };
    },
    async replace(name: string, bytes: Uint8Array | undefined, expected: Digest | undefined): Promise<Replaced> {
      calls.replace += 1;
      await reach();
      const fate = await engine.fate(name);
      if (fate === "away") throw away();
      if (fate === "never") return "unknown";
      const replaced = stateOf(name) === expected ? "done" : "changed";
      if (replaced === "done") {
        if (bytes === undefined) entries.delete(name);
        else entries.set(name, bytes.slice());
        for (const onChange of watchers.get(name) ?? []) onChange();
      }
      return fate === "lost" ? "unknown" : replaced;
    },
    async list(prefix: string, after: string, max: number): Promise<readonly Entry[]> {
      calls.list += 1;
      await reach();
      const names = [...entries.keys()].filter((name) => name.startsWith(prefix) && name > after).sort().slice(0, Math.min(max, 100));
      return names.map((name) => ({ name, bytes: entries.get(name)?.slice() ?? new Uint8Array() }));
    },
    watch(name, onChange) {
      const set = watchers.get(name) ?? new Set();
      watchers.set(name, set.add(onChange));
      return { close: () => void set.delete(onChange) };
    },
    close: () => Promise.resolve(),
    textOf: (name) => Buffer.from(entries.get(name) ?? []).toString("utf8"),
    put: (name, text) => void entries.set(name, Buffer.from(text, "utf8")),
  };
  return engine;
}
