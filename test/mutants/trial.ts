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
  readonly isCaught: boolean;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** So many files are asked at once; the rest only where these notice nothing. */
const BATCHES = [1, 3, 8, 16] as const;

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
const silent = { onInit: () => undefined };
const vitest = await createVitest("test", { config: `${ROOT}.config/vitest.config.ts`, root: ROOT, watch: false, bail: 1, reporters: [silent], maxWorkers: 2, testTimeout: 20_000, hookTimeout: 20_000, onConsoleLog: () => false }, { plugins: [breaking], clearScreen: false, logLevel: "silent" });

for (const [index, { mutation, tests }] of trials.entries()) {
  if (index < Number(first)) continue;
  broken = mutation;
  vitest.invalidateFile(`${ROOT}${mutation.path}`);
  let [isCaught, at] = [false, 0];
  for (const size of BATCHES) {
    const batch = tests.slice(at, at + size);
    at += size;
    if (batch.length === 0 || isCaught) break;
    const specifications = (await Promise.all(batch.map((test) => vitest.globTestSpecifications([test])))).flat();
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    isCaught = unhandledErrors.length > 0 || testModules.some((module) => module.state() === "failed");
    process.exitCode = 0;
  }
  const verdict: Verdict = { index, isCaught };
  process.stdout.write(`\n@${JSON.stringify(verdict)}\n`);
  vitest.invalidateFile(`${ROOT}${mutation.path}`);
}
await vitest.close();
process.exit(0);
