// What a run gets in a project: what its file asks for, cut down to what the vault allows; the rest is hidden from the program, wherever it would inherit it.
import { VaultError } from "../../errors.ts";
import { narrow } from "../../project/narrowing.ts";
import type { Need } from "../../project/run-file.ts";
import { RUN_FILE } from "../../project/run-file.ts";
import { makeLayer } from "../../proxy/grants/grant-rules.ts";
import type { SecretMetadata } from "../../vault/record.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import { noSecret, visibleSecrets } from "../secrets/find-secret.ts";
import type { Choice, Selection } from "./granted-secrets.ts";
import { requireVariables } from "./granted-secrets.ts";

export interface ProjectWish {
  readonly needs: readonly Need[];
  readonly viewpoint: Viewpoint;
  /** What the user wants of that with `-s`. Undefined: all of it. */
  readonly selections: readonly Selection[] | undefined;
}

/**
 * The secrets of a run in a project, then those that it leaves out: without a variable and without hosts, so that all that happens to them is that inherited values of theirs are replaced.
 * Were they left out altogether, a project's file could uncover what a run without it hides.
 *
 * @throws VaultError `not-found` for secrets that are not visible; `usage` for a wish beyond what the vault allows, a secret that the project does not name, or a variable that cannot be.
 */
export function chooseForProject<T extends SecretMetadata>(secrets: readonly T[], { needs: named, viewpoint, selections }: ProjectWish): Choice<T>[] {
  const visible = visibleSecrets(secrets, viewpoint);
  const needs = selections === undefined ? named : selections.map((selection) => select(named, selection));
  const missing = needs.filter(({ secret }) => !visible.has(secret)).map(({ secret }) => secret);
  const [first] = missing;
  if (first !== undefined) throw new VaultError("not-found", `${RUN_FILE} needs ${missing.map((name) => `"${name}"`).join(", ")}, which the vault does not have here`, `run without the file, by --no-project; or make it: vault secrets create ${first}; many, from a file: vault secrets import FILE`);
  const wanted = needs.map((need): Choice<T> => {
    const record = visible.get(need.secret);
    if (record === undefined) throw noSecret(need.secret, secrets, " here");
    return { variable: need.variable, record, ...narrow(need, record), narrowedBy: RUN_FILE, ...(need.rules === undefined ? {} : { narrower: [makeLayer(need.rules, RUN_FILE)] }) };
  });
  requireVariables(wanted);
  const taken = new Set(needs.map(({ secret }) => secret));
  const leftOut = [...visible.values()].filter(({ name }) => !taken.has(name)).map((record): Choice<T> => ({ variable: undefined, record, hosts: [], places: record.places, narrowedBy: RUN_FILE }));
  return [...wanted, ...leftOut];
}

/** By the secret's name alone: a file that calls one secret by another's name must not turn `-s` into something else than the user has typed. */
function select(needs: readonly Need[], { variable, name }: Selection): Need {
  const named = needs.filter(({ secret }) => secret === name);
  const need = named.find((candidate) => candidate.variable === variable) ?? named[0];
  if (need === undefined) throw new VaultError("usage", `${RUN_FILE} does not name "${name}", and a run in this project gets what it names`, "--no-project runs without the file");
  return variable === name && named.length === 1 ? need : { ...need, variable };
}
