// What `vault` and its pages tell somebody to type is something that it takes: each command and flag of ours in any text of the sources and of the pages, by the manifest.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { nodesOf, readSources } from "../support/source-tree.ts";
import { ROOT, readPage } from "./page-blocks.ts";

interface Flag {
  readonly type: string;
  readonly char?: string;
  readonly allowNo?: boolean;
}
const { commands } = JSON.parse(readFileSync(join(ROOT, "oclif.manifest.json"), "utf8")) as { readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, Flag>>; readonly args?: Readonly<Record<string, { readonly required?: boolean }>> }>> };
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

/** @returns what a command lacks, of the arguments that it cannot do without. Words of a sentence behind it count as some: this is no proof, and finds what was forgotten. */
function findMissing({ where, words }: Said): string[] {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const id = own[1] !== undefined && ids.includes(`${own[0] ?? ""}:${own[1]}`) ? `${own[0] ?? ""}:${own[1]}` : (own[0] ?? "");
  const { flags = {}, args = {} } = commands[id] ?? {};
  const given = own.slice(id.split(":").length).filter((word, index, all) => !word.startsWith("-") && flags[(all[index - 1] ?? "").replace(/^--/, "")]?.type !== "option");
  const needed = Object.values(args).filter(({ required }) => required === true).length;
  return given.length < needed && !words.includes("--help") && !words.includes("--") ? [`${where}: vault ${words.join(" ")}`] : [];
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

  it("have all their arguments, where they are all of a hint", () => {
    const hints = sources.flatMap(({ path, tree }) => nodesOf(tree).filter((node): node is ts.NewExpression => ts.isNewExpression(node) && node.expression.getText(tree) === "VaultError").flatMap((node) => {
      const hint = node.arguments?.[2];
      const text = hint === undefined ? undefined : textOf(hint);
      return text === undefined ? [] : findSaid(`${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`, text).filter(({ words }) => text.startsWith(`vault ${words.join(" ")}`));
    }));
    expect(hints.length).toBeGreaterThan(40);
    expect(hints.flatMap(findMissing)).toEqual([]);
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
