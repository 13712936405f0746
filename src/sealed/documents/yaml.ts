// YAML 1.2, as the yaml package reads it. Its tree says where each value is spelled; the text is ours to keep.
import type { Alias, Scalar, YAMLMap } from "yaml";
import { isAlias, isCollection, isMap, isScalar, parseAllDocuments } from "yaml";
import { VaultError } from "../../errors.ts";
import type { DocumentField, DocumentFormat } from "../document.ts";
import type { FieldPath } from "../field-path.ts";
import { describePath } from "../field-path.ts";

const DEPTH_MAX = 200;

/** @param what the file, as the user knows it. */
export function yamlFormat(what: string): DocumentFormat {
  // A text in JSON's double quotes is one in YAML's, on one line and in every context.
  return { name: "YAML", parse: (text) => parseYaml(text, what), spell: (text) => JSON.stringify(text) };
}

function parseYaml(text: string, what: string): DocumentField[] {
  // Doubled keys are looked for below: the package compares each key with each.
  const parsed = parseAllDocuments(text, { version: "1.2", strict: true, uniqueKeys: false, keepSourceTokens: false, logLevel: "silent", prettyErrors: true });
  const documents = "empty" in parsed ? [] : parsed;
  const [document, ...others] = documents;
  if (document === undefined) return [];
  if (others.length > 0) throw new VaultError("usage", `${what} holds several YAML documents`, "put each into a file of its own");
  const [problem] = document.errors;
  // The message may quote the text, and the text may hold secrets: its place says enough.
  if (problem !== undefined) throw new VaultError("usage", `${what}, line ${problem.linePos?.[0].line ?? 1}: this is no YAML (${problem.code})`);
  const { explicit, version } = document.directives.yaml;
  if (explicit === true && version !== "1.2") throw new VaultError("usage", `${what} asks for YAML ${version}, and is read as YAML 1.2`, "take the line %YAML out; what is yes or 014 in it then is a text or a number");
  const fields: DocumentField[] = [];
  collect(document.contents, [], { text, what, fields });
  return fields;
}

interface Reading {
  readonly text: string;
  readonly what: string;
  readonly fields: DocumentField[];
}

function collect(node: unknown, path: FieldPath, reading: Reading): void {
  if (path.length > DEPTH_MAX) throw new VaultError("usage", `${reading.what} is nested more than ${DEPTH_MAX} deep`);
  if (isCollection(node)) {
    if (isMap(node)) collectMap(node, path, reading);
    else (node).items.forEach((item, index) => { collect(item, [...path, index], reading); });
    return;
  }
  if (isScalar(node) || isAlias(node)) addField(node, path, reading);
}

function collectMap({ items }: YAMLMap, path: FieldPath, reading: Reading): void {
  const seen = new Set<string>();
  for (const { key, value } of items) {
    // A list or map as a key has no name in a path; what stands below it is left alone.
    if (!isScalar(key)) continue;
    const step = keyText(key);
    // 1 and "1" are two keys to YAML, and one to a path.
    if (seen.has(step)) throw new VaultError("usage", `${reading.what}: "${describePath([...path, step])}" stands there twice`);
    seen.add(step);
    collect(value, [...path, step], reading);
  }
}

function keyText(key: Scalar): string {
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function addField(node: Scalar | Alias, path: FieldPath, { text, fields }: Reading): void {
  const [start, valueEnd] = node.range ?? [0, 0, 0];
  // A block's text ends with the line's end, which has to stay where it is.
  const end = valueEnd > start && text.charAt(valueEnd - 1) === "\n" ? valueEnd - (text.charAt(valueEnd - 2) === "\r" ? 2 : 1) : valueEnd;
  const spelling = text.slice(start, end);
  // What others refer to, or a tag turns into something else, is not ours to replace.
  if (isAlias(node) || node.anchor !== undefined || node.tag !== undefined) fields.push({ path, kind: "fixed", text: spelling, start, end });
  else if (typeof node.value === "string") fields.push({ path, kind: "text", text: node.value, start, end });
  else fields.push({ path, kind: node.value === null ? "empty" : "literal", text: spelling, start, end });
}
