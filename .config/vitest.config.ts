import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import DearestFirst from "./dearest-first.ts";
import { INSTALLED } from "./vitest.clients.config.ts";

/** Folders whose tests change nothing of the process that runs them: it takes one file after the other, and has what they import evaluated once. */
const FOLDERS = ["agent/sources", "app/auditing", "app/broker", "app/imports", "app/keys", "app/sealing", "app/secrets", "app/services", "app/skills", "app/sources", "attacks/rules", "audit", "cli/input", "cli/output", "env-files", "identity", "keys", "project", "providers", "proxy", "run/probe", "run/roots", "scan", "sealed", "services", "store", "vault", "wall/macos", "wall/net"];
/** Files within them that do: its variables, its clock, or what it has of memory. */
const ALONE = ["bad-certificate", "https-fetch", "kdf", "refusal-record", "session-sweep", "vault-file"];
const TOGETHER = [`test/{${FOLDERS.join(",")}}/**/!(${ALONE.join("|")}).test.ts`, `test/attacks/!(${ALONE.join("|")}).test.ts`];

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    projects: [
      { extends: true, test: { name: "together", include: TOGETHER, exclude: INSTALLED, isolate: false } },
      { extends: true, test: { name: "alone", include: ["test/**/*.test.ts"], exclude: [...TOGETHER, ...INSTALLED, ...(process.env["VAULT_SOAK"] === undefined ? ["test/soak/**"] : [])] } },
    ],
    globalSetup: [new URL("shared-folder.ts", import.meta.url).pathname],
    pool: "forks",
    // Two more than cores: many tests wait for processes and clocks, and leave theirs to others.
    maxWorkers: availableParallelism() + 2,
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
