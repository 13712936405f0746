import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    exclude: process.env["VAULT_SOAK"] === undefined ? ["test/soak/**"] : [],
    globalSetup: [new URL("shared-folder.ts", import.meta.url).pathname],
    pool: "forks",
    // On two cores the default is one: many tests wait for processes and clocks, and leave a core to others.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // For a busy machine. What a test waits for comes within these, and how soon is nothing that it judges: see vitest.gate.config.ts.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", new URL("counts-reporter.ts", import.meta.url).pathname],
  },
});
