// How far the audit log and the logs of runs have come, as far as the agent was told: a witness against those who cut what stands on the disk.
import { VaultError } from "../errors.ts";
import { parseArray, parseBase64, parseInteger, parseText } from "../vault/json-shape.ts";
import { parseMembers } from "./message.ts";

/** The newest entry of one part of the log. */
export interface PartHead {
  /** `log`, or the id of a run. */
  readonly part: string;
  readonly sequence: number;
  /** Base64 of 32 bytes. */
  readonly hash: string;
}

/** The part that is no run's. */
export const MAIN_PART = "log";
/** One frame's worth. */
export const HEADS_MAX = 4096;
const PARTS_MAX = 65_536;
const HASH_BYTES = 32;
const PART = /^(?:log|[0-9a-f]{1,64})$/;

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

/** @throws VaultError for anything but a list of heads, correct in every detail. */
export function parseHeads(value: unknown): PartHead[] {
  return parseArray(value, HEADS_MAX, "a list of heads").map((item) => {
    const members = parseMembers(item, ["part", "sequence", "hash"]);
    return { part: parsePart(members["part"]), sequence: parseInteger(members["sequence"], 0, Number.MAX_SAFE_INTEGER, "a sequence number"), hash: parseBase64(members["hash"], HASH_BYTES, "a hash") };
  });
}

/** @throws VaultError for anything but a list of parts. */
export function parseParts(value: unknown): string[] {
  return parseArray(value, HEADS_MAX, "a list of parts").map(parsePart);
}

function parsePart(value: unknown): string {
  const part = parseText(value, "a part of the log");
  if (!PART.test(part)) throw new VaultError("bad-schema", "there is no such part of a log");
  return part;
}
