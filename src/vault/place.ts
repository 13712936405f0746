/** Where in a request a secret may be put, in canonical (sorted) order. */
export const PLACES = ["basic", "body", "header", "path", "query"] as const;

export type Place = (typeof PLACES)[number];

/** A body could be published by the host that takes it (an issue's text, say), so credentials go into headers unless the user says more. */
export const DEFAULT_PLACES: readonly Place[] = ["basic", "header"];

/** Type guard for one word of `--inject` or of the vault file. */
export function isPlace(word: string): word is Place {
  return (PLACES as readonly string[]).includes(word);
}
