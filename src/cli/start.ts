// Starts the program from code that V8 has compiled before. To compile it anew takes longer than most commands do.
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { lstatSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { leave } from "./leave.ts";
import { chooseProgram } from "./program-choice.ts";

/** What a bundled program exports. */
interface Program {
  main(argv: readonly string[]): Promise<void>;
}

/** A file that was started, whose compiled code is to be left for the next time. */
interface Uncached {
  readonly cache: string;
  readonly script: Script;
  readonly owner: Stats;
}

/** Beside this one. */
const FOLDER = dirname(fileURLToPath(import.meta.url));

/**
 * Runs the program that the arguments are for, and leaves its compiled code for the next time, if nobody has.
 *
 * @param argv the arguments behind the program's name.
 */
export async function start(argv: readonly string[]): Promise<void> {
  const { program, uses } = chooseProgram(argv);
  const uncached: Uncached[] = [];
  await (load(join(FOLDER, `${program}.cjs`), uses, uncached) as Program).main(argv);
  // Of a command that was refused, little is compiled.
  if (Number(process.exitCode ?? 0) === 0) for (const { cache, script, owner } of uncached) writeCache(cache, script, owner);
  leave();
}

/**
 * Evaluates a file as Node would, and lets it be found by whoever requires it; what it requires that stands beside it, likewise.
 *
 * @param uses whose compiled code is taken, the best first; the first is the one that is left.
 */
function load(file: string, uses: readonly [string, ...string[]], uncached: Uncached[]): unknown {
  const owner = lstatSync(file);
  const cacheFor = (use: string): string => `${file}.${process.version}-${process.arch}-${owner.size}-${owner.mtimeMs}${switchesTag()}-${use}.cache`;
  const [use, ...others] = uses;
  const own = readCache(cacheFor(use), owner);
  const cachedData = others.reduce((found, other) => found ?? readCache(cacheFor(other), owner), own);
  const script = new Script(Module.wrap(readFileSync(file, "latin1")), cachedData === undefined ? { filename: file } : { filename: file, cachedData });
  if (own === undefined && script.cachedDataRejected !== true) uncached.push({ cache: cacheFor(use), script, owner });
  const nodes = createRequire(file);
  const required = new Map<string, unknown>();
  const require = Object.assign((name: string): unknown => {
    // Most are asked for by dozens of sources.
    if (required.has(name)) return required.get(name);
    const exports: unknown = BESIDE.test(name) ? load(join(FOLDER, name), [use], uncached) : nodes(name);
    required.set(name, exports);
    return exports;
  }, nodes);
  const module = new Module(file);
  module.filename = file;
  nodes.cache[file] = module;
  const evaluate = script.runInThisContext() as (exports: unknown, require: unknown, module: Module, filename: string) => void;
  evaluate(module.exports, require, module, file);
  module.loaded = true;
  return module.exports;
}

/** What every run with a connection loads. The other bundles are for less, and Node's own way to them will do. */
const BESIDE = /^\.\/undici\.cjs$/;

/** V8 takes no code that was compiled under other switches of its own, and many have one in NODE_OPTIONS. Where there are none at all, nobody needs to be asked. */
function switchesTag(): string {
  const { execArgv, env } = process;
  return execArgv.length === 0 && (env["NODE_OPTIONS"] ?? "") === "" ? "" : `-${process.getBuiltinModule("node:v8").cachedDataVersionTag()}`;
}

/**
 * Compiled code counts for as much as the program itself: it has to belong to the same user, and nobody else may have written it.
 * V8 does not check that it is whole, and would crash on what a power cut has left of it: so its hash stands behind it.
 */
function readCache(cache: string, program: Stats): Buffer | undefined {
  const stat = lstatSync(cache, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.uid !== program.uid || (stat.mode & 0o022) !== 0) return undefined;
  try {
    const bytes = readFileSync(cache);
    const code = bytes.subarray(0, -HASH_BYTES);
    return hash(code).equals(bytes.subarray(-HASH_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Where the program is installed for this user. Nobody waits for it, and nothing depends on it: what cannot be written is compiled again. */
function writeCache(cache: string, script: Script, program: Stats): void {
  if (process.geteuid?.() !== program.uid) return;
  const draft = `${cache}.${process.pid}`;
  try {
    const code = script.createCachedData();
    writeFileSync(draft, Buffer.concat([code, hash(code)]), { flag: "wx", mode: 0o644 });
    renameSync(draft, cache);
  } catch {
    // The next command tries again.
  }
}

const HASH_BYTES = 32;

function hash(code: Uint8Array): Buffer {
  return createHash("sha256").update(code).digest();
}
