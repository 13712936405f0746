// Transcripts once more, behind the wall: what a run does is the same there.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { can } from "../support/machine.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

/** Not those that call `vault` inside a run, put a key or a certificate where the wall hides or refuses it, or look at the proxy's password. */
const SAME = ["audit-page", "did-you-mean", "exit-statuses", "import", "key-sources-env", "redact", "scopes", "seal", "sealed-env-file", "services"];

describe.skipIf(!can.wall || !hasTools())("transcripts behind the wall (need bubblewrap, curl and python3)", () => {
  let upstream: RawUpstream;
  beforeAll(async () => {
    upstream = await openRawUpstream();
  });
  afterAll(async () => {
    await upstream.close();
  });

  it.each(SAME)("%s.txt", async (name) => {
    await runTranscript(fileURLToPath(new URL(`${name}.txt`, import.meta.url)), upstream, true);
  }, 240_000);
});
