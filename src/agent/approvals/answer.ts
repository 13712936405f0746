// What a person answers, and what becomes of a request that waits.
import { encodeBase64, findText, utf8 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { parseInteger, parseObject } from "../../vault/json-shape.ts";
import { parseBytes, parseMembers } from "../wire/message.ts";

/** A day: who wants more changes the rule. */
const ALLOW_MS_MAX = 24 * 60 * 60 * 1000;
/** Of the reason that a program is told. */
const REASON_MAX = 500;

/** Through which door the person came. */
const DOORS = ["command", "page", "here"] as const;
export type Door = (typeof DOORS)[number];

/**
 * For how much an approval is good. `once`: for this one request. `run`: for what the same rule holds of the same secrets at the same host, with the same method, for as long as the run lasts. `time`: likewise, of whichever run, for so long.
 * `rule`: for all that the rule holds of the secrets, whichever host, method and run, until the vault is locked.
 */
export type Extent = { readonly kind: "once" } | { readonly kind: "run" } | { readonly kind: "rule" } | { readonly kind: "time"; readonly ms: number };

export type PersonsAnswer =
  | { readonly kind: "allow"; readonly extent: Extent }
  /** `reason` is for the program; empty where none was given. */
  | { readonly kind: "deny"; readonly reason: string };

export type Decision =
  /** `standing`: by an approval that was given before. */
  | { readonly kind: "allowed"; readonly by: Door | "standing"; readonly extent: Extent["kind"] }
  | { readonly kind: "denied"; readonly by: Door; readonly reason: string }
  | { readonly kind: "unanswered" }
  /** Too many wait already. */
  | { readonly kind: "crowded" }
  /** The agent has ended: it was locked, say. */
  | { readonly kind: "ended" };

/** As they go across the socket. */
export function encodeReasoned(answer: PersonsAnswer | Decision): Record<string, unknown> {
  return answer.kind === "deny" || answer.kind === "denied" ? { ...answer, reason: encodeBase64(utf8(answer.reason)) } : { ...answer };
}

/** @throws VaultError for anything but an answer. */
export function parseAnswer(value: unknown): PersonsAnswer {
  const { kind } = parseObject(value, "an answer");
  switch (kind) {
    case "allow":
      return { kind, extent: parseExtent(parseMembers(value, ["kind", "extent"])["extent"]) };
    case "deny":
      return { kind, reason: parseReason(parseMembers(value, ["kind", "reason"])["reason"]) };
    default:
      throw new VaultError("bad-schema", "no such answer");
  }
}

/** @throws VaultError for anything but a door. */
export function parseDoor(value: unknown): Door {
  return requireOneOf(DOORS, value);
}

/** @throws VaultError for anything but a decision. */
export function parseDecision(value: unknown): Decision {
  const { kind } = parseObject(value, "a decision");
  switch (kind) {
    case "allowed": {
      const { by, extent } = parseMembers(value, ["kind", "by", "extent"]);
      return { kind, by: requireOneOf([...DOORS, "standing"] as const, by), extent: requireOneOf(["once", "run", "rule", "time"] as const, extent) };
    }
    case "denied": {
      const { by, reason } = parseMembers(value, ["kind", "by", "reason"]);
      return { kind, by: parseDoor(by), reason: parseReason(reason) };
    }
    case "unanswered":
    case "crowded":
    case "ended":
      parseMembers(value, ["kind"]);
      return { kind };
    default:
      throw new VaultError("bad-schema", "no such decision");
  }
}

function parseReason(value: unknown): string {
  const reason = findText(parseBytes(value, 0, 4 * REASON_MAX));
  if (reason === undefined || reason.length > REASON_MAX) throw new VaultError("out-of-bounds", `a reason is no text, or longer than ${REASON_MAX}`);
  return reason;
}

function parseExtent(value: unknown): Extent {
  const { kind } = parseObject(value, "an extent");
  if (kind === "time") return { kind, ms: parseInteger(parseMembers(value, ["kind", "ms"])["ms"], 1, ALLOW_MS_MAX, "the time of an approval") };
  parseMembers(value, ["kind"]);
  return { kind: requireOneOf(["once", "run", "rule"] as const, kind) };
}

function requireOneOf<T extends string>(words: readonly T[], value: unknown): T {
  const word = words.find((known) => known === value);
  if (word === undefined) throw new VaultError("bad-schema", "an unknown word in a message");
  return word;
}
