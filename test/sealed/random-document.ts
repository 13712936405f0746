// Documents of every kind, spelled in every way that their format has: comments, quotes, blocks, odd white space.
import fc from "fast-check";

/** Without control characters, which formats escape in ways of their own, and lone surrogates, which nothing carries. */
const plainText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("", " ", "a b", "it's", 'say "x"', "#no", "a: b", "- a", "{a}", "[", "*x", "&x", "!x", "%", "@", "`", "|", ">", "null", "true", "1.50", "0x1F", "~", "enc", "ключ", "🔑", "a\\nb", "\\", "-----BEGIN KEY-----"),
);
const key = fc.oneof(fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/), fc.constantFrom("a.b", "*", "a\\b", "ключ", "two words", "__proto__", "constructor", "0"));

type Value = string | number | boolean | null | readonly Value[] | { readonly members: readonly (readonly [string, Value])[] };

const tree = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    plainText,
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    entries(tie("value")),
  ),
})).value;

function entries(value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.uniqueArray(fc.tuple(key, value), { maxLength: 5, selector: ([name]) => name }).map((list) => ({ members: list }));
}

/** Draws how to spell something, one choice after the other. */
type Choose = <T>(...choices: readonly T[]) => T;

const chooser = fc.infiniteStream(fc.nat(1000)).map((stream): Choose => (...choices) => {
  const { value } = stream.next() as { value: number };
  const chosen = choices[value % choices.length];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
});

export function jsonText(): fc.Arbitrary<string> {
  return fc.tuple(entries(tree), chooser).map(([value, choose]) => `${choose("", "\n", "// c\n")}${spellJson(value, choose)}${choose("", "\n", " \r\n")}`);
}

function spellJson(value: Value, choose: Choose): string {
  const gap = (): string => choose("", "", " ", "\n  ", "\t", " /* c */ ", " // c\n");
  if (typeof value === "string") return choose(JSON.stringify(value), escapeAll(value));
  if (typeof value === "number") return choose(JSON.stringify(value), value.toExponential().replace("e+", "E"));
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const items = "members" in value ? value.members.map(([name, item]) => `${choose(JSON.stringify(name), escapeAll(name))}${gap()}:${gap()}${spellJson(item, choose)}`) : value.map((item) => spellJson(item, choose));
  const [open, close] = "members" in value ? ["{", "}"] : ["[", "]"];
  return `${open}${gap()}${items.join(`${gap()},${gap()}`)}${items.length > 0 ? choose("", ",") : ""}${gap()}${close}`;
}

function escapeAll(text: string): string {
  return `"${Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`).join("")}"`;
}

export function yamlText(): fc.Arbitrary<string> {
  return fc.tuple(entries(tree), chooser).map(([value, choose]) => {
    const list = typeof value === "object" && value !== null && "members" in value ? value.members : [];
    return `${choose("", "# c\n", "---\n")}${list.length === 0 ? "{}\n" : spellBlock(list, "", choose)}${choose("", "# end\n", "\n")}`;
  });
}

function spellBlock(list: readonly (readonly [string, Value])[], indent: string, choose: Choose): string {
  return list.map(([name, value]) => `${indent}${spellYamlKey(name, choose)}:${spellBelow(value, indent, choose)}`).join(choose("", "", `${indent}# c\n`, "\n"));
}

/** What stands behind a key's colon, its line's end included. */
function spellBelow(value: Value, indent: string, choose: Choose): string {
  const deeper = `${indent}${choose("  ", " ", "    ")}`;
  const end = choose("\n", "\n", " # c\n", "\t\n");
  if (typeof value === "object" && value !== null && choose(true, false)) {
    if ("members" in value && value.members.length > 0) return `${end}${spellBlock(value.members, deeper, choose)}`;
    if (!("members" in value) && value.length > 0) return `${end}${value.map((item) => `${deeper}- ${spellFlow(item, choose)}\n`).join("")}`;
  }
  if (typeof value === "string" && /^[a-z][\x20-\x7e]*[a-z]$/.test(value) && choose(true, false)) return ` ${choose("|", ">", "|-", ">-", "|+")}\n${deeper}${value}\n${choose("", `${deeper}more\n`, "\n")}`;
  return ` ${spellFlow(value, choose)}${end}`;
}

function spellFlow(value: Value, choose: Choose): string {
  if (typeof value === "string") return spellYamlText(value, choose);
  if (typeof value !== "object" || value === null) return choose(JSON.stringify(value), value === null ? "~" : String(value));
  const gap = choose("", " ");
  const items = "members" in value ? value.members.map(([name, item]) => `${spellYamlKey(name, choose)}: ${spellFlow(item, choose)}`) : value.map((item) => spellFlow(item, choose));
  const [open, close] = "members" in value ? ["{", "}"] : ["[", "]"];
  return `${open}${gap}${items.join(`,${choose(" ", "  ")}`)}${gap}${close}`;
}

function spellYamlText(text: string, choose: Choose): string {
  const isPlain = /^[a-z][a-z0-9 ]*[a-z]$/.test(text) && !["null", "true", "false"].includes(text);
  const isSingle = /^[\x20-\x7e]*$/.test(text);
  return choose(JSON.stringify(text), escapeAll(text), isSingle ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text), isPlain ? text : JSON.stringify(text));
}

function spellYamlKey(name: string, choose: Choose): string {
  return /^[a-z][a-zA-Z0-9_]*$/.test(name) && !["null", "true", "false", "y", "n"].includes(name) ? choose(name, JSON.stringify(name)) : JSON.stringify(name);
}

export function dotenvText(): fc.Arbitrary<string> {
  const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
  const value = fc.oneof(fc.stringMatching(/^[A-Za-z0-9 _.:/@%+=,-]{0,20}$/), fc.constantFrom("", "it's", 'say "x"', "a # b", "two\nlines", "tab\there", "`", "$HOME", "ключ", "🔑", "enc"));
  return fc.tuple(fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([one]) => one }), chooser).map(([list, choose]) => {
    const end = choose("\n", "\n", "\r\n");
    return list.map(([one, text]) => `${choose("", "", "# c", " # c").replace(/(.)$/, `$1${end}`)}${choose("", "export ", "  ")}${one}${choose("=", " = ", "=")}${spellAssigned(text, choose)}${choose("", "", " # c", "  ")}${end}`).join(choose("", end));
  });
}

function spellAssigned(text: string, choose: Choose): string {
  const ways = [
    ...(/^[A-Za-z0-9_.:/@%+=,-]*$/.test(text) ? [text] : []),
    ...["'", "`", '"'].filter((mark) => !text.includes(mark) && !text.includes("\\") && !/^[ \t]*[A-Z_]+=/m.test(text.slice(1))).map((mark) => `${mark}${text}${mark}`),
  ];
  return ways.length === 0 ? "plain" : choose(...ways);
}
