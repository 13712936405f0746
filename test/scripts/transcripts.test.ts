import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { openLanes } from "../support/lanes.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const lanes = openLanes();

describe("transcripts", { concurrent: true }, () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".txt"))) {
    it.skipIf(!hasTools())(`${name} (needs curl and python3)`, async () => {
      await lanes(() => runTranscript(`${FOLDER}${name}`));
    }, 600_000);
  }
});
