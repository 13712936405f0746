// What a document of GraphQL would do: the types of its operations and the fields at their roots. All operations count, whichever of them a request names.
import type { GraphqlOperation } from "../../../vault/rules.ts";

/** What is used of the parser's tree, whose kinds are an enumeration that is not to be loaded for the types. */
interface SelectionSet {
  readonly selections: readonly ({ readonly kind: string; readonly name?: Name; readonly selectionSet?: SelectionSet | undefined })[];
}

interface Name {
  readonly value: string;
}

interface Definition {
  readonly kind: string;
  readonly name?: Name | undefined;
  readonly operation?: GraphqlOperation;
  readonly selectionSet?: SelectionSet;
}

type Parse = (text: string, options: { readonly noLocation: boolean; readonly maxTokens: number }) => { readonly definitions: readonly Definition[] };

export interface RootFields {
  readonly operation: GraphqlOperation;
  /** By their own names, whatever a request calls them. */
  readonly fields: ReadonlySet<string>;
}

/** Documents of programs have some hundreds. */
const TOKENS_MAX = 20_000;
const DEPTH_MAX = 200;
/** Some servers end a comment, or pass over white space, at characters that are others' text. */
const UNCLEAR = /[^\t\n\r\x20-\x7e\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

let parse: Parse | undefined;

/** Whether a document can be read at once: see `loadParser`. */
export function isParserLoaded(): boolean {
  return parse !== undefined;
}

/** Only where rules speak of GraphQL is its parser needed. */
export async function loadParser(): Promise<void> {
  parse ??= (await import("graphql/language/parser.js")).parse as Parse;
}

/** @returns undefined for what is no document that can be carried out, or is too large to be looked at. */
export function readDocument(text: string): readonly RootFields[] | undefined {
  if (parse === undefined || UNCLEAR.test(text) || isTooDeep(text)) return undefined;
  try {
    const { definitions } = parse(text, { noLocation: true, maxTokens: TOKENS_MAX });
    const operations = definitions.flatMap(({ kind, operation, selectionSet }) => (kind === "OperationDefinition" && operation !== undefined && selectionSet !== undefined ? [{ operation, selectionSet }] : []));
    const fragments = new Map(definitions.flatMap(({ kind, name, selectionSet }) => (kind === "FragmentDefinition" && name !== undefined && selectionSet !== undefined ? [[name.value, selectionSet]] : [])));
    // A second fragment of a name, or a definition of a schema, servers may take for anything.
    const isPlain = operations.length > 0 && operations.length + fragments.size === definitions.length;
    return isPlain ? operations.map(({ operation, selectionSet }) => ({ operation, fields: rootFields(selectionSet, fragments) })) : undefined;
  } catch {
    return undefined;
  }
}

function rootFields(start: SelectionSet, fragments: ReadonlyMap<string, SelectionSet>): ReadonlySet<string> {
  const fields = new Set<string>();
  const seen = new Set<SelectionSet>();
  const due = [start];
  for (let set = due.pop(); set !== undefined; set = due.pop()) {
    if (seen.has(set)) continue;
    seen.add(set);
    for (const { kind, name, selectionSet } of set.selections) {
      if (kind === "Field" && name !== undefined) {
        fields.add(name.value);
        continue;
      }
      const next = kind === "InlineFragment" ? selectionSet : fragments.get(name?.value ?? "");
      if (next === undefined) throw new Error("a fragment that is not there");
      due.push(next);
    }
  }
  return fields;
}

/** The parser calls itself for each bracket. In texts they count too: nobody writes so many. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x7b || unit === 0x5b || unit === 0x28) depth += 1;
    else if (unit === 0x7d || unit === 0x5d || unit === 0x29) depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}
