// What is loaded, and when: each file that a command does not need costs its user time.
import { expect, test } from "vitest";
import { readSources } from "./support/source-tree.ts";

const sources = readSources("src");

/** What is loaded with these files. @param follows whether an import counts. */
function loadedWith(paths: readonly string[], follows: (path: string, specifier: string, isLazy: boolean) => boolean): Set<string> {
  const files = new Map(sources.map((file) => [file.path, file]));
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { target, specifier, isTypeOnly, isLazy } of files.get(path)?.imports ?? []) if (!isTypeOnly && follows(path, specifier, isLazy)) load(target ?? specifier);
  };
  paths.forEach(load);
  return loaded;
}

test("a run whose secrets are all stored loads nothing of logins, sources and their protocols", () => {
  // The doors to all of it, which `openGrants` opens for a secret of another source alone, or one with a rule that asks or counts.
  const isDoor = (path: string, specifier: string): boolean => path === "src/app/runs/run-grants.ts" && ["./living-values.ts", "../approvals/open-run-gate.ts"].includes(specifier);
  const loaded = loadedWith(["src/commands/run.ts"], (path, specifier, isLazy) => !(isLazy && isDoor(path, specifier)));
  expect(loaded).toContain("src/app/runs/run-grants.ts");
  // What the agent answers is read by the same client for keys and values: the class of its failures comes along.
  const living = /^src\/(?:agent\/sources\/(?!source-maker\.ts)|app\/(?:logins|refreshing|sources)\/|providers\/|commands\/log)|^src\/(?:agent\/(?:server|main|spawn|start)|app\/agent-program|app\/runs\/living-values?)\.ts$|^oauth4webapi$/;
  expect([...loaded].filter((path) => living.test(path))).toEqual([]);
  expect(loadedWith(["src/app/runs/living-values.ts"], () => true)).toContain("src/agent/spawn.ts");
});

test("a vault that is a file loads nothing of engines, in no command, nor in the agent", () => {
  // Of the table of commands, each is imported when it is named.
  const loaded = loadedWith(["src/commands/programs/main.ts", "src/app/agent-program.ts"], (path, _specifier, isLazy) => !isLazy || path === "src/commands/table.ts");
  expect(loaded).toContain("src/store/engine-vault.ts");
  // What an engine is, and how a change of one is settled: some lines each.
  expect([...loaded].filter((path) => path.startsWith("src/engines/")).sort()).toEqual(["src/engines/engine.ts", "src/engines/settled-replace.ts"]);
});

test("a run without a wall makes none, and what is asked for all day loads no proxy", () => {
  const loadsAtOnce = (...paths: readonly string[]): string[] => [...loadedWith(paths, (path, specifier, isLazy) => !isLazy || (path === "src/commands/run.ts" && specifier.endsWith("/run-session.ts")))];
  expect(loadsAtOnce("src/commands/run.ts").filter((path) => /^src\/wall\/(?:wall\.ts|door\.ts|trust\/|net\/|namespaces\/(?:outer-namespace|walled-process|standing-mounts))/.test(path))).toEqual([]);
  expect(loadsAtOnce("src/commands/status.ts", "src/commands/secrets/list.ts").filter((path) => path.startsWith("src/proxy/tls/") || path.startsWith("src/wall/trust/") || path === "execa" || path === "undici")).toEqual([]);
});
