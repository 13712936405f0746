// What is typed behind an answer: for how much an approval is good, and why something was denied.
import type { Answer } from "../../app/approvals/waiting.ts";
import { VaultError } from "../../errors.ts";
import { findDuration } from "./duration.ts";

type Extent = Extract<Answer, { readonly kind: "allow" }>["extent"];

const DAY_MS = 24 * 60 * 60 * 1000;
const REASON_MAX = 500;

/** @throws VaultError `usage`. */
export function parseExtent(text: string | undefined): Extent {
  if (text === undefined) return { kind: "once" };
  if (text === "run" || text === "rule") return { kind: text };
  const ms = findDuration(text);
  if (ms === undefined || ms > DAY_MS) throw new VaultError("usage", "--for takes run, rule, or a time such as 90s or 10m, of a day at most", "for longer, change the rule: vault secrets update NAME");
  return { kind: "time", ms };
}

/** @throws VaultError `usage`. */
export function parseReason(text = ""): string {
  if (text.length > REASON_MAX) throw new VaultError("usage", `--reason takes at most ${REASON_MAX} characters`);
  return text;
}
