import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    exclude: process.env["VAULT_SOAK"] === undefined ? ["test/soak/**"] : [],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", new URL("counts-reporter.ts", import.meta.url).pathname],
  },
});
