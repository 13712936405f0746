// The built program with a secret for a server that keeps what it receives, for as long as a test file takes.
import { afterAll } from "vitest";
import type { BuiltVault } from "./built-vault.ts";
import { openBuiltVault } from "./built-vault.ts";
import type { RawUpstream } from "./raw-upstream.ts";
import { openRawUpstream } from "./raw-upstream.ts";

export interface BuiltStage {
  readonly upstream: RawUpstream;
  /** With API_KEY bound to the server. */
  readonly built: BuiltVault;
}

/** To be called once, at the top of a test file; all is closed behind its last test. @param value of API_KEY. */
export async function openBuiltStage(value: string): Promise<BuiltStage> {
  const upstream = await openRawUpstream();
  const built = openBuiltVault(`localhost:${upstream.port}`, value, upstream.certificate);
  afterAll(async () => {
    built.close();
    await upstream.close();
  });
  return { upstream, built };
}
