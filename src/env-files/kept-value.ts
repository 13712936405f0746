// What stands in a file in the place of a value that went into the vault.
import type { AssignmentFile } from "./assignment.ts";

/** Says to a reader where the value is; it is worth nothing, and no program takes it for a key. */
export const KEPT_VALUE = "kept-in-vault";

/** The file's text with these names' values replaced; comments, order and everything else stay as they are. */
export function withoutValues({ text, assignments, quote }: AssignmentFile, names: ReadonlySet<string>): string {
  let written = "";
  let at = 0;
  for (const { name, start, end } of assignments) {
    if (!names.has(name)) continue;
    written += text.slice(at, start) + quote(KEPT_VALUE);
    at = end;
  }
  return written + text.slice(at);
}
