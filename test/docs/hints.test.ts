// What `vault` and its pages tell somebody to type is something that it takes: each command and flag of ours in any text of the sources and of the pages, by the manifest.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "@oclif/core";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { COMMAND_LOADERS } from "../../src/commands/table.ts";
import { nodesOf, readSources } from "../support/source-tree.ts";
import { ROOT, readPage } from "./page-blocks.ts";

interface Flag {
  readonly type: string;
  readonly char?: string;
  readonly allowNo?: boolean;
}
const { commands } = JSON.parse(readFileSync(join(ROOT, "oclif.manifest.json"), "utf8")) as { readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, Flag>> }>> };
const ids = Object.keys(commands);

/** A template with a word in the place of each of its values. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.head.text + node.templateSpans.map(({ literal }) => `VALUE${literal.text}`).join("") : undefined;
}

interface Said {
  readonly where: string;
  readonly words: readonly string[];
}

/** From `vault` and a command's first word to where the command ends: a mark of the sentence, a quotation or the shell's. */
function findSaid(where: string, text: string): Said[] {
  return [...text.matchAll(/(?<![\w/"-])vault((?: [^\s`"|;&),:]+)+)/g)].map(([, words = ""]) => ({ where, words: words.trim().split(" ") })).filter(({ words: [first = ""] }) => ids.some((id) => id.split(":")[0] === first.replace(/[.,]$/, "")));
}

/** @returns what is wrong with it. */
function judge({ where, words }: Said): string[] {
  const own = (words.includes("--") ? words.slice(0, words.indexOf("--")) : words).map((word) => word.replace(/[.?]$/, ""));
  const id = own[1] !== undefined && ids.includes(`${own[0] ?? ""}:${own[1]}`) ? `${own[0] ?? ""}:${own[1]}` : (own[0] ?? "");
  const command = commands[id];
  // Of a topic alone, something is said in prose, such as "vault secrets".
  if (command === undefined) return ids.some((other) => other.startsWith(`${id}:`)) && own.length > 1 && /^[a-z-]+$/.test(own[1] ?? "") ? [`${where}: vault ${words.join(" ")}: no such command`] : [];
  const taken = Object.entries(command.flags).flatMap(([name, { char, allowNo }]) => [`--${name}`, ...(allowNo === true ? [`--no-${name}`] : []), ...(char === undefined ? [] : [`-${char}`])]);
  return own.flatMap((word) => /^(--?[a-z][a-z0-9-]*)/.exec(word)?.[1] ?? []).filter((flag) => flag !== "--help" && !taken.includes(flag)).map((flag) => `${where}: vault ${words.join(" ")}: no ${flag}`);
}

interface Hint {
  readonly where: string;
  readonly text: string;
}

/** In a template, what gives flags, and not a word. */
const FLAGS = ["change", "further"];
/** A template as a person may see it. */
function hintOf(node: ts.Node, tree: ts.SourceFile): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ expression, literal }) => `${FLAGS.includes(expression.getText(tree)) || expression.getText(tree).includes("--") ? "" : "VALUE"}${literal.text}`).join("");
}

/** What is what to type: the third of a `VaultError`, the last of a finding of the doctor's, and what has the name of a hint or of a remedy. */
function isHint(node: ts.Node, tree: ts.SourceFile): boolean {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    const { parent } = at;
    if (ts.isNewExpression(parent) && parent.expression.getText(tree) === "VaultError") return parent.arguments?.[2] === at;
    if (ts.isCallExpression(parent) && parent.expression.getText(tree) === "makeRefusal") return parent.arguments[3] === at;
    if (ts.isCallExpression(parent) && /^(?:problem|problemOf|note)$/.test(parent.expression.getText(tree)) && tree.fileName.includes("/doctor/")) return parent.arguments.length > 2 && parent.arguments.at(-1) === at;
    if ((ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) && parent.initializer === at && /^(?:\w*hints?|RESTORE|remedy|fix)$/i.test(parent.name.getText(tree))) return true;
    if (ts.isFunctionDeclaration(parent) && /Hint$|^howTo/.test(parent.name?.text ?? "")) return true;
  }
  return false;
}

/** A command of ours in a hint, to its end: the clause's, the shell's or the quotation's. */
function commandsIn(text: string): { readonly before: string; readonly words: readonly string[] }[] {
  return [...text.matchAll(/(?<![\w/"'!-])vault ((?:'[^']*'|"[^"]*"|[^;|<'"])+)/g)].map(({ index, 1: rest = "" }) => ({ before: text.slice(0, index), words: [...rest.replace(/ #.*$/, "").trim().matchAll(/(?:'[^']*'|"[^"]*"|\S)+/g)].map(([word]) => word.replaceAll(/['"]/g, "")) })).filter(({ words: [first = ""] }) => first === "--help" || ids.some((id) => id.split(":")[0] === first.replace(/[.,:]$/, "")));
}

/** Each by the parser that takes it when it is typed. @returns what is wrong with it. */
async function judgeHint({ where, text }: Hint): Promise<string[]> {
  const found = commandsIn(text);
  const starts = found[0]?.before === "";
  const clauses = text.split("; ").length;
  const wrong = await Promise.all(found.map(async ({ before, words }) => ((before === "" || /(?:: |\| )$/.test(before) || (starts && before.endsWith("; "))) ? parseWords(words) : "does not stand behind a colon")));
  const all = [...wrong, starts && found.length < clauses ? "a hint that begins with a command is nothing else" : undefined];
  return all.flatMap((why) => (why === undefined ? [] : [`${where}: ${text}: ${why}`]));
}

/** @returns why it is not taken. */
async function parseWords(typed: readonly string[]): Promise<string | undefined> {
  if (typed.includes("--help")) return typed.at(-1) === "--help" ? undefined : "goes on behind --help";
  const length = ids.includes(typed.slice(0, 2).join(":")) ? 2 : 1;
  const load = COMMAND_LOADERS[typed.slice(0, length).join(":")];
  if (load === undefined) return "is no command";
  const { args, flags, baseFlags, strict } = (await load()).default;
  const all = { ...flags, ...baseFlags } as Readonly<Record<string, { readonly type: string; readonly options?: readonly string[] }>>;
  const [own, behind] = typed.includes("--") ? [typed.slice(length, typed.indexOf("--")), typed.slice(typed.indexOf("--"))] : [typed.slice(length), []];
  // What a placeholder stands for, where that is one of a few words.
  const argv = own.map((word, index) => (/^[A-Z]+$/.test(word) ? (all[(own[index - 1] ?? "").replace(/^--/, "")]?.options?.[0] ?? (word === "ENTRY" ? "1" : word)) : word));
  try {
    const { argv: given } = await Parser.parse([...argv, ...behind], { args, flags: { ...flags, ...baseFlags }, strict: behind.length === 0 || strict });
    if (typed.at(-1) === "--") return "ends with --";
    // To what takes any number of files, words of a sentence are files.
    return Object.values(args).some(({ multiple }) => multiple === true) && given.some((word) => /^[a-z]+,?$/.test(String(word))) ? "has words behind it" : undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0] : "is not taken";
  }
}

const sources = readSources("src");
const said = sources.flatMap(({ path, tree }) => nodesOf(tree).flatMap((node) => {
  const text = textOf(node);
  return text === undefined ? [] : findSaid(`${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`, text);
}));

/** What stands in a page is typed as well. */
const written = ["README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)].flatMap((page) => readPage(page).replaceAll("\\\n", " ").split("\n").flatMap((line, index) => findSaid(`${page}:${index + 1}`, line)));

describe("commands that a text of ours names", () => {
  it("are judged rightly", () => {
    const wrong = (text: string): string[] => findSaid("x", text).flatMap(judge);
    expect(wrong("unlock it: vault unlock --nothing, or vault secrets list; vault secrets lst")).toEqual(["x: vault unlock --nothing: no --nothing", "x: vault secrets lst: no such command"]);
    expect(wrong("vault run -s NAME -- program --its-own")).toEqual([]);
    expect(wrong("the vault is locked")).toEqual([]);
  });

  it("are there, with each flag", () => {
    expect(said.length).toBeGreaterThan(200);
    expect(said.flatMap(judge)).toEqual([]);
    expect(written.length).toBeGreaterThan(200);
    expect(written.flatMap(judge)).toEqual([]);
  });

  it("can be pasted from a hint, to the end of its clause", async () => {
    const wrong = async (text: string): Promise<string[]> => (await judgeHint({ where: "x", text })).map((line) => line.slice(`x: ${text}: `.length));
    for (const text of ["vault secrets list", "the scopes there are: vault secrets list", "vault lock; vault unlock", "vault run -s NAME -- CMD ARGS", 'or: printf %s "$VALUE" | vault secrets create NAME --host HOST', "vault secrets list # the scopes", "its flags: vault secrets create --help", "the vault is locked"]) expect([text, await wrong(text)]).toEqual([text, []]);
    for (const text of ["vault secrets list shows the scopes there are", "vault secrets rotate A gives it a new value", "vault status tells about it; it was left untouched", "vault unlock at a terminal, or with a file", "type vault status", "vault status; it was left untouched", "to look: vault secrets", "to make one: vault seal FILE --feild A", "to do so: vault seal FILE --field PATH seals one", "first: vault secrets show"]) expect([text, await wrong(text)]).not.toEqual([text, []]);
    const hints = sources.flatMap(({ path, tree }) => nodesOf(tree).filter((node) => isHint(node, tree)).flatMap((node) => {
      const text = hintOf(node, tree);
      return text === undefined ? [] : [{ where: `${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`, text }];
    }));
    expect(hints.length).toBeGreaterThan(300);
    expect(hints.flatMap(({ text }) => commandsIn(text)).length).toBeGreaterThan(100);
    expect((await Promise.all(hints.map(judgeHint))).flat()).toEqual([]);
  });

  it("of npm are scripts of ours, in what tells how to work on it", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly scripts: Readonly<Record<string, string>> };
    const named = ["CONTRIBUTING.md", "README.md", "bench/README.md"].flatMap((page) => [...readPage(page).matchAll(/npm (?:run (?:--silent )?([\w:]+)|(test)\b)/g)].map(([, name, short]) => name ?? short ?? ""));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("take what stands behind them", () => {
    const names = (own: readonly string[]): string => own.slice(0, 2).join(" ");
    // A flag with a value has one: what follows it is no other flag.
    const bare = said.flatMap(({ where, words }) => {
      const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
      const flags = commands[ids.find((id) => id === own.slice(0, 2).join(":")) ?? own[0] ?? ""]?.flags ?? {};
      return own.flatMap((word, index) => (flags[word.replace(/^--/, "")]?.type === "option" && word.startsWith("--") && own[index + 1]?.startsWith("-") === true ? [`${where}: ${names(own)} ${word}`] : []));
    });
    expect(bare).toEqual([]);
  });
});
