import type { AuditEntry } from "../../audit/entry.ts";
import { visible } from "./visible-text.ts";

/** One entry as one line. JSON keeps control characters escaped, so nothing in a name can start a line or move the cursor. */
export function entryLine({ seq, at, event }: AuditEntry): string {
  const { kind, ...details } = event;
  const told = Object.entries(details).map(([name, detail]) => `${name}=${typeof detail === "string" ? wordOf(detail) : visible(JSON.stringify(detail))}`);
  return [String(seq).padStart(5), at, wordOf(kind), ...told].join(" ");
}

function wordOf(text: string): string {
  return /^[\w.:*/@+=-]+$/.test(text) ? text : visible(JSON.stringify(text));
}
