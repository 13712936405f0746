// A vault of thousands, made in one change.
import { randomBytes } from "node:crypto";
import { changeAudited } from "../../src/app/keys/change-vault.ts";
import { withOpenVault } from "../../src/app/keys/open-vault.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import { encodeBase64 } from "../../src/bytes.ts";
import { Secret } from "../../src/secret.ts";
import { sealSecrets } from "../../src/vault/envelope.ts";
import type { SecretBinding } from "../../src/vault/record.ts";
import { STORED } from "../../src/vault/source.ts";

/** Adds NUMBER_1, NUMBER_2 … of 40 bytes each, bound to one of fifty hosts. */
export async function addManySecrets(surroundings: Surroundings, count: number): Promise<void> {
  const now = surroundings.now().toISOString();
  await withOpenVault(surroundings, ({ holder }) => changeAudited(surroundings, holder, async (contents) => {
    const bindings = Array.from({ length: count }, (_, index) => bindingOf(index + 1));
    const envelopes = await sealSecrets(holder, contents.id, bindings.map((binding) => ({ binding, value: Secret.fromText(randomBytes(20).toString("hex")) })));
    const records = bindings.flatMap((binding, index) => {
      const envelope = envelopes[index];
      return envelope === undefined ? [] : [{ ...binding, createdAt: now, updatedAt: now, ...envelope }];
    });
    return { contents: { ...contents, secrets: records.sort((a, b) => (a.id < b.id ? -1 : 1)) }, event: { kind: "secret.create", count } };
  }));
}

function bindingOf(number: number): SecretBinding {
  return { id: encodeBase64(new Uint8Array(randomBytes(16))), name: `NUMBER_${number}`, scope: { kind: "global" }, groups: [], service: undefined, hosts: [`api${number % 50}.example.com:443`], places: ["header"], allowPrivate: false, scrub: true, placeholder: undefined, source: STORED, rules: undefined, version: 1 };
}
