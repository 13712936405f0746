// How it has gone with values that are made, as the log tells; and, when the person wants to know, each source is asked for its value, which is wiped at once.
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import { VaultError } from "../../errors.ts";
import { openSecrets } from "../../vault/envelope.ts";
import type { KeyHolder } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { LivingSource } from "../../vault/source.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import { connectForRun } from "../keys/agent-for-runs.ts";
import { describeFailure, describeReason } from "../sources/failure-text.ts";
import { countKinds, failingOf, surveyMade } from "../sources/made-secrets.ts";
import { makeOnce } from "../sources/try-source.ts";
import type { Making } from "../sources/value-log.ts";
import { logMaking, makingOf } from "../sources/value-log.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, problemOf } from "./finding.ts";

/** Of sources that nobody is asked: those that gave no value when they were last asked. */
export async function recallSources(surroundings: Pick<Surroundings, "paths">, file: VaultFile): Promise<Finding[]> {
  const made = await surveyMade(surroundings, file);
  const failing = failingOf(made);
  if (made.length > 0 && failing.length === 0) return [ok("sources", `no source has failed when it was last asked (${Object.entries(countKinds(made)).map(([kind, count]) => `${count} ${kind}`).join(", ")})`)];
  return failing.map(({ name, at, reason }) => note("sources", `"${name}" has had no value since ${at}: ${describeReason(reason)}`, "vault doctor --try"));
}

/** One finding for each secret whose value is made; the log has an entry for each making. */
export async function examineSources(surroundings: Surroundings, file: VaultFile, holder: KeyHolder): Promise<Finding[]> {
  const made = file.contents.secrets.flatMap(({ source, ...record }) => (source.kind === "stored" ? [] : [{ ...record, source }]));
  if (made.length === 0) return [note("sources", "no secret has a value that is made: there is no source to try")];
  const findings: Finding[] = [];
  // One after the other: some ask a person.
  for (const record of made) findings.push(await tryOne(surroundings, { file, holder }, record));
  return findings;
}

type MadeRecord = SecretRecord & { readonly source: LivingSource };
type Opened = Parameters<typeof logMaking>[1];

async function tryOne(surroundings: Surroundings, vault: Opened, record: MadeRecord): Promise<Finding> {
  const { name, source } = record;
  const fix = source.kind === "oauth2" ? `vault login ${name}` : `vault secrets rotate ${name} --source ${source.kind}`;
  try {
    const making = source.kind === "oauth2" ? await askAgent(surroundings, vault, record) : await makeHere(surroundings, vault, record);
    if (making !== undefined) await logQuietly(surroundings, vault, record, making);
    return ok("sources", `"${name}" gets its value from its ${source.kind}`);
  } catch (error) {
    if (!(error instanceof SourceFailure)) return problemOf("sources", error, fix);
    await logQuietly(surroundings, vault, record, { kind: "failed", reason: error.failure.reason });
    return problem("sources", "no-value", `there is no value of "${name}": ${describeFailure(error.failure)}`, source.kind === "command" || source.kind === "reference" ? `try the program by itself, then: ${fix}` : fix);
  }
}

async function makeHere({ now }: Surroundings, { file, holder }: Opened, record: MadeRecord): Promise<Making> {
  const [sealed] = await openSecrets(holder, file.contents.id, [record]);
  if (sealed === undefined) throw new VaultError("bad-seal", `the value of "${record.name}" does not open`);
  try {
    const { value, expiresMs } = await makeOnce(record, record.source, sealed, now());
    value.wipe();
    return { kind: "made", untilMs: expiresMs ?? (record.source.ttl === null ? undefined : now().getTime() + record.source.ttl * 1000) };
  } finally {
    sealed.wipe();
  }
}

/** A login is refreshed by the agent alone, which keeps what could not be written. @returns undefined where it has a token that is good. @throws SourceFailure */
async function askAgent(surroundings: Surroundings, { file }: Opened, record: MadeRecord): Promise<Making | undefined> {
  const agent = await connectForRun(surroundings, { file });
  try {
    const answer = await agent.askValue(record, undefined);
    if (answer.kind === "no-value") throw new SourceFailure(answer.failure);
    answer.value.wipe();
    return makingOf(answer, surroundings.now().getTime());
  } finally {
    agent.close();
  }
}

/** That the log cannot be written is another finding. */
async function logQuietly(surroundings: Surroundings, vault: Opened, record: MadeRecord, making: Making): Promise<void> {
  try {
    await logMaking(surroundings, vault, record, undefined, making);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
  }
}
