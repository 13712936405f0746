// What a store holds, sealed and opened: the rules of the adapter, without its reading and writing.
import { findText, utf8 } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import type { Form } from "./claim.ts";
import { findForm, looksSealed } from "./claim.ts";
import { changeFields } from "./data-fields.ts";
import { openField, sealField } from "./field-seal.ts";
import type { FieldPath, FieldPattern } from "./field-path.ts";
import { describePath, parsePattern } from "./field-path.ts";
import type { SealingKeys } from "./sealing-key.ts";
import type { FieldContent } from "./second-form.ts";
import { fileIdOf } from "./second-form.ts";

/** How a store's fields are sealed. */
export interface SealedStoreOptions {
  /** Paths such as `apiKey`, `users.*.token` or `providers.*.credentials.*`. */
  readonly fields: readonly string[];
  /** What this store is called. It is bound into each value, so that one from another store does not open here: keep it. */
  readonly name: string;
  /** The form that is written; `v1` is AuthHero's, which binds a value to nothing. `v2` unless said otherwise. */
  readonly form?: "v1" | "v2";
  /** Whether values in the form `v1` are opened in a store of the form `v2`, as while it moves from the one to the other. Until it has moved, pasted values are not noticed. */
  readonly opensFirstForm?: boolean;
  /** Refuses plain values where sealed ones are declared, once a store has moved, instead of handing them out. */
  readonly strict?: boolean;
}

export interface SealedStore {
  /** What the program sees. */
  open(stored: unknown): unknown;
  /** What is stored. A value that has not changed, under the newest key, stays as it is. */
  seal(data: unknown): unknown;
  /** Has `seal` seal each value anew, and tell how far it is. */
  forget(): void;
  /** How many single values the declared paths name in this data. */
  count(data: unknown): number;
}

/** How a value was found, or written, the last time. */
interface Known {
  readonly stored: string;
  readonly content: FieldContent;
}

/** @throws VaultError `usage` for a path that is none. */
export function makeSealedStore(keys: SealingKeys, options: SealedStoreOptions, onSealed: () => void = () => undefined): SealedStore {
  const patterns = parseFields(options);
  const setting = { keys, form: options.form ?? "v2", fileId: fileIdOf(options.name) } as const;
  let known = new Map<string, Known>();
  return {
    open(stored) {
      const found = new Map<string, Known>();
      const data = changeFields(stored, patterns, (value, path) => {
        const form = typeof value === "string" ? findForm(value, path) : undefined;
        if (typeof value !== "string" || form === undefined) {
          if (options.strict === true) throw new VaultError("bad-seal", `"${describePath(path)}" is plain, and is declared to be sealed`);
          return value;
        }
        const { content, isNewest } = openField({ ...setting, form: acceptForm(form, setting.form, options) }, path, value);
        if (isNewest && form === setting.form) found.set(keyOf(path), { stored: value, content });
        return valueOf(content, path);
      });
      known = found;
      return data;
    },
    seal(data) {
      const written = new Map<string, Known>();
      const stored = changeFields(data, patterns, (value, path) => {
        // Also a value that looks sealed: whoever writes somebody else's sealed value into a field reads it back as they wrote it.
        const content = contentOf(value);
        const before = known.get(keyOf(path));
        const isSame = before?.content.kind === content.kind && before.content.text === content.text;
        const sealed = isSame ? before.stored : sealField(setting, path, content);
        written.set(keyOf(path), { stored: sealed, content });
        onSealed();
        return sealed;
      });
      known = written;
      return stored;
    },
    forget() {
      known = new Map();
    },
    count: (data) => countFields(data, patterns),
  };
}

/** Whether any declared field is sealed, or says so. A form that is not known yet counts. */
export function holdsSealed(stored: unknown, options: SealedStoreOptions): boolean {
  let isFound = false;
  changeFields(stored, parseFields(options), (value) => {
    if (typeof value === "string" && looksSealed(value)) isFound = true;
    return value;
  });
  return isFound;
}

function countFields(data: unknown, patterns: readonly FieldPattern[]): number {
  let count = 0;
  changeFields(data, patterns, (value) => {
    count += 1;
    return value;
  });
  return count;
}

function parseFields({ fields, name }: SealedStoreOptions): FieldPattern[] {
  if (findText(utf8(name)) !== name) throw new VaultError("usage", "a store's name holds half a character (a lone surrogate), which nothing can carry");
  if (name === "") throw new VaultError("usage", "a store's name is empty", "give it one that stays, and that no other store has");
  return fields.map(parsePattern);
}

/** The form to be opened: the value's own where that is allowed, and otherwise the store's, which refuses it. */
function acceptForm(form: Form, wanted: Form, { opensFirstForm }: SealedStoreOptions): Form {
  return form === "v1" && opensFirstForm === true ? "v1" : wanted;
}

function contentOf(value: string | number | boolean): FieldContent {
  return typeof value === "string" ? { kind: "text", text: value, spelling: undefined } : { kind: "literal", text: JSON.stringify(value), spelling: undefined };
}

function valueOf({ kind, text }: FieldContent, path: FieldPath): string | number | boolean {
  if (kind === "text") return text;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new VaultError("bad-seal", `"${describePath(path)}" was sealed as something that is no text, number or truth value`);
  return number;
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}
