// The gates: how long things take, as ratios or against what a person notices. Not a part of `npm test`, which a busy machine must not fail.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["bench/gate/**/*.test.ts"],
    globalSetup: [new URL("shared-folder.ts", import.meta.url).pathname],
    pool: "forks",
    // One after the other, and what was measured in a bad moment is measured again.
    maxWorkers: 1,
    retry: 3,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", new URL("counts-reporter.ts", import.meta.url).pathname],
  },
});
