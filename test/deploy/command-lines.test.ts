// Every command line of `vault` in deploy/ is one that this program takes: its commands and flags, by the manifest.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, listDeployFiles, readDeployFile, readYaml } from "./deploy-files.ts";

const { commands } = JSON.parse(readFileSync(join(ROOT, "oclif.manifest.json"), "utf8")) as { readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, { readonly type: string }>> }>> };

/** Lists that a YAML file gives a container as its arguments, wherever they stand. */
function findArguments(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => ((key === "args" || key === "command") && Array.isArray(inner) ? [inner.map(String)] : findArguments(inner)));
}

/** In prose, scripts and units: from `vault` (or compose's `owner`, which is it) and a command to where the line, the code span or the shell's command ends. */
function findSpoken(text: string): string[][] {
  return [...text.replaceAll("\\\n", " ").matchAll(/(?<![\w/-])(?:(?:\/usr\/local\/bin\/)?vault|run --rm (?:-T )?owner)((?: [^\s`|;&)]+)+)/g)].map(([, words = ""]) => words.trim().split(" ")).filter(([first = ""]) => Object.keys(commands).some((id) => id.split(":")[0] === first));
}

/** @returns what is wrong with it. */
function judge(words: readonly string[]): string | undefined {
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const id = own[1] !== undefined && commands[`${own[0]}:${own[1]}`] !== undefined ? `${own[0]}:${own[1]}` : own[0] ?? "";
  const command = commands[id];
  if (command === undefined) return `no command: ${words.join(" ")}`;
  const unknown = own.flatMap((word) => (/^--([a-z-]+)/.exec(word)?.[1] ?? [])).filter((flag) => command.flags[flag] === undefined);
  return unknown.length === 0 ? undefined : `vault ${id.replace(":", " ")} has no --${unknown.join(", --")}`;
}

test("the judge knows a wrong line", () => {
  expect(judge(["serve", "--listen=x", "--nothing"])).toBe("vault serve has no --nothing");
  expect(judge(["identity", "accept", "agent", "--as", "x"])).toBeUndefined();
  expect(findSpoken("then `vault serve --listen [::]:7998`, or vault is there; vault identity list | cat")).toEqual([["serve", "--listen", "[::]:7998"], ["identity", "list"]]);
});

test("containers' arguments", () => {
  const lists = ["compose/compose.yaml", "compose/replicas/compose.yaml", "kubernetes/init.yaml", "kubernetes/broker.yaml", "kubernetes/agent.yaml", "kubernetes-replicas/init.yaml", "kubernetes-replicas/brokers.yaml"].flatMap((path) => findArguments(readYaml(path))).filter(([program = ""]) => !["haproxy", "redis-server"].includes(program));
  expect(lists).toHaveLength(13);
  expect(lists.map(judge).filter((wrong) => wrong !== undefined)).toEqual([]);
});

test("what texts, scripts and units say", () => {
  const spoken = listDeployFiles().flatMap((path) => findSpoken(readDeployFile(path)));
  expect(spoken.length).toBeGreaterThan(8);
  expect(spoken.map(judge).filter((wrong) => wrong !== undefined)).toEqual([]);
});
