/** Where in a request a secret may be put, in canonical (sorted) order. `header` and `query` mean those that usually carry keys; more are named one by one. */
export const PLACES = ["basic", "body", "header", "path", "query"] as const;

export type PlaceKind = (typeof PLACES)[number];

/** `header:NAME` is one more header, in small letters; `query:NAME` one more parameter, in the letters that it has. */
export type Place = PlaceKind | `header:${string}` | `query:${string}`;

export const PLACES_MAX = 64;

/** A body could be published by the host that takes it (an issue's text, say), so credentials go into headers unless the user says more. */
export const DEFAULT_PLACES: readonly Place[] = ["basic", "header"];

const NAMED = /^(?:header:[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?|query:[A-Za-z0-9_.[\]-]{1,64})$/;

/** Type guard for one word of `--inject` or of the vault file. */
export function isPlace(word: string): word is Place {
  return (PLACES as readonly string[]).includes(word) || NAMED.test(word);
}
