// A broker of two principals: each vault has an owner, a key and a log of its own, and an identity has what each has accepted it for.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, openBrokerStage } from "../support/broker-stage.ts";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";

const THEIRS = "the-value-of-the-other-principal";
let stage: BrokerStage;
let other: BuiltVault;
let broker: RunningBroker;
beforeAll(async () => {
  stage = await openBrokerStage();
  other = openBuiltVault(stage.bound, THEIRS, stage.upstream.certificate);
  // A vault of its own, and no copy of the one that tests begin with.
  rmSync(join(other.folder, "vault"), { recursive: true });
  other.vault(["init", "--provider", "file"]);
  other.vault(["secrets", "create", "API_KEY", "--host", stage.bound], THEIRS);
  broker = await stage.serve({ flags: ["--vault", join(other.folder, "vault")] });
});
afterAll(async () => {
  await stage.close();
  other.close();
});

it("is not begun with one vault twice", async () => {
  await expect(stage.serve({ flags: ["--vault", join(stage.owner.folder, "vault")] })).rejects.toThrow("one vault was named twice, or a copy of it");
});

it("an identity of one uses that one's secrets; one of both says whose", async () => {
  const use = async (handle: string, flags: readonly string[] = []) => endOf(stage.run(broker, `curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/`, ["--identity", handle, ...flags]));
  await stage.introduce(broker, "both");
  await stage.introduce(broker, "ours");
  expect((await use("both")).status).toBe(0);
  // The claim is in both vaults' lists, and each owner has his own word.
  other.vault(["identity", "accept", "both"]);
  const unsaid = await use("both");
  expect([unsaid.status, unsaid.output]).toEqual([125, expect.stringMatching(/several vaults at \S+ have accepted this identity: \S+, \S+[^]*--broker-vault ID/)]);
  const ids = /accepted this identity: (\S+), (\S+)/.exec(unsaid.output)?.slice(1) ?? [];
  for (const id of ids) expect(await use("both", ["--broker-vault", id])).toEqual({ status: 0, output: "hello from upstream\n" });
  for (const value of [stage.value, THEIRS]) expect(stage.upstream.received()).toContain(`Bearer ${value}`);
  // For an identity of one, the other is not there.
  const outcomes = await Promise.all([...ids, "AAAAAAAAAAAAAAAAAAAAAA=="].map(async (id) => (await use("ours", ["--broker-vault", id])).status));
  expect(outcomes.filter((status) => status === 0)).toHaveLength(1);
  expect(outcomes.at(-1)).toBe(125);
  // Each log has its own runs, and is whole.
  const runsIn = (owner: BuiltVault): number => (JSON.parse(owner.vault(["audit", "--json", "--limit", "1000"])) as { readonly entries: readonly { readonly event: { readonly kind: string } }[] }).entries.filter(({ event }) => event.kind === "run.end").length;
  expect([runsIn(stage.owner), runsIn(other)]).toEqual([3, 1]);
  other.vault(["identity", "revoke", "both"]);
  expect((await use("both")).status).toBe(0);
  for (const owner of [stage.owner, other]) owner.vault(["audit", "--verify"]);
});
