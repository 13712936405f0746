// Reads what aivault's `secrets import --entry NAME=VALUE` takes, one entry a line: the value is everything behind the first `=`, as it stands.
import { findText } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Assignment, AssignmentFile } from "./assignment.ts";
import { refuseLine, VALUE_BYTES_MAX } from "./assignment.ts";

const ENTRY = /^(?:--entry[ =])?([A-Za-z_][A-Za-z0-9_.-]{0,127})=/;

/**
 * @param what the file, as the user knows it.
 * @throws VaultError `usage`, with the number of the line.
 */
export function parseEntryLines(bytes: Uint8Array, what: string): AssignmentFile {
  const text = findText(bytes);
  if (text === undefined) throw new VaultError("usage", `${what} is no UTF-8`, "write it as text in UTF-8");
  const assignments: Assignment[] = [];
  let at = 0;
  for (const [index, whole] of text.split("\n").entries()) {
    const row = whole.replace(/\r$/, "");
    const line = index + 1;
    if (row !== "") {
      const head = ENTRY.exec(row);
      const name = head?.[1];
      if (head === null || name === undefined) throw refuseLine(what, line, "this is no NAME=VALUE");
      if (row.includes("\0") || row.includes("\r")) throw refuseLine(what, line, "there is a control character in it");
      const before = assignments.find((other) => other.name === name);
      if (before !== undefined) throw refuseLine(what, line, `"${name}" stands on line ${before.line} already`, "keep one of the two");
      const value = Secret.fromText(row.slice(head[0].length));
      if (value.length > VALUE_BYTES_MAX) throw refuseLine(what, line, `the value is longer than ${VALUE_BYTES_MAX} bytes`);
      assignments.push({ name, value, line, start: at + head[0].length, end: at + row.length });
    }
    at += whole.length + 1;
  }
  return { text, assignments, quote: (value) => value };
}
