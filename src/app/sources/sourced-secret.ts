// Stores secrets whose value is made. Each is tried once before it is stored: what does not work is seen by the person who can mend it, and not by a run.
import { findGuessable } from "../secrets/value-rules.ts";
import { createSecret, rotateSecret } from "../secrets/secrets.ts";
import type { AskValue } from "../secrets/secrets.ts";
import type { NewSecret } from "../services/pin.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Secret } from "../../secret.ts";
import type { Scope } from "../../vault/scope.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { GOOGLE_TOKEN_HOST, requireGoogleHosts } from "./google-hosts.ts";
import type { AskedMint, PlannedMint } from "./minted-source.ts";
import { planMinted } from "./minted-source.ts";
import type { AskedSource, PlannedSource } from "./new-source.ts";
import { planSource } from "./new-source.ts";
import { trySource } from "./try-source.ts";

/** What a person hands over that mints values. @throws VaultError `usage`, `io`. */
type AskMaterial = () => Promise<Secret>;

/** @throws VaultError as `createSecret`, `planSource`, `planMinted`; `no-value`. */
export async function createSourced(surroundings: Surroundings, asked: NewSecret, source: AskedSource | AskedMint, askMaterial: AskMaterial): Promise<SecretRecord> {
  const { hosts, ...planned } = await plan(surroundings, source, askMaterial);
  const isGoogle = planned.source.kind === "jwt-bearer" && planned.source.provider === "google";
  const bound = asked.hosts.length > 0 || asked.service !== undefined ? asked.hosts : hosts;
  if (isGoogle && asked.service === undefined) requireGoogleHosts(bound);
  return createSecret(surroundings, { ...asked, hosts: isGoogle && bound.length > 0 ? [...bound, GOOGLE_TOKEN_HOST] : bound, source: planned.source }, triedOnce(surroundings, planned));
}

/** Another way to make the value of a secret that is made. @throws VaultError as `rotateSecret`, `planSource`, `planMinted`; `no-value`. */
export async function rotateSourced(surroundings: Surroundings, name: string, scope: Scope | undefined, source: AskedSource | AskedMint, askMaterial: AskMaterial): Promise<SecretRecord> {
  const planned = await plan(surroundings, source, askMaterial);
  return rotateSecret(surroundings, name, scope, triedOnce(surroundings, planned), planned.source);
}

async function plan({ variables }: Surroundings, source: AskedSource | AskedMint, askMaterial: AskMaterial): Promise<PlannedMint> {
  if (source.kind === "command" || source.kind === "reference") return { ...planSource(variables, source, process.argv[1]), hosts: [] };
  const material = await askMaterial();
  try {
    return planMinted(source, material);
  } finally {
    material.wipe();
  }
}

function triedOnce(surroundings: Surroundings, { source, sealed }: PlannedSource): AskValue {
  return async ({ name, places, scrub }) => {
    const value = await surroundings.showWork("asking for the value", () => trySource({ name, places }, source, sealed, surroundings.now()));
    const guessable = findGuessable(name, value, scrub);
    value.wipe();
    if (guessable !== undefined) surroundings.warn(guessable);
    return sealed;
  };
}
