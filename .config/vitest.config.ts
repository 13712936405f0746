import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import DearestFirst from "./dearest-first.ts";
import { INSTALLED } from "./vitest.clients.config.ts";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    exclude: [...INSTALLED, ...(process.env["VAULT_SOAK"] === undefined ? ["test/soak/**"] : [])],
    globalSetup: [new URL("shared-folder.ts", import.meta.url).pathname],
    pool: "forks",
    // One more than cores: many tests wait for processes and clocks, and leave theirs to others.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: DearestFirst },
    // For a busy machine. What a test waits for comes within these, and how soon is nothing that it judges: see vitest.gate.config.ts.
    // One race of a thousand processes on a busy machine is told by name at the end, and stops nobody's work.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", new URL("counts-reporter.ts", import.meta.url).pathname],
  },
});
