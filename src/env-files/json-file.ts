// Reads one flat JSON object of text: what several exporters of secrets write.
import { findText } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Assignment, AssignmentFile } from "./assignment.ts";
import { lineAt, refuseLine, VALUE_BYTES_MAX } from "./assignment.ts";

const STRING = /"(?:[^"\\]|\\.)*"/g;
const HINT = 'the file is one object of text, such as {"OPENAI_API_KEY": "…"}';

/**
 * @param what the file, as the user knows it.
 * @throws VaultError `usage`. JSON.parse quotes its input, so its message is not repeated.
 */
export function parseFlatJson(bytes: Uint8Array, what: string): AssignmentFile {
  const text = findText(bytes)?.replace(/^\uFEFF/, "");
  const members = text === undefined ? undefined : findMembers(text);
  if (text === undefined || members === undefined) throw new VaultError("usage", `${what} is no JSON object`, HINT);
  for (const [name, value] of members) if (typeof value !== "string") throw new VaultError("usage", `${what}: the value of "${name}" is no text`, HINT);
  // All keys and values are strings here, so they alternate; JSON.parse would keep the last of two members of one name.
  const tokens = [...text.matchAll(STRING)];
  const assignments: Assignment[] = [];
  const taken = new Map<string, number>();
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    const [key, value] = [tokens[at], tokens[at + 1]];
    if (key === undefined || value === undefined) continue;
    const name = decodeString(key[0]);
    const line = lineAt(text, key.index);
    const before = taken.get(name);
    if (before !== undefined) throw refuseLine(what, line, `"${name}" stands on line ${before} already`, "keep one of the two");
    taken.set(name, line);
    const secret = Secret.fromText(decodeString(value[0]));
    if (secret.length > VALUE_BYTES_MAX) throw refuseLine(what, line, `the value is longer than ${VALUE_BYTES_MAX} bytes`);
    assignments.push({ name, value: secret, line, start: value.index, end: value.index + value[0].length });
  }
  return { text, assignments, quote: (value) => JSON.stringify(value) };
}

function findMembers(text: string): [string, unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  } catch {
    return undefined;
  }
}

function decodeString(token: string): string {
  const value: unknown = JSON.parse(token);
  return typeof value === "string" ? value : "";
}
