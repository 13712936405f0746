// The buckets of one vault, for all runs of this machine. One use after the other: what was taken is on the disk before anybody is told.
import { join } from "node:path";
import { replaceLosableFile, readPrivateFile } from "../../disk/durable-file.ts";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { identifyThisProcess } from "../../disk/process-identity.ts";
import { VaultError } from "../../errors.ts";
import type { BucketUse, Level } from "./rate-bucket.ts";
import { fill, nameOf, waitFor } from "./rate-bucket.ts";
import type { Authenticate, RateState } from "./rate-state.ts";
import { BUCKETS_MAX, encodeState, recallState, STATE_BYTES_MAX } from "./rate-state.ts";

const FILE = "rates.json";

/** Since the machine was started, sleep left out. It goes on from one process to the next, and nobody sets it. */
export interface MachineClock {
  readonly boot: string;
  readonly nowMs: () => number;
}

const machineClock: MachineClock = {
  boot: identifyThisProcess().boot,
  nowMs: () => Number(process.hrtime.bigint() / 1_000_000n),
};

export class RateKeeper {
  readonly #folder: string;
  readonly #clock: MachineClock;
  #state: RateState | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();

  /** @param folder of what this machine remembers of the vault. */
  constructor(folder: string, clock: MachineClock = machineClock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Takes one from each bucket, or nothing from any.
   *
   * @returns how long until there is one in each, in milliseconds; 0 where it was taken.
   * @throws VaultError `io` where that cannot be written down: nothing counts as taken then, and nothing may be done with it.
   */
  take(uses: readonly BucketUse[], authenticate: Authenticate): Promise<number> {
    const turn = this.#lastTurn.then(() => this.#take(uses, authenticate));
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  /** For another vault, whose file is another. */
  clear(): void {
    this.#state = undefined;
  }

  async #take(uses: readonly BucketUse[], authenticate: Authenticate): Promise<number> {
    const state = (this.#state ??= await this.#recall(authenticate));
    const nowMs = this.#clock.nowMs();
    const levels = new Map(state.levels);
    const waits = uses.map((use) => {
      const name = nameOf(use);
      const level = fill(levels.get(name) ?? { tokens: 0, atMs: state.emptyAtMs }, use, nowMs);
      levels.set(name, { ...level, tokens: level.tokens - 1 });
      return waitFor(level, use);
    });
    const waitMs = Math.max(0, ...waits);
    if (waitMs > 0) return waitMs;
    const taken: RateState = { ...state, levels: bounded(levels) };
    await this.#keep(taken, authenticate);
    this.#state = taken;
    return 0;
  }

  /** Also since when nothing has been taken is kept: an agent that comes and goes with short runs would otherwise find empty buckets for ever. */
  async #recall(authenticate: Authenticate): Promise<RateState> {
    const state = await recallState(this.#read(), { boot: this.#clock.boot, ms: this.#clock.nowMs() }, authenticate);
    await this.#keep(state, authenticate);
    return state;
  }

  async #keep(state: RateState, authenticate: Authenticate): Promise<void> {
    const bytes = await encodeState(state, authenticate);
    if (bytes.length > STATE_BYTES_MAX) throw new VaultError("io", "too many rates are counted");
    ensurePrivateFolder(this.#folder);
    replaceLosableFile(join(this.#folder, FILE), bytes);
  }

  #read(): Uint8Array | undefined {
    try {
      return readPrivateFile(join(this.#folder, FILE), STATE_BYTES_MAX);
    } catch {
      // Somebody else's, or no file: as if there were none.
      return undefined;
    }
  }
}

/** A use of one too many finds no bucket the next time, and those that are not named fill up as if nothing had been taken: so none goes in. */
function bounded(levels: ReadonlyMap<string, Level>): ReadonlyMap<string, Level> {
  if (levels.size > BUCKETS_MAX) throw new VaultError("io", "too many rates are counted");
  return levels;
}
