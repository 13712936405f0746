import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ValueAnswer } from "../../../src/agent/sources/value-store.ts";
import { LIMIT_MS_MAX } from "../../../src/agent/time/lifetime.ts";
import { verifyTrail } from "../../../src/app/auditing/verify-trail.ts";
import { appendAudited } from "../../../src/app/keys/change-vault.ts";
import { requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { rotateSecret } from "../../../src/app/secrets/secrets.ts";
import type { ValueHistory } from "../../../src/app/sources/value-log.ts";
import { isFailing, logMaking, makingOf, NO_HISTORY, readValueHistory } from "../../../src/app/sources/value-log.ts";
import { Secret } from "../../../src/secret.ts";
import type { SecretRecord } from "../../../src/vault/record.ts";
import type { Home } from "../../support/home.ts";
import { makeVaultHome } from "../../support/home.ts";

const value = (goodMs: number, isNew = true): ValueAnswer => ({ kind: "value", value: Secret.fromText("made-value-0001"), freshMs: 1, goodMs, isNew });
const none = (said = "private words"): ValueAnswer => ({ kind: "no-value", failure: { reason: "timed-out", said }, retryMs: 0, isNew: true });

async function recordOf(home: Home): Promise<SecretRecord> {
  return withOpenVault(home.surroundings, ({ file: { records: { all } } }) => {
    const [record] = all();
    if (record === undefined) throw new Error("no record");
    return Promise.resolve(record);
  });
}
const log = async (home: Home, record: SecretRecord, answer: ValueAnswer): Promise<void> => {
  const making = makingOf(answer, Date.now());
  if (making !== undefined) await withOpenVault(home.surroundings, (vault) => logMaking(home.surroundings, vault, record, "a1", making));
};
const historyOf = async ({ surroundings }: Home, { id }: SecretRecord): Promise<ValueHistory> => (await readValueHistory(surroundings, await requireVault(surroundings), new Set([id]))).get(id) ?? NO_HISTORY;

describe("the history of a value", () => {
  test("is what was entered last of each kind, with the word for a failure and none of what was said", async () => {
    const home = await makeVaultHome("A_KEY");
    const record = await recordOf(home);
    expect(await historyOf(home, record)).toEqual(NO_HISTORY);
    await log(home, record, value(60_000));
    await log(home, record, none());
    const failing = await historyOf(home, record);
    expect(failing).toMatchObject({ made: { until: expect.stringMatching(/^\d{4}-/) as string }, failed: { reason: "timed-out" } });
    expect(isFailing(failing)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await log(home, record, value(LIMIT_MS_MAX));
    const good = await historyOf(home, record);
    expect(good.made?.until).toBeUndefined();
    expect(isFailing(good)).toBe(false);
    expect(JSON.stringify(await verifyTrail(home.surroundings))).toContain('"doubts":[]');
  });

  test("has no entry for a value that was there already", async () => {
    const home = await makeVaultHome("A_KEY");
    const record = await recordOf(home);
    await log(home, record, value(60_000, false));
    expect(await historyOf(home, record)).toEqual(NO_HISTORY);
  });

  test("begins anew where the secret does", async () => {
    const home = await makeVaultHome("A_KEY");
    const record = await recordOf(home);
    await log(home, record, value(60_000));
    await rotateSecret(home.surroundings, record.name, undefined, () => Promise.resolve(Secret.fromText("another value of it")));
    expect(await historyOf(home, record)).toEqual(NO_HISTORY);
  });

  test("has whose it is, where a login has said so", async () => {
    const home = await makeVaultHome("A_KEY");
    const record = await recordOf(home);
    await withOpenVault(home.surroundings, ({ holder, file }) => appendAudited(home.surroundings, holder, file.contents, { kind: "login.account", secret: record.name, id: record.id, account: "somebody" }));
    await log(home, record, value(60_000));
    expect(await historyOf(home, record)).toMatchObject({ account: "somebody", failed: undefined });
  });

  test("passes lines over that are no entries", async () => {
    const home = await makeVaultHome("A_KEY");
    const record = await recordOf(home);
    await log(home, record, none());
    appendFileSync(join(home.surroundings.paths.auditFolder, "audit.jsonl"), `{"kind":"value.made","id":"${record.id}"}\n`);
    expect((await historyOf(home, record)).made).toBeUndefined();
  });
});

test("a making that cannot be written down is an error", async () => {
  const home = await makeVaultHome("A_KEY");
  const record = await recordOf(home);
  const { auditFolder } = home.surroundings.paths;
  renameSync(auditFolder, `${auditFolder}-away`);
  writeFileSync(auditFolder, "");
  await expect(log(home, record, value(60_000))).rejects.toMatchObject({ code: "audit-unwritable" });
});
