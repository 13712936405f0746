// What an agent does with a login, without its socket: values of the moment, and the vault that they come from.
import { makeValue } from "../../src/agent/sources/makers.ts";
import type { ValueAnswer } from "../../src/agent/sources/value-store.ts";
import { tagOf, ValueStore } from "../../src/agent/sources/value-store.ts";
import type { Time } from "../../src/agent/time/time.ts";
import { systemTime } from "../../src/agent/time/time.ts";
import { loadKek, openVault } from "../../src/app/keys/open-vault.ts";
import { openVaultLogins } from "../../src/app/refreshing/vault-logins.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import type { Secret } from "../../src/secret.ts";
import { holdKek } from "../../src/vault/local-holder.ts";
import type { SecretRecord } from "../../src/vault/record.ts";

export interface Refresher {
  /** Reads the vault, as a run does, and asks. @param record as it was read before. */
  ask(options?: { readonly refused?: Secret; readonly record?: SecretRecord }): Promise<ValueAnswer>;
  /** Loads the vault's key anew. */
  unlock(): Promise<void>;
  lock(): void;
}

export async function openRefresher(surroundings: Surroundings, name: string, time: Time = systemTime): Promise<Refresher> {
  const logins = openVaultLogins(surroundings.paths, () => new Date(time.now().wallMs));
  const values = new ValueStore(makeValue, time);
  const load = async (): Promise<ReturnType<typeof holdKek>> => {
    const vault = await openVault(surroundings);
    vault.close();
    return holdKek(await loadKek(surroundings, vault.file), vault.file.contents.id);
  };
  const vaultId = new Uint8Array(16);
  let holder = await load();
  return {
    async ask({ refused, record } = {}) {
      const read = record ?? (await readRecord(surroundings, name));
      if (read.source.kind === "stored") throw new Error("it is stored");
      return values.ask(vaultId, { record: read, source: read.source, refused: refused === undefined ? undefined : tagOf(refused), use: (work) => logins.withLogin(read, (use) => use(holder), work) });
    },
    async unlock() {
      holder.close();
      holder = await load();
    },
    lock() {
      values.clear();
      logins.clear();
      holder.close();
    },
  };
}

export async function readRecord(surroundings: Surroundings, name: string): Promise<SecretRecord> {
  const vault = await openVault(surroundings);
  vault.close();
  const record = vault.file.records.all().find((one) => one.name === name);
  if (record === undefined) throw new Error(`there is no ${name}`);
  return record;
}
