// Where the vault's values are on another machine, what this one has under the names of lent secrets: an `.env` file's GITHUB_TOKEN, say, that stayed behind when the vault moved.
import { readBounded } from "../../disk/bounded-file.ts";
import { readLoosely } from "../../env-files/dotenv-file.ts";
import type { Hiding } from "../../run/hidden-values.ts";
import { CONTAINED_BYTES_MIN } from "../../run/hidden-values.ts";
import { Secret } from "../../secret.ts";
import type { NamedGrant } from "./child-environment.ts";
import { ENV_FILE_BYTES_MAX } from "./shown-env-files.ts";

/**
 * Values that are most likely the lent ones, or older ones of theirs: nobody here can compare.
 *
 * @param files paths of `.env` files. @returns what is to be hidden, and what stands for it; the caller wipes it.
 */
export function findValuesByName(grants: readonly NamedGrant[], variables: Readonly<Record<string, string | undefined>>, files: readonly string[]): Hiding["hidden"] {
  const placeholders = new Map(grants.flatMap(({ variable, grant: { name, placeholder } }) => [[name, placeholder], [variable ?? name, placeholder]] as const));
  const names = new Set(placeholders.keys());
  const ofVariables = [...names].map((name) => ({ name, value: Secret.fromText(variables[name] ?? "") }));
  const ofFiles = files.flatMap((path) => {
    const read = readBounded(path, ENV_FILE_BYTES_MAX);
    return read.kind === "read" ? readLoosely(Buffer.from(read.bytes).toString("utf8"), names) : [];
  });
  return [...ofVariables, ...ofFiles].flatMap(({ name, value }) => {
    const placeholder = placeholders.get(name);
    if (placeholder !== undefined && value.length >= CONTAINED_BYTES_MIN) return [{ value, placeholder }];
    value.wipe();
    return [];
  });
}
