// What stands in a file in the place of a value that went into the vault.
import type { AssignmentFile } from "./assignment.ts";
import { lineAt } from "./assignment.ts";

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

/** Below this a value turns up elsewhere by chance. */
const CONTAINED_BYTES_MIN = 8;

/** Where a value still stands in a text that it was taken out of: in a comment, say, or within another value. Lines from 1. */
export function findLeftOver(written: string, { assignments }: AssignmentFile, names: ReadonlySet<string>): { readonly name: string; readonly line: number }[] {
  const bytes = Buffer.from(written);
  return assignments.flatMap(({ name, value }) => {
    const at = names.has(name) && value.length >= CONTAINED_BYTES_MIN ? bytes.indexOf(value.reveal()) : -1;
    return at < 0 ? [] : [{ name, line: lineAt(written, bytes.subarray(0, at).toString().length) }];
  });
}
