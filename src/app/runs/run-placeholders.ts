// The placeholders of a run: of the same secret the same in every run, so that what a program has stored in one works in the next.
import { randomBytes } from "node:crypto";
import { concatBytes, findBase64, utf8, wipe } from "../../bytes.ts";
import { mintPlaceholder } from "../../proxy/places/placeholder.ts";
import type { StrayTest } from "../../proxy/places/placeholder-check.ts";
import { makeStrayTest } from "../../proxy/places/placeholder-check.ts";
import type { Secret } from "../../secret.ts";
import { hmacSha256 } from "../../vault/derive.ts";
import type { PlaceholderTemplate } from "../../vault/placeholder-template.ts";
import type { OpenedVault } from "../keys/open-vault.ts";
import { chooseForm } from "./placeholder-form.ts";

const CHECK_LABEL = "vault/1 placeholder check";
const SEED_BYTES = 32;

/** A secret that gets a placeholder. */
export interface Represented {
  /** The secret's, base64. */
  readonly id: string;
  /** What the child calls it. */
  readonly variable: string | undefined;
  readonly value: Secret;
  /** Those of its own or of its service. */
  readonly forms: readonly PlaceholderTemplate[];
}

export interface PlaceholderMaker {
  /** A secret that is asked for twice, under two names, has two: each may have another reach. */
  placeholderOf(secret: Represented): string;
  /** Knows all placeholders of this vault, those of secrets that the run does not get as well. It works on after `close`. */
  readonly isStray: StrayTest;
  /** Forgets the key. */
  close(): void;
}

/** @param isFresh whether the placeholders are to be others than in every other run. */
export function openPlaceholders({ keys }: OpenedVault, isFresh: boolean): PlaceholderMaker {
  // No copy of the key: a small array of V8's own is moved about, and leaves its bytes behind.
  return makePlaceholders(keys.placeholder, isFresh);
}

/** What placeholders are known by: it tells them from other texts, and makes none. @param key the vault's own for placeholders. */
export function checkKeyOf(key: Uint8Array): Uint8Array {
  return hmacSha256(key, utf8(CHECK_LABEL));
}

/** @param key the vault's own for placeholders, which `close` wipes. */
export function makePlaceholders(key: Uint8Array, isFresh: boolean): PlaceholderMaker {
  const checkKey = checkKeyOf(key);
  const met = new Set<string>();
  return {
    placeholderOf({ id, variable, value, forms }) {
      const seed = isFresh ? new Uint8Array(randomBytes(SEED_BYTES)) : hmacSha256(key, concatBytes(findBase64(id) ?? utf8(id), utf8(met.has(id) ? (variable ?? "") : "")));
      met.add(id);
      try {
        return mintPlaceholder(chooseForm(value, forms), seed, checkKey);
      } finally {
        wipe(seed);
      }
    },
    isStray: makeStrayTest(checkKey),
    close: () => { wipe(key); },
  };
}
