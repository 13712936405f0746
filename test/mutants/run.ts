// Breaks the program in a few hundred places, one at a time, and says which breaks no test noticed:
//
//   npm run mutants -- [--count 300] [--seed 1] [--in src/proxy]…
//
// A break that survives is a line without a test, or one whose change changes nothing; SURVIVORS.md says of each known one which it is.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readSources } from "../support/source-tree.ts";
import { choose, rankTests } from "./choice.ts";
import type { Mutation } from "./mutation.ts";
import { listMutations } from "./mutation.ts";
import type { Trial, Verdict } from "./trial.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["src/proxy", "src/vault", "src/agent", "src/run", "src/audit"];
/** Longer than any one of these tests takes, whose own time is 15 s: the break has made an endless loop. */
const HANGS_AFTER_MS = 50_000;
/** Tests that ask other things than whether the program does what it should. */
const NOT_ASKED = /^test\/(architecture|soak|scale|weight|clients|faults|leaks|first-hour|keyring|concurrency|scripts)/;

const { values } = parseArgs({ options: { count: { type: "string", default: "300" }, seed: { type: "string", default: "1" }, in: { type: "string", multiple: true } } });
const sources = readSources("src");
const files = [...sources, ...readSources("test")];
const folders = values.in ?? FOLDERS;
const mutations = sources.filter(({ path }) => folders.some((folder) => path.startsWith(folder))).flatMap(listMutations);
const trials: Trial[] = choose(mutations, Number(values.count), Number(values.seed)).map((mutation) => ({ mutation, tests: rankTests(mutation.path, files).filter((test) => !NOT_ASKED.test(test)) }));

const folder = realpathSync(mkdtempSync(join(tmpdir(), "mutants-")));
try {
  copyProject();
  const verdicts = await tryAll(trials, join(folder, "trials.json"));
  const survivors = trials.filter((_, index) => verdicts.get(index) === undefined).map(({ mutation }) => describe(mutation));
  const known = readFileSync(`${ROOT}test/mutants/SURVIVORS.md`, "utf8");
  const unexplained = survivors.filter((survivor) => !known.includes(survivor));
  for (const survivor of survivors) console.log(`${unexplained.includes(survivor) ? "survived" : "explained"}: ${survivor}`);
  console.log(`${trials.length} breaks, ${trials.length - survivors.length} noticed, ${survivors.length} survived, ${unexplained.length} of them unexplained`);
  process.exitCode = unexplained.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

/** What is installed and what is built are linked to: nothing of that is broken. */
function copyProject(): void {
  mkdirSync(join(folder, "project"));
  for (const name of readdirSync(ROOT)) {
    const [from, to] = [join(ROOT, name), join(folder, "project", name)];
    if (["node_modules", "dist"].includes(name)) symlinkSync(from, to);
    else if (name !== ".git") cpSync(from, to, { recursive: true });
  }
}

/** By which test each was noticed, by its number. One that hangs was. */
async function tryAll(all: readonly Trial[], file: string): Promise<ReadonlyMap<number, string | undefined>> {
  writeFileSync(file, JSON.stringify(all));
  const verdicts = new Map<number, string | undefined>();
  while (verdicts.size < all.length) {
    const next = verdicts.size;
    const hear = ({ index, noticedBy }: Verdict): void => {
      verdicts.set(index, noticedBy);
      const { mutation } = all[index] ?? {};
      if (mutation !== undefined) console.error(`${index + 1}/${all.length} ${noticedBy === undefined ? "survived" : `noticed by ${noticedBy}`}: ${describe(mutation)}`);
    };
    await tryFrom(next, file, hear);
    // The process ended within a trial: what it tried then has ended it.
    if (verdicts.size < all.length) hear({ index: verdicts.size, noticedBy: "a loop without an end" });
  }
  return verdicts;
}

/** Until all are tried, or one hangs. */
async function tryFrom(first: number, file: string, hear: (verdict: Verdict) => void): Promise<void> {
  // Whoever was ended may have left a break behind.
  for (const { path, text } of sources) writeFileSync(join(folder, "project", path), text);
  const child = spawn(process.execPath, [`${ROOT}.config/run-ts.js`, `${ROOT}test/mutants/trial.ts`, join(folder, "project"), file, String(first)], { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"], detached: true });
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  let timer = setTimeout(end, HANGS_AFTER_MS);
  for await (const line of createInterface({ input: child.stdout })) {
    if (!/^[@.]/.test(line)) continue;
    clearTimeout(timer);
    timer = setTimeout(end, HANGS_AFTER_MS);
    if (line.startsWith("@")) hear(JSON.parse(line.slice(1)) as Verdict);
  }
  clearTimeout(timer);
}

/** How SURVIVORS.md names it: by what stands there, and not by a number that moves. */
function describe({ path, start, end, replacement }: Mutation): string {
  const text = sources.find((source) => source.path === path)?.text ?? "";
  const [from, to] = [text.lastIndexOf("\n", start) + 1, text.indexOf("\n", end)];
  return `\`${path}\`: \`${text.slice(from, to).trim()}\` → \`${text.slice(start, end)}\` becomes \`${replacement}\``;
}
