// What is typed behind an answer: for how much an approval is good, and why something was denied.
import type { Answer } from "../../app/approvals/waiting.ts";
import { VaultError } from "../../errors.ts";
import { parseDuration } from "./duration.ts";

type Extent = Extract<Answer, { readonly kind: "allow" }>["extent"];

const DAY_MS = 24 * 60 * 60 * 1000;
const REASON_MAX = 500;

/** @throws VaultError `usage`. */
export function parseExtent(text: string | undefined): Extent {
  if (text === undefined) return { kind: "once" };
  if (text === "run" || text === "rule") return { kind: text };
  const ms = parseDuration(text, "--for");
  if (ms > DAY_MS) throw new VaultError("usage", "--for takes a time of a day at most", "change the rule instead: vault secrets update NAME");
  return { kind: "time", ms };
}

/** @throws VaultError `usage`. */
export function parseReason(text = ""): string {
  if (text.length > REASON_MAX) throw new VaultError("usage", `--reason takes at most ${REASON_MAX} characters`);
  return text;
}
