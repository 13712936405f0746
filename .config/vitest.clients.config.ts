// `npm run test:clients`: programs that `.ci/clients` and `.ci/agents` install, at work in whole runs. Minutes long, and of no use where nothing is installed, so not a part of `npm test`.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export const INSTALLED = ["test/agents/**/*.test.ts", "test/clients/clients.test.ts", "test/clients/emptied-environment.test.ts", "test/clients/own-localhost.test.ts", "test/clients/walled-clients.test.ts"];

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: INSTALLED,
    globalSetup: [new URL("shared-folder.ts", import.meta.url).pathname],
    pool: "forks",
    maxWorkers: availableParallelism() + 1,
    // As in vitest.config.ts: how soon is nothing that these judge.
    // One race of a thousand processes on a busy machine is told by name at the end, and stops nobody's work.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", new URL("counts-reporter.ts", import.meta.url).pathname],
  },
});
