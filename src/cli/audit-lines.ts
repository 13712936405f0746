import type { AuditEntry } from "../audit/entry.ts";

/** One entry as one line. JSON keeps control characters escaped, so nothing in a name can start a line or move the cursor. */
export function entryLine({ seq, at, event }: AuditEntry): string {
  const { kind, ...details } = event;
  const told = Object.entries(details).map(([name, detail]) => `${name}=${typeof detail === "string" ? visible(detail) : escapeUnseen(JSON.stringify(detail))}`);
  return [String(seq).padStart(5), at, visible(kind), ...told].join(" ");
}

function visible(text: string): string {
  return /^[\w.:*/@+=-]+$/.test(text) ? text : escapeUnseen(JSON.stringify(text));
}

/** JSON escapes the older control characters itself. */
function escapeUnseen(text: string): string {
  return text.replaceAll(/[\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
