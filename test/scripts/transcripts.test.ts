import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openLanes } from "../support/lanes.ts";
import { closeTestStore, openTestStore, TEST_STORE } from "../support/test-store.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const lanes = openLanes();

/** About what a vault in a file alone is or has, and why. */
const FILES_ALONE: Readonly<Record<string, string>> = {
  "auto-init.txt": "none is made in passing in a store",
  "exit-statuses.txt": "spoils vault.json, which is a copy there, and comes back whole",
  "key-sources.txt": "makes several vaults, where a transcript has one place",
  "lock-reaches-runs.txt": "locks from within a run, where nobody has the store's password, and is told so",
  "node-clients.txt": "has a run within a run, which has not the store's password either",
  "redact.txt": "wants no further line on a terminal, where a run tells who can read the store's password",
};

beforeAll(openTestStore);
afterAll(closeTestStore);

describe("transcripts", { concurrent: true }, () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".txt") && (TEST_STORE === undefined || !(file in FILES_ALONE)))) {
    it.skipIf(!hasTools())(`${name} (needs curl and python3)`, async () => {
      await lanes(() => runTranscript(`${FOLDER}${name}`));
    }, 600_000);
  }
});
