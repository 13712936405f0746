// Tries breaks one after the other in one process of vitest: a line of JSON for each on standard output. Started by `run.ts`, in a copy of the project, whose sources it breaks: so that what
// tests bundle for processes of their own is broken too. Where a break makes it hang, `run.ts` ends it.
import { readFileSync, writeFileSync } from "node:fs";
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

/** So many files are asked at once; the next ones only where these notice nothing. What the six nearest do not notice, no test can be said to be about. */
const BATCHES = [1, 2, 3] as const;

const [root = "", file = "", first = "0"] = process.argv.slice(2);
const trials = JSON.parse(readFileSync(file, "utf8")) as readonly Trial[];
/** A sign of life for each test: `run.ts` waits for one, and not for a verdict, which may take all tests their time. */
const sign = (): void => { process.stdout.write("\n.\n"); };
const silent = { onInit: () => undefined, onTestModuleQueued: sign, onTestModuleStart: sign, onTestCaseResult: sign };
const vitest = await createVitest("test", { config: `${root}/.config/vitest.config.ts`, root, watch: false, bail: 1, reporters: [silent], maxWorkers: 2, testTimeout: 15_000, hookTimeout: 15_000, onConsoleLog: () => false }, { clearScreen: false, logLevel: "silent" });

/** What vitest says of itself on a busy machine. */
const OWN_TROUBLE = /\[vitest/;
/** Tests that pass while nothing is broken. */
const sound = new Set<string>();

for (const [index, { mutation, tests }] of trials.entries()) {
  if (index < Number(first)) continue;
  const path = `${root}/${mutation.path}`;
  const source = readFileSync(path, "utf8");
  const broken = source.slice(0, mutation.start) + mutation.replacement + source.slice(mutation.end);
  write(path, broken);
  let noticedBy: string | undefined;
  let at = 0;
  for (const size of BATCHES) {
    const batch = tests.slice(at, at + size);
    at += size;
    if (batch.length === 0 || noticedBy !== undefined) break;
    const failure = await firstFailure(batch);
    if (failure !== undefined && (failure.isLate || !sound.has(failure.file))) {
      // What fails without the break too says nothing about it. So does a test that has waited for too long, unless it has not without.
      write(path, source);
      const isSound = (await firstFailure([failure.file])) === undefined;
      write(path, broken);
      if (!isSound) continue;
      sound.add(failure.file);
    }
    noticedBy = failure?.name;
  }
  write(path, source);
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

function write(path: string, text: string): void {
  writeFileSync(path, text);
  vitest.invalidateFile(path);
}

/** Of these tests, with the project as it is now. */
async function firstFailure(tests: readonly string[]): Promise<Failure | undefined> {
  // What it knows of earlier runs would be among the answers of this one.
  vitest.state.filesMap.clear();
  vitest.state.idMap.clear();
  const specifications = (await Promise.all(tests.map((test) => vitest.globTestSpecifications([test])))).flat();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  process.exitCode = 0;
  for (const module of testModules) {
    if (module.state() !== "failed") continue;
    const file = module.moduleId.slice(root.length + 1);
    const failed = [...module.children.allTests("failed")][0];
    const isLate = failed?.result().errors?.every(({ message }) => /timed out/i.test(message)) === true;
    return { file, name: failed === undefined ? file : `${file} > ${failed.fullName}`, isLate };
  }
  const [uncaught] = unhandledErrors.map((error) => (error instanceof Error ? error.message : JSON.stringify(error))).filter((message) => !OWN_TROUBLE.test(message));
  return uncaught === undefined ? undefined : { file: tests[0] ?? "", name: `${tests.join(", ")}: nobody caught ${uncaught}`, isLate: false };
}
