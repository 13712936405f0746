// What a stored text says of itself (docs/SEALED.md, "What claims to be sealed"). No sealed value, and none that was one before it was damaged, is ever taken for a plain one.
import { VaultError } from "../errors.ts";
import type { FieldPath } from "./field-path.ts";
import { describePath } from "./field-path.ts";

export type Form = "v1" | "v2";

/** `enc:` is this scheme's alone, in any case and behind white space. */
const SCHEME = /^[\t\n\r \uFEFF]*enc:/i;
/** A prefix whose `enc:` has one other character in it: the first form has nothing behind it to be known by. */
const DAMAGED_SCHEME = /^(?:.nc:|e.c:|en.:|enc.)v[12]:/su;
/** What only a value of the second form looks like, whatever became of its prefix. */
const BEHIND_PREFIX = /^.{0,16}[A-Za-z0-9_-]{11}:[A-Za-z0-9_-]{22}:[A-Za-z0-9_-]{103,}$/su;
const NEWER = /^enc:v([1-9][0-9]{0,8}):/;

/** Whether a text is sealed, says so, or was sealed before something happened to it. */
export function looksSealed(text: string): boolean {
  return SCHEME.test(text) || DAMAGED_SCHEME.test(text) || BEHIND_PREFIX.test(text);
}

/**
 * The form that a stored text says it is in; undefined for a plain one.
 *
 * @throws VaultError `newer-version` for a form that is not known yet; `bad-seal` for what claims to be sealed, and in no form.
 */
export function findForm(text: string, path: FieldPath): Form | undefined {
  if (text.startsWith("enc:v1:")) return "v1";
  if (text.startsWith("enc:v2:")) return "v2";
  const [, version] = NEWER.exec(text) ?? [];
  if (version !== undefined) throw new VaultError("newer-version", `"${describePath(path)}" is sealed in the form v${version}, which this version does not know`, "use a newer version; a plain value that only begins like this cannot stand in the file");
  if (looksSealed(text)) throw merelyLooksSealed(path);
  return undefined;
}

export function merelyLooksSealed(path: FieldPath): VaultError {
  return new VaultError("bad-seal", `"${describePath(path)}" looks sealed and is not: it was cut, changed, or never sealed`, "bring the file back from its history; a plain value that begins like a sealed one cannot be among the fields that are opened");
}
