// A second program, written from FORMAT.md alone, changes the vault beside this one: its lock, its log, its anchor and its key file are such that each goes on where the other has stopped.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyTrail } from "../../src/app/auditing/verify-trail.ts";
import { withOpenVault } from "../../src/app/keys/open-vault.ts";
import { rotateMaster } from "../../src/app/keys/rotate-master.ts";
import { sightVault } from "../../src/app/keys/sighted-vault.ts";
import { openRunTrail } from "../../src/app/runs/run-trail.ts";
import { deleteSecret } from "../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import { openSecrets } from "../../src/vault/envelope.ts";
import type { Folders } from "../second-opinion/change.ts";
import { change, open, replaceKek } from "../second-opinion/change.ts";
import { ticketOf } from "../second-opinion/files.ts";
import type { SecretRecord } from "../second-opinion/forms.ts";
import { logKeyOf, verify } from "../second-opinion/log.ts";
import { openSecret } from "../second-opinion/reader.ts";
import { sealSecret } from "../second-opinion/writer.ts";
import { addSecret, makeVaultHome } from "../support/home.ts";
import { unsealed } from "../vectors/catalogue/subject.ts";

async function makePair(): Promise<{ readonly surroundings: Surroundings; readonly folders: Folders }> {
  const { surroundings } = await makeVaultHome("OURS");
  const { dataFolder, anchorFile } = surroundings.paths;
  return { surroundings, folders: { data: dataFolder, state: join(anchorFile, "..") } };
}

function addTheirs(folders: Folders, name: string): Promise<void> {
  const record = unsealed({ id: randomBytes(16).toString("base64"), name });
  return change(folders, { kind: "secret.create", secret: name }, ({ contents, kek }) => [...contents.secrets, sealSecret(contents.vault, kek, record, Buffer.from(`value of ${name}`), randomBytes)]);
}

const ourValues = (surroundings: Surroundings): Promise<string[]> => withOpenVault(surroundings, async ({ file, holder }) =>
  (await openSecrets(holder, file.contents.id, file.contents.secrets)).map((value) => Buffer.from(value.reveal()).toString()).sort());

function theirValues(folders: Folders): string[] {
  const { contents, keys } = open(folders);
  return contents.secrets.map((record: SecretRecord) => openSecret(contents, keys, record).toString()).sort();
}

async function expectOne(surroundings: Surroundings, folders: Folders, ...names: readonly string[]): Promise<void> {
  const values = names.map((name) => `value of ${name}`).sort();
  expect(await ourValues(surroundings)).toEqual(values);
  expect(theirValues(folders)).toEqual(values);
  expect(await sightVault(surroundings)).toMatchObject({ isVerified: true });
  const { contents, made } = open(folders);
  const { entries, doubts } = await verifyTrail(surroundings);
  expect([verify(join(folders.state, "audit"), contents.audit, logKeyOf(made.audit)), doubts]).toEqual([entries, []]);
}

describe.skipIf(process.platform !== "linux")("two programs on one vault (the second one's lock is Linux's)", () => {
  test("take turns", async () => {
    const { surroundings, folders } = await makePair();
    await addTheirs(folders, "THEIRS");
    await expectOne(surroundings, folders, "OURS", "THEIRS");
    await addSecret(surroundings, "OURS_TOO");
    await addTheirs(folders, "THEIRS_TOO");
    await deleteSecret(surroundings, "THEIRS", undefined);
    await expectOne(surroundings, folders, "OURS", "OURS_TOO", "THEIRS_TOO");
  });

  test("replace the key for each other, and everything with it", async () => {
    const { surroundings, folders } = await makePair();
    await replaceKek(folders, randomBytes(32), randomBytes);
    await expectOne(surroundings, folders, "OURS");
    await rotateMaster(surroundings, { provider: "file", path: undefined, kek: undefined }, true);
    await expectOne(surroundings, folders, "OURS");
    await addTheirs(folders, "THEIRS");
    await replaceKek(folders, randomBytes(32), randomBytes);
    await addSecret(surroundings, "AFTER");
    await expectOne(surroundings, folders, "AFTER", "OURS", "THEIRS");
  });

  test("at once: no change is lost", async () => {
    const { surroundings, folders } = await makePair();
    const names = Array.from({ length: 6 }, (_, index) => String(index));
    await Promise.all(names.flatMap((name) => [addTheirs(folders, `T${name}`), addSecret(surroundings, `O${name}`)]));
    await expectOne(surroundings, folders, "OURS", ...names.flatMap((name) => [`T${name}`, `O${name}`]));
  });

  test("one writes while a run of the other's goes on", async () => {
    const { surroundings, folders } = await makePair();
    await withOpenVault(surroundings, async (vault) => {
      const trail = await openRunTrail(surroundings, vault, "aabb", { kind: "run.start" });
      trail.enter({ kind: "secret.use" });
      await addTheirs(folders, "THEIRS");
      await trail.close({ kind: "run.end" });
    });
    await expectOne(surroundings, folders, "OURS", "THEIRS");
  });

  test("one takes over the lock of a dead holder, as the other wrote it", async () => {
    const { surroundings, folders } = await makePair();
    const lock = join(folders.data, "vault.lock");
    for (const [name, act] of [["OURS_AFTER", () => addSecret(surroundings, "OURS_AFTER")], ["THEIRS_AFTER", () => addTheirs(folders, "THEIRS_AFTER")]] as const) {
      const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      await once(holder, "spawn");
      writeFileSync(lock, JSON.stringify(ticketOf(holder.pid ?? 0)), { mode: 0o600 });
      const ended = once(holder, "exit");
      holder.kill("SIGKILL");
      await ended;
      await act();
      expect([name, existsSync(lock)]).toEqual([name, false]);
    }
    await expectOne(surroundings, folders, "OURS", "OURS_AFTER", "THEIRS_AFTER");
  });
});
