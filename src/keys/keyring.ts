// The keyring provider: macOS Keychain, Windows Credential Manager, or a Secret Service on Linux. The only importer of @napi-rs/keyring, which is loaded on first use.
import type { AsyncEntry } from "@napi-rs/keyring";
import { encodeBase64, encodeHex, equalBytes, wipe } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { keyIdOf } from "../vault/derive.ts";
import type { Kek } from "../vault/key-bytes.ts";
import { parseKeyText } from "./key-text.ts";
import type { StagedKey } from "./provider.ts";
import { doNothing } from "./provider.ts";

export const DEFAULT_SERVICE = "vault";

/** One entry of the keyring. */
export interface KeyringPlace {
  readonly service: string;
  readonly account: string;
}

/** A keyring that cannot be asked is not a keyring without the entry: only `no-entry` may ever lead to a new one. */
export type KeyringAnswer =
  | { readonly kind: "entry"; readonly kek: Kek }
  | { readonly kind: "no-entry" }
  | { readonly kind: "locked" }
  | { readonly kind: "unavailable" };

/** Asks the keyring for an entry. @throws VaultError `wrong-key` for an entry that holds no key. */
export async function askKeyring(place: KeyringPlace): Promise<KeyringAnswer> {
  const entry = await findEntry(place);
  if (entry === undefined) return { kind: "unavailable" };
  let text: string | null;
  try {
    text = await entry.getPassword();
  } catch {
    return { kind: "locked" };
  }
  return text === null ? { kind: "no-entry" } : { kind: "entry", kek: parseKeyText(text, describe(place)) };
}

/** The same for an entry that holds no key but a password. */
export type KeyringText = { readonly kind: "entry"; readonly text: Secret } | Exclude<KeyringAnswer, { readonly kind: "entry" }>;

export async function askKeyringText(place: KeyringPlace): Promise<KeyringText> {
  const entry = await findEntry(place);
  if (entry === undefined) return { kind: "unavailable" };
  try {
    const text = await entry.getPassword();
    return text === null ? { kind: "no-entry" } : { kind: "entry", text: Secret.fromText(text) };
  } catch {
    return { kind: "locked" };
  }
}

/** In the place of what is there. @returns false where there is no keyring that can be written to. */
export async function keepKeyringText(place: KeyringPlace, text: Secret): Promise<boolean> {
  const entry = await findEntry(place);
  try {
    await entry?.setPassword(new TextDecoder().decode(text.reveal()));
    return entry !== undefined;
  } catch {
    return false;
  }
}

/**
 * The key that the slot means: the entry's, or the one under its key id that a replacement was about to put there when it was cut off.
 *
 * @throws VaultError `key-unavailable`, which says whether the keyring is missing, locked, or lacks the entry; `wrong-key`.
 */
export async function loadKeyringEntry(place: KeyringPlace, keyId: Uint8Array, vaultId: Uint8Array): Promise<Kek> {
  const settled = await askKeyring(place);
  if (settled.kind === "unavailable" || settled.kind === "locked") throw unavailable(settled.kind, place);
  if (settled.kind === "entry" && equalBytes(keyIdOf(settled.kek, vaultId), keyId)) return settled.kek;
  const pending = await askKeyring(pendingPlace(place, keyId));
  if (pending.kind === "entry") {
    if (settled.kind === "entry") wipe(settled.kek);
    return pending.kek;
  }
  // A replacement may have put it there between the two questions.
  const again = await askKeyring(place);
  if (settled.kind === "entry") wipe(settled.kek);
  if (again.kind !== "entry") throw unavailable(again.kind, place);
  return again.kek;
}

/**
 * Stages a key in an entry that must not exist yet.
 *
 * @throws VaultError `already-exists`, `key-unavailable`.
 */
export async function stageKeyringEntry(place: KeyringPlace, kek: Kek): Promise<StagedKey> {
  await requireNoEntry(place);
  await write(place, kek);
  return { locator: { provider: "keyring", ...place, owned: true }, kek, settle: doNothing, discard: () => remove(place) };
}

async function requireNoEntry(place: KeyringPlace): Promise<void> {
  const there = await askKeyring(place);
  if (there.kind === "entry") {
    wipe(there.kek);
    throw new VaultError("already-exists", `${describe(place)} already exists`, "it was left untouched; name another with --keychain-account");
  }
  if (there.kind !== "no-entry") throw unavailable(there.kind, place);
}

/** Takes an entry that is there already. It stays whose it is: other vaults may need it, so no rotation overwrites or removes it. @throws VaultError `key-unavailable`, `wrong-key`. */
export async function adoptKeyringEntry(place: KeyringPlace): Promise<StagedKey> {
  const there = await askKeyring(place);
  if (there.kind !== "entry") throw unavailable(there.kind, place);
  return { locator: { provider: "keyring", ...place, owned: false }, kek: there.kek, settle: doNothing, discard: doNothing };
}

/**
 * Stages the successor of an entry's key: durable under its key id first, in the entry's place once the vault points to it.
 * Where the entry was found and not made, it stays, and the successor keeps a name of its own.
 */
export async function stageNextKeyringEntry(place: KeyringPlace, isOwned: boolean, kek: Kek, vaultId: Uint8Array): Promise<StagedKey> {
  const keyId = keyIdOf(kek, vaultId);
  const staged = await stagePending(pendingPlace(place, keyId), kek);
  if (!isOwned) return staged;
  return {
    ...staged,
    locator: { provider: "keyring", ...place, owned: true },
    settle: () => settleKeyringEntry(place, keyId),
  };
}

/**
 * Stages the key of a vault that had another provider, or another entry: it gets its place once the vault points there. So an attempt that was cut off leaves the place free for the next.
 *
 * @throws VaultError `already-exists`, `key-unavailable`.
 */
export async function stageKeyringEntryElsewhere(place: KeyringPlace, kek: Kek, vaultId: Uint8Array): Promise<StagedKey> {
  await requireNoEntry(place);
  return stageNextKeyringEntry(place, true, kek, vaultId);
}

/** An attempt that was cut off may have left this very key there already. */
async function stagePending(place: KeyringPlace, kek: Kek): Promise<StagedKey> {
  const there = await askKeyring(place);
  if (there.kind !== "entry") return stageKeyringEntry(place, kek);
  const isSame = equalBytes(there.kek, kek);
  wipe(there.kek);
  if (!isSame) throw new VaultError("already-exists", `${describe(place)} already exists`, "it was left untouched");
  return { locator: { provider: "keyring", ...place, owned: true }, kek, settle: doNothing, discard: () => remove(place) };
}

/** Moves a pending key of this id into the entry, if there is one: also what finishes a replacement that was cut off. @throws VaultError `key-unavailable`. */
export async function settleKeyringEntry(place: KeyringPlace, keyId: Uint8Array): Promise<void> {
  const pending = await askKeyring(pendingPlace(place, keyId));
  if (pending.kind !== "entry") return;
  try {
    await write(place, pending.kek);
    await remove(pendingPlace(place, keyId));
  } finally {
    wipe(pending.kek);
  }
}

/** Removes an entry that vault made, after the vault points elsewhere. @throws VaultError `key-unavailable`. */
export async function retireKeyringEntry(place: KeyringPlace, isOwned: boolean): Promise<void> {
  if (isOwned) await remove(place);
}

/** What to tell a user about an entry that cannot be had. */
function unavailable(kind: Exclude<KeyringAnswer["kind"], "entry">, place: KeyringPlace): VaultError {
  switch (kind) {
    case "unavailable":
      return new VaultError("key-unavailable", "there is no keyring here", "on Linux a Secret Service (gnome-keyring, KWallet, KeePassXC) has to run on the session bus; without one, take the provider file or passphrase");
    case "locked":
      return new VaultError("key-unavailable", "the keyring is locked, or refuses to be read", "unlock it (log in to the desktop, or gnome-keyring-daemon --unlock) and try again");
    case "no-entry":
      return new VaultError("key-unavailable", `${describe(place)} is not there`, "restore it from where you keep a copy; without it nothing opens this vault");
  }
}

function pendingPlace({ service, account }: KeyringPlace, keyId: Uint8Array): KeyringPlace {
  return { service, account: `${account}.${encodeHex(keyId)}` };
}

async function write(place: KeyringPlace, kek: Kek): Promise<void> {
  const entry = await findEntry(place);
  if (entry === undefined) throw unavailable("unavailable", place);
  try {
    await entry.setPassword(encodeBase64(kek));
  } catch {
    throw unavailable("locked", place);
  }
  const again = await askKeyring(place);
  const isSame = again.kind === "entry" && equalBytes(again.kek, kek);
  if (again.kind === "entry") wipe(again.kek);
  if (!isSame) throw new VaultError("key-unavailable", `the key written to ${describe(place)} does not read back`, "check the keyring");
}

async function remove(place: KeyringPlace): Promise<void> {
  const entry = await findEntry(place);
  if (entry === undefined) throw unavailable("unavailable", place);
  try {
    await entry.deleteCredential();
  } catch {
    throw unavailable("locked", place);
  }
}

/** Named explicitly, because the library would else fall back to the kernel's key ring, which forgets with the session. Its constructor throws where no service answers. */
async function findEntry({ service, account }: KeyringPlace): Promise<AsyncEntry | undefined> {
  try {
    const { AsyncEntry: Entry } = await import("@napi-rs/keyring");
    return new Entry(service, account, { linux: { store: "secret-service" } });
  } catch {
    return undefined;
  }
}

function describe({ service, account }: KeyringPlace): string {
  return `the keyring entry "${service}" / "${account}"`;
}
