// Starts the program from code that V8 has compiled before. To compile it anew takes longer than most commands do.
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { lstatSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { leaveLookUps } from "./leave.ts";

/** What the bundled program exports. */
interface Program {
  main(argv: readonly string[]): Promise<void>;
}

/**
 * Runs the program that stands beside this file, and leaves its compiled code for the next time, if nobody has.
 *
 * @param argv the arguments behind the program's name.
 */
export async function start(argv: readonly string[]): Promise<void> {
  const file = fileURLToPath(new URL("./main.cjs", import.meta.url));
  const stat = lstatSync(file);
  const cacheFor = (kind: Kind): string => `${file}.${process.version}-${process.arch}-${stat.size}-${stat.mtimeMs}${switchesTag()}-${kind}.cache`;
  const [kind, ...others] = rankKinds(argv);
  const own = cacheFor(kind);
  const ownData = readCache(own, stat);
  const cachedData = others.reduce((found, other) => found ?? readCache(cacheFor(other), stat), ownData);
  const script = new Script(Module.wrap(readFileSync(file, "latin1")), cachedData === undefined ? { filename: file } : { filename: file, cachedData });
  await load(script, file).main(argv);
  // Of a command that was refused, little is compiled.
  if (ownData === undefined && script.cachedDataRejected !== true && Number(process.exitCode ?? 0) === 0) writeCache(own, script, stat);
  leaveLookUps();
}

/** A run, one with a wall and the other commands use different parts of the program, and only what was used has been compiled. */
type Kind = "run" | "walled" | "other";

/** Whose code is the best for a command, the best first. */
function rankKinds(argv: readonly string[]): readonly [Kind, ...Kind[]] {
  if (argv[0] !== "run") return ["other", "run"];
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).includes("--sandbox") ? ["walled", "run", "other"] : ["run", "other"];
}

/** V8 takes no code that was compiled under other switches of its own, and many have one in NODE_OPTIONS. Where there are none at all, nobody needs to be asked. */
function switchesTag(): string {
  const { execArgv, env } = process;
  return execArgv.length === 0 && (env["NODE_OPTIONS"] ?? "") === "" ? "" : `-${process.getBuiltinModule("node:v8").cachedDataVersionTag()}`;
}

/** Evaluates the program as Node would, and lets it be found by whoever requires it. */
function load(script: Script, file: string): Program {
  const require = createRequire(file);
  const module = new Module(file);
  module.filename = file;
  require.cache[file] = module;
  const evaluate = script.runInThisContext() as (exports: unknown, require: NodeJS.Require, module: Module, filename: string) => void;
  evaluate(module.exports, require, module, file);
  module.loaded = true;
  return module.exports as Program;
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
