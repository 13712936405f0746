// Vectors of whole files (docs/SEALED.md, "Files" and "Documents"): what a reader makes of one, told a name or none. Sealed values are the second opinion's.
import type { Content } from "../second-opinion.ts";
import { fileIdOf, writeFirst, writeSecond } from "../second-opinion.ts";
import { base64, bytes, iv, key, otherKey } from "./catalogue.ts";

export interface FileVector {
  readonly name: string;
  /** `success`, or the error that a reader must give. */
  readonly expect: string;
  readonly comment: string;
  readonly keys: string;
  readonly format: "json" | "yaml" | "dotenv";
  /** What the reader was told that the file is called. */
  readonly fileName: string | undefined;
  /** The fields that are to be sealed; undefined for whatever is. */
  readonly fields: readonly string[] | undefined;
  readonly strict: boolean;
  readonly sealed: string;
  /** The file with these fields opened. */
  readonly opened: string;
}

const NAME = "accounts";
const drawn = bytes("drawn id", 16);

/** A value of the second form; its nonce comes from its path, since no two values have the same. */
function v2(path: readonly (string | number)[], text: string, rest: Partial<Content> & { readonly fileId?: Buffer; readonly by?: Buffer } = {}): string {
  const { fileId = fileIdOf(NAME), by = key, kind = 0, spelling = "" } = rest;
  return writeSecond(by, bytes(`nonce of ${JSON.stringify(path)}`, 24), { fileId, path }, { kind, text, spelling });
}

const v1 = (text: string): string => writeFirst(key, iv, text);

function file(name: string, comment: string, sealed: string, opened: string, rest: Partial<FileVector> = {}): FileVector {
  return { name: `file-${name}`, expect: "success", comment, keys: base64(key), format: "json", fileName: NAME, fields: undefined, strict: false, sealed, opened, ...rest };
}

function refused(name: string, comment: string, expect: string, sealed: string, rest: Partial<FileVector> = {}): FileVector {
  return file(name, comment, sealed, "", { expect, ...rest });
}

const two = (a: string, b: string): string => `{"a":"${a}","b":"${b}"}`;
const [a, b] = [v2(["a"], "one"), v2(["b"], "two")];

export const fileVectors: readonly FileVector[] = [
  file("named", "told the name that its values carry", two(a, b), two("one", "two"), { strict: true, fields: ["a", "b"] }),
  file("unnamed", "told no name: any one id will do", two(a, b), two("one", "two"), { fileName: undefined }),
  file("drawn-id", "an id that was drawn, and no name", two(v2(["a"], "one", { fileId: drawn }), "plain"), two("one", "plain"), { fileName: undefined }),
  file("first-form", "the first form, and no name", two(v1("one"), v1("two")), two("one", "two"), { fileName: undefined }),
  refused("first-form-under-a-name", "told a name: values of the first form in the place of all of the second", "bad-seal", two(v1("one"), v1("two")), { strict: true, fields: ["a", "b"] }),
  refused("one-first-form-under-a-name", "the same with the only sealed field", "bad-seal", two(v1("one"), "plain"), { fields: ["a"] }),
  refused("undeclared-first-form-under-a-name", "the same in a field that nobody named", "bad-seal", two("plain", v1("two")), { fields: ["a"] }),
  refused("other-name", "told another name", "bad-seal", two(a, b), { fileName: "orders" }),
  refused("drawn-id-under-a-name", "an id that was drawn, and a name", "bad-seal", two(v2(["a"], "one", { fileId: drawn }), "plain")),
  refused("two-forms", "two forms in one file", "bad-seal", two(a, v1("two")), { fileName: undefined }),
  refused("two-forms-one-undeclared", "the same where only one of them is to be opened", "bad-seal", two(a, v1("two")), { fileName: undefined, fields: ["a"] }),
  refused("two-ids", "values of two files", "bad-seal", two(a, v2(["b"], "two", { fileId: drawn })), { fileName: undefined }),
  refused("pasted", "a value from the field beside it", "bad-seal", two(a, a)),
  refused("damaged-prefix", "one letter of a prefix is another", "bad-seal", two(a, `enc:w1:${v1("two").slice(7)}`)),
  refused("damaged-prefix-lone", "the same with the only sealed field of the first form", "bad-seal", two("plain", `enc:w1:${v1("two").slice(7)}`), { fileName: undefined }),
  refused("newer", "a form that is not known yet", "newer-version", two("enc:v3:AAAA", "plain")),
  refused("newer-beside", "the same beside the second form, where two forms are no error yet", "newer-version", two(a, "enc:v3:AAAA")),
  refused("wrong-key", "a key that is not at hand", "wrong-key", two(v2(["a"], "one", { by: otherKey }), b)),
  refused("strict-plain", "a plain value where a sealed one is to be, and a strict reader", "bad-seal", two(a, "two"), { fields: ["*"], strict: true }),
  refused("unknown-field", "a field that is not there", "usage", two(a, b), { fields: ["c"] }),
  file("plain", "a plain value where a sealed one is to be", two(a, "two"), two("one", "two"), { fields: ["*"] }),
  file("undeclared-claim", "what claims to be sealed where nothing sealed is expected", two(a, "enc:v2:…"), two("one", "enc:v2:…"), { fields: ["a"] }),
  file("null", "an empty value is neither sealed nor plain", `{"a":${JSON.stringify(a)},"b":null}`, '{"a":"one","b":null}', { fields: ["*"], strict: true }),
  file("numbers", "numbers and truth values, as they were spelled", `[${[v2([0], "1.50", { kind: 1 }), v2([1], "true", { kind: 1 })].map((value) => JSON.stringify(value)).join(", ")}]`, "[1.50, true]"),
  file("json-comments", "JSON with comments and trailing commas, and a key spelled with an escape", `// c\n{ "\\u0061": "${a}", /* d */ }\n`, '// c\n{ "\\u0061": "one", /* d */ }\n'),
  file("json-spelling", "a text that the file spelled in its own way", `{"a":"${v2(["a"], "é", { spelling: '"\\u00e9"' })}"}`, '{"a":"\\u00e9"}'),
  refused("json-doubled-key", "a key that stands twice", "usage", `{"a":"${a}","\\u0061":"x"}`),
  refused("json-half-character", "a key with half a character", "usage", `{"\\ud800":"${a}"}`),
  file("yaml-block", "a block scalar: from its indicator to before its last line end", `a: "${v2(["a"], "x\ny\n", { spelling: "|\n  x\n  y" })}"\nb: c\n`, "a: |\n  x\n  y\nb: c\n", { format: "yaml" }),
  file("yaml-folded-crlf", "a folded one, with lines that end in CRLF", `a: "${v2(["a"], "x y", { spelling: ">-\r\n  x\r\n  y" })}"\r\nb: c\r\n`, "a: >-\r\n  x\r\n  y\r\nb: c\r\n", { format: "yaml" }),
  file("yaml-block-indented-since", "a block whose place is indented now: written anew, with the same value", `m:\n   a: "${v2(["m", "a"], "x\n", { spelling: "|\n  x" })}"\n`, 'm:\n   a: "x\\n"\n', { format: "yaml" }),
  file("yaml-plain", "a plain scalar over two lines, and one in single quotes", `a: "${v2(["a"], "one two", { spelling: "one\n  two" })}"\nb: "${v2(["b"], "it's", { spelling: "'it''s'" })}"\n`, "a: one\n  two\nb: 'it''s'\n", { format: "yaml" }),
  file("yaml-kinds", "yes and on are texts in YAML 1.2, 014 and 0o14 are numbers", `- "${v2([0], "yes", { spelling: "yes" })}"\n- "${v2([1], "014", { kind: 1 })}"\n- "${v2([2], "0o14", { kind: 1 })}"\n- ~\n-\n`, "- yes\n- 014\n- 0o14\n- ~\n-\n", { format: "yaml" }),
  file("yaml-keys", "keys that are no texts are what they are spelled as", `1.50: "${v2(["1.50"], "x", { spelling: "x" })}"\n~: "${v2(["~"], "y", { spelling: "y" })}"\n`, "1.50: x\n~: y\n", { format: "yaml" }),
  refused("yaml-doubled-key", "1 and '1' are one step of a path", "usage", `1: "${a}"\n'1': x\n`, { format: "yaml" }),
  refused("yaml-anchor", "what others refer to", "usage", `a: &x "${a}"\nb: *x\n`, { format: "yaml" }),
  refused("yaml-tag", "a value with a tag", "usage", `a: !!str "${a}"\n`, { format: "yaml" }),
  refused("yaml-two-documents", "two documents", "usage", `a: "${a}"\n---\nb: x\n`, { format: "yaml" }),
  refused("yaml-1.1", "a file that asks for YAML 1.1, where yes is a truth value", "usage", `%YAML 1.1\n---\na: "${a}"\n`, { format: "yaml" }),
  file("dotenv", "names with dots are one step; export is no part of them", `export A.B=${v2(["A.B"], "one")} # c\nC="${v2(["C"], "two words", { spelling: '"two words"' })}"\n`, 'export A.B=one # c\nC="two words"\n', { format: "dotenv", fields: ["A\\.B", "C"] }),
  file("dotenv-lines", "a value in quotes over two lines", `A=${v2(["A"], "x\ny", { spelling: "'x\ny'" })}\n`, "A='x\ny'\n", { format: "dotenv" }),
  file("dotenv-empty", "an empty value is a text, and not null", `A=${v2(["A"], "")}\n`, "A=\n", { format: "dotenv", fields: ["A"], strict: true }),
  refused("dotenv-doubled-name", "a name that stands twice", "usage", `A=${v2(["A"], "x")}\nA=y\n`, { format: "dotenv" }),
];
