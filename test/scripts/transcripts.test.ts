import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

describe("transcripts", () => {
  let upstream: RawUpstream;
  beforeAll(async () => {
    upstream = await openRawUpstream();
  });
  afterAll(async () => {
    await upstream.close();
  });

  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".txt"))) {
    it.skipIf(!hasTools())(`${name} (needs curl and python3)`, async () => {
      await runTranscript(`${FOLDER}${name}`, upstream);
    }, 120_000);
  }
});
