import type { BrokerClient } from "../../broker/client.ts";
import { utf8 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";

/** @throws VaultError `store-unavailable`, `not-accepted` where the proof is not taken. */
export async function claimIdentity(client: Pick<BrokerClient, "ask" | "origin">, handle: string): Promise<void> {
  const { status } = await client.ask("POST", "/v1/claims", utf8(handle));
  if (status !== 202) throw new VaultError("store-unavailable", `the broker at ${client.origin} does not take the claim (status ${status})`, "see whether it is a broker: vault serve");
}
