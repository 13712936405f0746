// Where the vault's values are on another machine, what this one has under the names of lent secrets: an `.env` file's GITHUB_TOKEN, say, that stayed behind when the vault moved.
import { parse } from "dotenv";
import { readBounded } from "../../disk/bounded-file.ts";
import { CONTAINED_BYTES_MIN } from "../../run/hidden-values.ts";
import type { Hiding } from "../../run/hidden-values.ts";
import { Secret } from "../../secret.ts";
import type { NamedGrant } from "./child-environment.ts";
import { ENV_FILE_BYTES_MAX } from "./shown-env-files.ts";

/**
 * Values that are most likely the lent ones, or older ones of theirs. Nobody here can compare.
 *
 * @param files paths of `.env` files. @returns what is to be hidden, and what stands for it; the caller wipes it.
 */
export function findValuesByName(grants: readonly NamedGrant[], variables: Readonly<Record<string, string | undefined>>, files: readonly string[]): Hiding["hidden"] {
  const placeholders = new Map(grants.flatMap(({ variable, grant: { name, placeholder } }) => [[name, placeholder], [variable ?? name, placeholder]] as const));
  const known = new Set(placeholders.values());
  const found = new Map<string, string>();
  const take = (name: string, value: string | undefined): void => {
    const placeholder = placeholders.get(name);
    if (placeholder !== undefined && value !== undefined && value.length >= CONTAINED_BYTES_MIN && !known.has(value)) found.set(value, placeholder);
  };
  for (const [name, value] of Object.entries(variables)) take(name, value);
  for (const path of files) {
    const read = readBounded(path, ENV_FILE_BYTES_MAX);
    if (read.kind !== "read") continue;
    const text = Buffer.from(read.bytes).toString("utf8");
    // The whole knows values of several lines. The lines know a name that stands there twice, of which the whole gives the last.
    for (const part of [text, ...text.split("\n")]) for (const [name, value] of Object.entries(parse(part))) take(name, value);
  }
  return [...found].map(([value, placeholder]) => ({ value: Secret.fromText(value), placeholder }));
}
