// What `.env` files add to a run's environment: plain configuration passes, names in the vault stay placeholders, and a credential that is in neither stops the run.
import { findText } from "../../bytes.ts";
import { parseDotenv } from "../../env-files/dotenv-file.ts";
import { KEPT_VALUE } from "../../env-files/kept-value.ts";
import type { LocalUse } from "../../env-files/local-use.ts";
import { findLocalUse } from "../../env-files/local-use.ts";
import { VaultError } from "../../errors.ts";
import { findServiceOfVariable } from "../../services/registry.ts";
import { openRegistry } from "../services/known-services.ts";
import { makeCredentialTest } from "../services/likely-credential.ts";
import { describeLocalUse } from "../secrets/local-credential.ts";
import type { Surroundings } from "../surroundings.ts";

export interface EnvFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface EnvFiles {
  /** Of two that name the same variable, the later one counts. */
  readonly files: readonly EnvFile[];
  /** Variables that the program may have as they are. */
  readonly expose: readonly string[];
  /** Whether the files were named behind `--env-file`, which Node itself looks for. */
  readonly wasSeenByNode: boolean;
}

/**
 * @param granted variables that hold placeholders in this run.
 * @returns the variables that pass as they are.
 * @throws VaultError `usage` for a file that cannot be read without doubt, for a name to expose that no file has, and for credentials that the vault does not keep. None is quoted.
 */
export function readPlainVariables(surroundings: Pick<Surroundings, "paths" | "warn">, { files, expose, wasSeenByNode }: EnvFiles, granted: ReadonlySet<string>): Record<string, string> {
  const registry = openRegistry(surroundings);
  const isCredential = makeCredentialTest(registry);
  const variables = new Map<string, { readonly text: string; readonly path: string }>();
  for (const { path, bytes } of files) {
    for (const { name, value } of parseDotenv(bytes, `"${path}"`).assignments) variables.set(name, { text: findText(value.reveal()) ?? "", path });
  }
  if (wasSeenByNode) requireHarmlessToNode(surroundings, variables.get("NODE_OPTIONS")?.path);
  const stranger = expose.find((name) => !variables.has(name));
  if (stranger !== undefined) throw new VaultError("usage", `there is no "${stranger}" to expose in these files`, "--expose NAME names what a file has");
  const plain = [...variables].filter(([name]) => !granted.has(name));
  const [lost] = plain.filter(([, { text }]) => text === KEPT_VALUE);
  if (lost !== undefined) throw new VaultError("usage", `"${lost[1].path}" says that the value of "${lost[0]}" is in the vault, and this run does not get it`, `-s ${lost[0]} asks for it; its scope: vault secrets show ${lost[0]}`);
  const found = plain.filter(([name, { text }]) => !expose.includes(name) && isCredential(name, text));
  const [first] = found;
  if (first !== undefined) throw refuseExposure(found.map(([name, { text }]) => ({ name, use: findLocalUse(name, text), isKnown: findServiceOfVariable(registry, name) !== undefined })), first[1].path);
  return Object.fromEntries(plain.map(([name, { text }]) => [name, text]));
}

/** Node has obeyed a NODE_OPTIONS in such a file by now, in this very process, which is about to hold values. Of the other variables it takes none from there. */
function requireHarmlessToNode({ warn }: Pick<Surroundings, "warn">, path: string | undefined): void {
  if (path !== undefined) throw new VaultError("usage", `"${path}" sets NODE_OPTIONS, which Node has obeyed within this process already`, "take it out, or say --dotenv, which Node does not look for");
  warn("Node itself reads files behind --env-file, and obeys a NODE_OPTIONS in them; say --dotenv instead");
}

interface Exposed {
  readonly name: string;
  readonly use: LocalUse | undefined;
  /** Whether a service is known by the name. */
  readonly isKnown: boolean;
}

/** What goes into requests is to be imported. Of what does not, no placeholder is of any use: the program gets it as it is, or does without. */
function refuseExposure(found: readonly Exposed[], path: string): VaultError {
  const local = found.filter(({ use }) => use !== undefined);
  const sent = found.filter(({ use }) => use === undefined);
  const hosts = sent.filter(({ isKnown }) => !isKnown).map(({ name }) => ` --host ${name}=HOST`);
  const [one] = sent;
  const hints = [
    ...(one === undefined ? [] : [`for what the program may have as it is: --expose ${one.name}; to keep it in the vault: vault secrets import ${path}${hosts.join("")}`]),
    ...local.map(({ name, use }) => (use === undefined ? "" : `--expose ${name} gives the program that one as it is: it ${describeLocalUse(use)}`)),
  ];
  return new VaultError("usage", `${found.map(({ name }) => `"${name}"`).join(", ")} of "${path}" ${found.length === 1 ? "looks like a credential" : "look like credentials"}, and the vault has no such secret for this run`, hints.join("; "));
}
