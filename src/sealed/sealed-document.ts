// Whole documents: their fields sealed, opened, and sealed anew. Pure, from text to text.
import { VaultError } from "../errors.ts";
import type { Form } from "./claim.ts";
import { findForm } from "./claim.ts";
import type { DocumentField, DocumentFormat, FieldEdit } from "./document.ts";
import { editDocument } from "./document.ts";
import type { OpenedField, SealSetting } from "./field-seal.ts";
import { openField, sealField } from "./field-seal.ts";
import type { FieldPath, FieldPattern } from "./field-path.ts";
import { describePath, matchesPath } from "./field-path.ts";
import type { SealingKeys } from "./sealing-key.ts";
import { findFirstForm } from "./first-form.ts";
import { fileIdOf, findSecondForm, makeFileId } from "./second-form.ts";

export interface SealWishes {
  readonly keys: SealingKeys;
  /** For a document without sealed fields; one that has some keeps their form. Undefined: the second. */
  readonly form: Form | undefined;
  /** What the file's users call it: its sealed fields have to carry it. Undefined: an id that was drawn. */
  readonly name: string | undefined;
  /** Whether fields of the first form are opened although a name was given: while the file moves to the second. */
  readonly opensFirstForm?: boolean;
}

export interface ChangedDocument {
  readonly text: string;
  /** The fields that were changed, in the order of the document. */
  readonly changed: readonly FieldPath[];
  /** How many fields had been as they were to be already. */
  readonly kept: number;
}

interface SealedField {
  readonly field: DocumentField;
  readonly form: Form;
}

/**
 * Seals the declared fields; what is sealed already is opened, to see that it is, and stays.
 *
 * @param strict refuses plain values instead of sealing them.
 * @throws VaultError `usage` for a path that names no field, or something that is no single value; `bad-seal` for a plain value where that is refused; what opening says.
 */
export function sealDocument(format: DocumentFormat, text: string, patterns: readonly FieldPattern[], wishes: SealWishes, strict = false): ChangedDocument {
  const fields = format.parse(text);
  const declared = selectDeclared(fields, patterns);
  const sealed = findSealed(fields, (field) => declared.has(field));
  const setting = settle(sealed, wishes);
  const plain = findPlain(declared, sealed);
  const [first] = plain;
  if (strict && first !== undefined) throw notSealed(first.path);
  for (const { field } of sealed) if (declared.has(field)) openField(setting, field.path, field.text);
  return change(format, text, fields, plain.map((field) => sealEdit(format, text, setting, field)), setting, sealed.filter(({ field }) => declared.has(field)).length);
}

/**
 * Opens sealed fields: the declared ones, or all.
 *
 * @param strict refuses plain values where sealed ones are declared, instead of leaving them.
 * @throws VaultError as `sealDocument`.
 */
export function unsealDocument(format: DocumentFormat, text: string, patterns: readonly FieldPattern[] | undefined, wishes: SealWishes, strict = false): ChangedDocument {
  const fields = format.parse(text);
  const declared = patterns === undefined ? new Set(fields) : selectDeclared(fields, patterns);
  const sealed = findSealed(fields, (field) => declared.has(field));
  const setting = settle(sealed, wishes);
  const [plain] = patterns === undefined ? [] : findPlain(declared, sealed);
  if (strict && plain !== undefined) throw notSealed(plain.path);
  const wanted = sealed.filter(({ field }) => declared.has(field));
  const edits = wanted.map(({ field }): FieldEdit => ({ field, ...openField(setting, field.path, field.text).content }));
  return { text: editDocument(format, text, fields, edits), changed: wanted.map(({ field }) => field.path), kept: 0 };
}

/**
 * Seals every sealed field anew where the newest key has not sealed it, or where it is in another form than is wished for.
 *
 * @throws VaultError as `sealDocument`; `usage` where none is sealed.
 */
export function resealDocument(format: DocumentFormat, text: string, wishes: SealWishes): ChangedDocument {
  const fields = format.parse(text);
  const opened = openAll(fields, wishes);
  const setting = settle([], { ...wishes, form: wishes.form ?? opened.setting.form });
  const next = { ...setting, fileId: wishes.name === undefined && opened.setting.form === "v2" ? opened.setting.fileId : setting.fileId };
  // One form a file: where one field changes its form, all do.
  const stale = opened.fields.filter(({ isNewest }) => !isNewest || next.form !== opened.setting.form);
  const edits = stale.map(({ field, content }): FieldEdit => ({ field, kind: "text", text: sealField(next, field.path, content), spelling: undefined }));
  return change(format, text, fields, edits, next, opened.fields.length - stale.length);
}

/** Whether every sealed field is the newest key's. @throws VaultError as `sealDocument`. */
export function isNewestThroughout(format: DocumentFormat, text: string, wishes: SealWishes): boolean {
  const { fields } = openAll(format.parse(text), wishes);
  return fields.every(({ isNewest }) => isNewest);
}

/** One form and one id a file. So a field that was pasted from another file is noticed; where all of them are another file's, only by the name that the user gives. */
function settle(sealed: readonly SealedField[], { keys, form, name, opensFirstForm = false }: SealWishes): SealSetting {
  const [first] = sealed;
  const stranger = sealed.find((other) => other.form !== first?.form);
  if (first !== undefined && stranger !== undefined) throw new VaultError("bad-seal", `"${describePath(first.field.path)}" and "${describePath(stranger.field.path)}" are sealed in two forms, and a file has one`, "one of them was put there by somebody else, or by hand");
  // The first form knows no names. Values of the same key in it, in the place of those that are bound to this one, must not open.
  if (name !== undefined && first?.form === "v1" && !opensFirstForm) throw new VaultError("bad-seal", `"${describePath(first.field.path)}" is sealed in the form v1, which is bound to no file, and a name was given`, "leave the name out, if the file is in that form; to move it to v2: vault seal --rotate --from-v1 --name NAME FILE");
  if (name !== undefined && first === undefined && form === "v1") throw new VaultError("usage", "the form v1 binds no name to a value, and a name was given", "leave out one of the two");
  const ids = sealed.flatMap(({ field }) => {
    const fileId = findSecondForm(field.text)?.fileId;
    return fileId === undefined ? [] : [{ field, fileId }];
  });
  const [one] = ids;
  const other = ids.find(({ fileId }) => fileId !== one?.fileId);
  if (one !== undefined && other !== undefined) throw new VaultError("bad-seal", `"${describePath(one.field.path)}" and "${describePath(other.field.path)}" were sealed for two files`, "one of them was pasted: seal its plain value here instead");
  return { keys, form: first?.form ?? form ?? "v2", fileId: name === undefined ? (one?.fileId ?? makeFileId()) : fileIdOf(name) };
}

/** What is in one of the forms, and where a sealed value is expected, also what merely begins like one: it is refused when it is opened. */
function findSealed(fields: readonly DocumentField[], isExpected: (field: DocumentField) => boolean): SealedField[] {
  return fields.flatMap((field): SealedField[] => {
    if (field.kind === "fixed" && isExpected(field) && /enc:/i.test(field.text)) throw notReplaceable(field);
    if (field.kind !== "text") return [];
    const form = isExpected(field) ? findForm(field.text, field.path) : findFormByShape(field.text);
    return form === undefined ? [] : [{ field, form }];
  });
}

function findFormByShape(text: string): Form | undefined {
  return findSecondForm(text) !== undefined ? "v2" : findFirstForm(text) !== undefined ? "v1" : undefined;
}

function findPlain(declared: ReadonlySet<DocumentField>, sealed: readonly SealedField[]): DocumentField[] {
  const isSealed = new Set(sealed.map(({ field }) => field));
  return [...declared].filter((field) => field.kind !== "empty" && !isSealed.has(field));
}

function openAll(fields: readonly DocumentField[], wishes: SealWishes): { readonly setting: SealSetting; readonly fields: readonly (OpenedField & { readonly field: DocumentField })[] } {
  const sealed = findSealed(fields, () => true);
  if (sealed.length === 0) throw new VaultError("usage", "no field of the file is sealed, so there is nothing to seal anew", "to seal one: vault seal FILE --field PATH");
  const setting = settle(sealed, wishes);
  return { setting, fields: sealed.map(({ field }) => ({ field, ...openField(setting, field.path, field.text) })) };
}

/** Every pattern has to name something: a mistyped one would leave a secret plain without a word. */
function selectDeclared(fields: readonly DocumentField[], patterns: readonly FieldPattern[]): ReadonlySet<DocumentField> {
  const selected = new Set<DocumentField>();
  for (const pattern of patterns) {
    const matching = fields.filter(({ path }) => matchesPath(pattern, path));
    if (matching.length === 0) throw noField(fields, pattern);
    for (const field of matching) selected.add(field);
  }
  const fixed = [...selected].find(({ kind }) => kind === "fixed");
  if (fixed !== undefined) throw notReplaceable(fixed);
  return selected;
}

function notReplaceable({ path }: DocumentField): VaultError {
  return new VaultError("usage", `"${describePath(path)}" has an anchor, an alias or a tag, and can be neither sealed nor opened`, "write the value itself there");
}

function noField(fields: readonly DocumentField[], pattern: FieldPattern): VaultError {
  const { length } = pattern.steps;
  const isBranch = fields.some(({ path }) => path.length > length && matchesPath(pattern, path.slice(0, length)));
  if (isBranch) return new VaultError("usage", `"${pattern.text}" names a map or a list, and only single values are sealed`, `--field '${pattern.text}.*' means each value in it`);
  return new VaultError("usage", `"${pattern.text}" names no field`, "paths are dotted from the root, such as database.password or users.*.token");
}

function sealEdit(format: DocumentFormat, text: string, setting: SealSetting, field: DocumentField): FieldEdit {
  const kind = field.kind === "literal" ? "literal" : "text";
  const source = text.slice(field.start, field.end);
  const spelling = kind === "literal" || format.spell(field.text) === source ? undefined : source;
  return { field, kind: "text", text: sealField(setting, field.path, { kind, text: field.text, spelling }), spelling: undefined };
}

/** What was sealed is opened again before it counts. */
function change(format: DocumentFormat, text: string, fields: readonly DocumentField[], edits: readonly FieldEdit[], setting: SealSetting, kept: number): ChangedDocument {
  for (const { field, text: sealed } of edits) openField(setting, field.path, sealed);
  return { text: editDocument(format, text, fields, edits), changed: edits.map(({ field }) => field.path), kept };
}

function notSealed(path: FieldPath): VaultError {
  return new VaultError("bad-seal", `"${describePath(path)}" is plain, and is declared to be sealed`, `to seal it, if it is to be trusted: vault seal FILE --field '${describePath(path)}'`);
}
