// The same transcripts once more, behind the wall: what a run does is the same there.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { can } from "../support/machine.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const startsRuns = (name: string): boolean => readFileSync(`${FOLDER}${name}`, "utf8").includes("vault run ");

describe.skipIf(!can.wall)("transcripts behind the wall (needs bubblewrap)", () => {
  let upstream: RawUpstream;
  beforeAll(async () => {
    upstream = await openRawUpstream();
  });
  afterAll(async () => {
    await upstream.close();
  });

  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".txt") && startsRuns(file))) {
    it.skipIf(!hasTools())(`${name} (needs curl and python3)`, async () => {
      await runTranscript(`${FOLDER}${name}`, upstream, true);
    }, 240_000);
  }
});
