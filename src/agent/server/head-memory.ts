// How far the audit log and the logs of runs have come, as far as the agent was told: a witness against those who cut what stands on the disk.
import type { PartHead } from "../messages/part-head.ts";

const PARTS_MAX = 65_536;

/**
 * It only ever goes forward: whoever can speak with the agent can make a log look cut that is not, and none look whole that is cut. For the same reason nothing is forgotten; what is one too many is not taken.
 */
export class HeadMemory {
  readonly #heads = new Map<string, PartHead>();

  note(heads: readonly PartHead[]): void {
    for (const head of heads) {
      const known = this.#heads.get(head.part);
      if (known === undefined ? this.#heads.size < PARTS_MAX : known.sequence < head.sequence) this.#heads.set(head.part, head);
    }
  }

  /** Those that are known. */
  find(parts: readonly string[]): PartHead[] {
    return parts.flatMap((part) => this.#heads.get(part) ?? []);
  }

  /** For another vault. */
  clear(): void {
    this.#heads.clear();
  }
}
