// A text whose fields can be replaced while every other byte stays. Formats find the fields; what is replaced is read again before it counts.
import { VaultError } from "../errors.ts";
import type { FieldPath } from "./field-path.ts";
import { describePath } from "./field-path.ts";

/** A single value of a document. */
export interface DocumentField {
  readonly path: FieldPath;
  /** `empty` is null; `fixed` is something that cannot be replaced by a text, such as a YAML alias. */
  readonly kind: "text" | "literal" | "empty" | "fixed";
  /** Of a text, what it says; of anything else, as it is spelled. */
  readonly text: string;
  /** From here to there it is spelled, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

export interface DocumentFormat {
  readonly name: string;
  /** All single values. @throws VaultError `usage` for what is not in this format, or could be read in two ways; by the number of the line. */
  readonly parse: (text: string) => readonly DocumentField[];
  /** How a writer spells a text. Undefined where the format cannot. */
  readonly spell: (text: string) => string | undefined;
}

export interface FieldEdit {
  readonly field: DocumentField;
  /** What the field is to say, and what kind it is to be. */
  readonly kind: "text" | "literal";
  readonly text: string;
  /** Tried first, where there is one. */
  readonly spelling: string | undefined;
}

/**
 * The document with these fields replaced.
 *
 * @param fields all of the document's.
 * @throws VaultError `usage` where the format cannot hold a value: nothing is returned that does not read back as it was meant.
 */
export function editDocument(format: DocumentFormat, text: string, fields: readonly DocumentField[], edits: readonly FieldEdit[]): string {
  if (edits.length === 0) return text;
  const wanted = new Map(edits.map((edit) => [edit.field, edit]));
  const first = splice(text, edits.map((edit) => ({ edit, spelling: edit.spelling ?? usualSpelling(format, edit) })));
  if (isAsWanted(format, first, fields, wanted)) return first;
  // A spelling that fitted when it was sealed may not fit any more, in a block that was indented since, say.
  const second = splice(text, edits.map((edit) => ({ edit, spelling: usualSpelling(format, edit) })));
  if (isAsWanted(format, second, fields, wanted)) return second;
  throw new VaultError("usage", `the document would not read back as it was meant with ${edits.map(({ field }) => `"${describePath(field.path)}"`).slice(0, 3).join(", ")} replaced`, "write these values in a simpler way, such as in double quotes on one line");
}

function usualSpelling(format: DocumentFormat, { field, kind, text }: FieldEdit): string {
  const spelling = kind === "literal" ? text : format.spell(text);
  if (spelling === undefined) throw new VaultError("usage", `the value of "${describePath(field.path)}" cannot be written in ${format.name}`);
  return spelling;
}

/** The new spellings in the place of the old ones, from front to back. */
function splice(text: string, replacements: readonly { readonly edit: FieldEdit; readonly spelling: string }[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { edit: { field }, spelling } of [...replacements].sort((a, b) => a.edit.field.start - b.edit.field.start)) {
    pieces.push(text.slice(at, field.start), spelling);
    at = field.end;
  }
  pieces.push(text.slice(at));
  return pieces.join("");
}

/** Reads the document again: the same fields in the same order, the replaced ones as they were meant, and all others as they were. */
function isAsWanted(format: DocumentFormat, text: string, fields: readonly DocumentField[], wanted: ReadonlyMap<DocumentField, FieldEdit>): boolean {
  let now: readonly DocumentField[];
  try {
    now = format.parse(text);
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
  }
  return now.length === fields.length && fields.every((field, index) => {
    const { kind, text: said } = wanted.get(field) ?? field;
    const found = now[index];
    return found?.kind === kind && found.text === said && isSamePath(found.path, field.path);
  });
}

function isSamePath(a: FieldPath, b: FieldPath): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}
