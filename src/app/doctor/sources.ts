// How it has gone with values that are made, as the log tells; and, when the person wants to know, each source is asked for its value, which is wiped at once.
import { openSecrets } from "../../vault/envelope.ts";
import type { VaultPaths } from "../../paths.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { describeReason } from "../sources/failure-text.ts";
import { countKinds, failingOf, surveyMade } from "../sources/made-secrets.ts";
import { trySource } from "../sources/try-source.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problemOf } from "./finding.ts";

/** Of sources that nobody is asked: those that gave no value when they were last asked. */
export function recallSources(paths: Pick<VaultPaths, "auditFolder">, { records }: VaultFile): Finding[] {
  const made = surveyMade(paths, records.outlines());
  const failing = failingOf(made);
  if (made.length > 0 && failing.length === 0) return [ok("sources", `no source has failed when it was last asked (${Object.entries(countKinds(made)).map(([kind, count]) => `${count} ${kind}`).join(", ")})`)];
  return failing.map(({ name, at, reason }) => note("sources", `"${name}" has had no value since ${at}: ${describeReason(reason)}`, "vault doctor --try"));
}

/** One finding for each secret whose value is made. */
export async function examineSources(file: VaultFile, holder: KeyHolder, now: Date): Promise<Finding[]> {
  const made = file.contents.secrets.filter(({ source }) => source.kind !== "stored");
  if (made.length === 0) return [note("sources", "no secret has a value that is made: there is no source to try")];
  const findings: Finding[] = [];
  // One after the other: some ask a person.
  for (const record of made) findings.push(await tryOne(file, holder, record, now));
  return findings;
}

async function tryOne({ contents }: VaultFile, holder: KeyHolder, record: SecretRecord, now: Date): Promise<Finding> {
  const { name, source, places } = record;
  try {
    const [sealed] = await openSecrets(holder, contents.id, [record]);
    if (sealed === undefined || source.kind === "stored") return note("sources", `"${name}" was not tried`);
    const value = await trySource({ name, places }, source, sealed, now).finally(() => { sealed.wipe(); });
    value.wipe();
    return ok("sources", `"${name}" gets its value from its ${source.kind}`);
  } catch (error) {
    return problemOf("sources", error, `vault secrets rotate ${name} --source ${source.kind}`);
  }
}
