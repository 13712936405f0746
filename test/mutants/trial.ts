// Tries breaks one after the other in one process of vitest: a line of JSON for each on standard output. Started by `run.ts`, which ends it where a break makes it hang.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import type { Mutation } from "./mutation.ts";

export interface Trial {
  readonly mutation: Mutation;
  /** Tests in the order in which they are asked. */
  readonly tests: readonly string[];
}

export interface Verdict {
  readonly index: number;
  /** What the first test that failed is called; undefined where none did. */
  readonly noticedBy?: string | undefined;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** So many files are asked at once; the next ones only where these notice nothing. What the twelve nearest do not notice, no test can be said to be about. */
const BATCHES = [1, 3, 8] as const;

let broken: Mutation | undefined;
const breaking = {
  name: "break",
  enforce: "pre" as const,
  transform(code: string, id: string) {
    if (broken === undefined || id !== `${ROOT}${broken.path}`) return undefined;
    return code.slice(0, broken.start) + broken.replacement + code.slice(broken.end);
  },
};

const [file = "", first = "0"] = process.argv.slice(2);
const trials = JSON.parse(readFileSync(file, "utf8")) as readonly Trial[];
/** A sign of life for each test: `run.ts` waits for one, and not for a verdict, which may take all tests their time. */
const sign = (): void => { process.stdout.write("\n.\n"); };
const silent = { onInit: () => undefined, onTestModuleQueued: sign, onTestModuleStart: sign, onTestCaseResult: sign };
const vitest = await createVitest("test", { config: `${ROOT}.config/vitest.config.ts`, root: ROOT, watch: false, bail: 1, reporters: [silent], maxWorkers: 2, testTimeout: 15_000, hookTimeout: 15_000, onConsoleLog: () => false }, { plugins: [breaking], clearScreen: false, logLevel: "silent" });

for (const [index, { mutation, tests }] of trials.entries()) {
  if (index < Number(first)) continue;
  let noticedBy: string | undefined;
  let at = 0;
  for (const size of BATCHES) {
    const batch = tests.slice(at, at + size);
    at += size;
    if (batch.length === 0 || noticedBy !== undefined) break;
    const failure = await firstFailure(batch, mutation);
    // A test that waits for too long says something about the break only if it does not without.
    if (failure?.isLate !== true || (await firstFailure([failure.file], undefined)) === undefined) noticedBy = failure?.name;
  }
  const verdict: Verdict = { index, noticedBy };
  process.stdout.write(`\n@${JSON.stringify(verdict)}\n`);
}
await vitest.close();
process.exit(0);

interface Failure {
  readonly file: string;
  readonly name: string;
  /** Whether it failed by its time alone. */
  readonly isLate: boolean;
}

/** Of these tests, with the program broken so, or as it is. */
async function firstFailure(tests: readonly string[], mutation: Mutation | undefined): Promise<Failure | undefined> {
  for (const changed of [broken, mutation]) if (changed !== undefined) vitest.invalidateFile(`${ROOT}${changed.path}`);
  broken = mutation;
  // What it knows of earlier runs would be among the answers of this one.
  vitest.state.filesMap.clear();
  vitest.state.idMap.clear();
  const specifications = (await Promise.all(tests.map((test) => vitest.globTestSpecifications([test])))).flat();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  process.exitCode = 0;
  for (const module of testModules) {
    if (module.state() !== "failed") continue;
    const file = module.moduleId.slice(ROOT.length);
    const failed = [...module.children.allTests("failed")][0];
    const isLate = failed?.result().errors?.every(({ message }) => /timed out/i.test(message)) === true;
    return { file, name: failed === undefined ? file : `${file} > ${failed.fullName}`, isLate };
  }
  return unhandledErrors.length > 0 ? { file: tests[0] ?? "", name: `${tests.join(", ")}: an error that nobody caught`, isLate: false } : undefined;
}
