// Files with sealed fields: sealed in place, sealed anew, and opened.
import { basename } from "node:path";
import { findText } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { FieldPath } from "../../sealed/field-path.ts";
import { describePath, parsePattern } from "../../sealed/field-path.ts";
import type { ChangedDocument, SealWishes } from "../../sealed/sealed-document.ts";
import { isNewestThroughout, resealDocument, sealDocument, unsealDocument } from "../../sealed/sealed-document.ts";
import type { DocumentFormat } from "../../sealed/document.ts";
import type { SealingKeys } from "../../sealed/sealing-key.ts";
import { loadFormat } from "./document-format.ts";
import type { KeysAtHand } from "./sealing-keys.ts";
import { withSealingKeys } from "./sealing-keys.ts";
import type { FileToSeal, SealOptions } from "./seal-options.ts";
import { SEALED_FILE_BYTES_MAX } from "./seal-options.ts";
import { openSource } from "../imports/source-file.ts";
import type { Surroundings } from "../surroundings.ts";

export interface FileOutcome {
  readonly path: string;
  /** Fields that were sealed or opened now. */
  readonly changed: readonly string[];
  /** Declared fields, or sealed ones, that were as they were to be already. */
  readonly kept: number;
}

export interface OpenedFile extends FileOutcome {
  readonly text: string;
}

/** Seals fields in place. @throws VaultError `usage`, `bad-seal`, `wrong-key`; `busy` where the file was changed meanwhile; what the keys and writing say. */
export async function sealFiles(surroundings: Surroundings, files: readonly FileToSeal[], fields: readonly string[], options: SealOptions): Promise<FileOutcome[]> {
  const patterns = fields.map(parsePattern);
  const documents = await readDocuments(files, options);
  return withSealingKeys(surroundings, options.variables, !options.strict, async ({ keys, record }) =>
    inOrder(documents, async (document) => {
      const changed = sealDocument(document.format, document.text, patterns, wishesOf(keys, options), options.strict);
      return replace(document, changed, () => record(eventOf("file.seal", document, keys, changed.changed)));
    }));
}

/**
 * Seals every sealed field anew under the newest key. Where all files are the newest key's already, the vault gets a new one first; so a rotation that was cut off is completed by the same command.
 *
 * @throws VaultError as `sealFiles`; `usage` where there is nothing to rotate to.
 */
export async function rotateFiles(surroundings: Surroundings, files: readonly FileToSeal[], options: SealOptions): Promise<FileOutcome[]> {
  const documents = await readDocuments(files, options);
  return withSealingKeys(surroundings, options.variables, false, async (atHand) => {
    const keys = await findNextKeys(documents, atHand, options);
    return inOrder(documents, async (document) => {
      const changed = resealDocument(document.format, document.text, wishesOf(keys, options));
      return replace(document, changed, () => atHand.record(eventOf("file.rotate", document, keys, changed.changed)));
    });
  });
}

/**
 * Opens sealed fields: the named ones, or all.
 *
 * @param inPlace whether the file is rewritten, for its owner alone.
 * @throws VaultError as `sealFiles`.
 */
export async function unsealFile(surroundings: Surroundings, file: FileToSeal, fields: readonly string[] | undefined, options: SealOptions & { readonly inPlace: boolean }): Promise<OpenedFile> {
  const patterns = fields?.map(parsePattern);
  const [document] = await readDocuments([file], options);
  if (document === undefined) throw new VaultError("usage", "there is no file to open");
  return withSealingKeys(surroundings, options.variables, false, async ({ keys, record }) => {
    const opened = unsealDocument(document.format, document.text, patterns, wishesOf(keys, options), options.strict);
    const tell = (): Promise<void> => record(eventOf("file.unseal", document, keys, opened.changed));
    if (options.inPlace) return { ...(await replace(document, opened, tell, 0o600)), text: opened.text };
    if (opened.changed.length > 0) await tell();
    return { path: file.path, changed: opened.changed.map(describePath), kept: 0, text: opened.text };
  });
}

interface ReadDocument extends FileToSeal {
  readonly format: DocumentFormat;
  readonly text: string;
}

async function readDocuments(files: readonly FileToSeal[], { format }: SealOptions): Promise<ReadDocument[]> {
  return inOrder(files, async ({ path, bytes }) => {
    const text = findText(bytes);
    if (text === undefined) throw new VaultError("usage", `"${path}" is no UTF-8`, "write it as text in UTF-8");
    return { path, bytes, text, format: await loadFormat(path, format) };
  });
}

async function findNextKeys(documents: readonly ReadDocument[], { keys, addKey }: KeysAtHand, options: SealOptions): Promise<SealingKeys> {
  const isDone = documents.every(({ format, text }) => isNewestThroughout(format, text, wishesOf(keys, options)));
  if (!isDone || options.form !== undefined) return keys;
  if (addKey === undefined) throw new VaultError("usage", "the newest key has sealed all of this already", "put a new key into another variable, and name that first: --key-env NEW --key-env OLD");
  return addKey();
}

/** The document is put in the file's place where anything changed, and the log has it before. */
async function replace(document: ReadDocument, { text, changed, kept }: ChangedDocument, tell: () => Promise<void>, mode?: number): Promise<FileOutcome> {
  const { path, bytes } = document;
  if (changed.length > 0) {
    if (Buffer.byteLength(text) > SEALED_FILE_BYTES_MAX) throw new VaultError("usage", `"${path}" would become larger than ${SEALED_FILE_BYTES_MAX} bytes, which nothing here reads`, "split it");
    const source = openSource(path, bytes);
    try {
      await tell();
      // What is sealed may be read by whoever could read the file before.
      source.rewrite(text, mode ?? source.mode);
    } finally {
      source.close();
    }
  }
  return { path, changed: changed.map(describePath), kept };
}

function wishesOf(keys: SealingKeys, { form, name, opensFirstForm }: SealOptions): SealWishes {
  return { keys, form, name, opensFirstForm };
}

function eventOf(kind: string, { path }: FileToSeal, keys: SealingKeys, fields: readonly FieldPath[]): { kind: string; file: string; key: string; fields: number } {
  return { kind, file: basename(path), key: keys.newest.id, fields: fields.length };
}

/** One after the other. */
async function inOrder<T, U>(items: readonly T[], use: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  for (const item of items) results.push(await use(item));
  return results;
}
