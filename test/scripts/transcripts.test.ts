import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openLanes } from "../support/lanes.ts";
import { closeTestStore, openTestStore, TEST_STORE } from "../support/test-store.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const lanes = openLanes();

/** Of a vault that is a file: made in passing where none is, or looked for there. */
const FILES_ALONE = ["auto-init.txt"];

beforeAll(openTestStore);
afterAll(closeTestStore);

describe("transcripts", { concurrent: true }, () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".txt") && (TEST_STORE === undefined || !FILES_ALONE.includes(file)))) {
    it.skipIf(!hasTools())(`${name} (needs curl and python3)`, async () => {
      await lanes(() => runTranscript(`${FOLDER}${name}`));
    }, 600_000);
  }
});
