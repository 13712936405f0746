// How far one part of the audit log has come, as it goes across the agent's socket.
import { VaultError } from "../../errors.ts";
import { parseArray, parseBase64, parseInteger, parseText } from "../../vault/json-shape.ts";
import { parseMembers } from "../wire/message.ts";

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
const HASH_BYTES = 32;
const PART = /^(?:log|[0-9a-f]{1,64})$/;

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
