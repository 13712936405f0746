// Whether the store that the vault is on can be reached, written to and believed.
import { randomBytes } from "node:crypto";
import { utf8 } from "../../bytes.ts";
import type { Engine } from "../../engines/engine.ts";
import { replaceSettled } from "../../engines/settled-replace.ts";
import type { VaultPaths } from "../../paths.ts";
import { readAnchor } from "../../store/anchor.ts";
import type { StoredVault } from "../../store/engine-vault.ts";
import { pullVault, readCopy, readStored } from "../../store/engine-vault.ts";
import { judgeStored } from "../../store/judge-stored.ts";
import { findLeaseHolder, leaseName } from "../../store/lease.ts";
import { readStoreFile } from "../../store/store-file.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, problemOf } from "./finding.ts";

const FIX = "check that its server runs, and that the password is right; which store it is: vault status";

/** Nothing where the vault is the file. What is newer there is brought here, so that what follows is judged by it. */
export async function examineStore(paths: VaultPaths): Promise<Finding[]> {
  if (paths.engine === undefined) return [];
  try {
    const engine = await paths.engine();
    const beganMs = performance.now();
    const stored = await readStored(engine);
    const tookMs = performance.now() - beganMs;
    const tls = /^(redis:|s3:.*endpoint=http%3A)|[?&]tls=off/.test(readStoreFile(paths.dataFolder)?.store ?? "") ? "without TLS, on this machine" : "over TLS, with its certificate verified";
    return [ok("store", `the store ${engine.where} answers in ${Math.round(tookMs)} ms, ${tls}`), await examineWriting(engine), await compare(paths, engine, stored), ...(await examineLease(engine))];
  } catch (error) {
    return [problemOf("store", error, FIX)];
  }
}

/** An entry of its own, which is gone again: a login that may only read is found before it is needed. */
async function examineWriting(engine: Engine): Promise<Finding> {
  const [name, bytes] = [`doctor/${randomBytes(8).toString("hex")}`, utf8("vault doctor\n")];
  try {
    const isWritten = (await replaceSettled(engine, name, bytes, undefined)) === "done" && (await replaceSettled(engine, name, undefined, bytes)) === "done";
    return isWritten ? ok("store", "the store can be written to") : problem("store", "store-unavailable", "what is written to the store is something else at once", FIX);
  } catch (error) {
    return problemOf("store", error, "give the login the right to write there");
  }
}

async function compare(paths: VaultPaths, engine: Engine, stored: StoredVault | undefined): Promise<Finding> {
  const copy = readCopy(paths)?.file;
  try {
    if (!judgeStored(engine.where, stored?.file, { copy, anchor: readAnchor(paths.anchorFile) })) return problem("store", "no-vault", `there is no vault in the store ${engine.where}`, "to make one, with its address: vault init --store URL");
    await pullVault(paths, () => Promise.resolve(engine));
  } catch (error) {
    return problemOf("store", error, FIX);
  }
  const generation = stored?.file.contents.generation ?? 0;
  const here = copy?.contents.generation;
  return ok("store", here === generation ? `the store has generation ${generation}, and so has this machine's copy` : `the store has generation ${generation}, and this machine's copy had ${here ?? "none"}: it was brought up to date`);
}

async function examineLease(engine: Engine): Promise<Finding[]> {
  const holder = await findLeaseHolder(engine, leaseName("vault"));
  if (holder === undefined) return [];
  return [note("store", holder.isDead ? `process ${holder.pid} on ${holder.host} has ended while it held the vault in the store; the next command takes it over` : `process ${holder.pid} on ${holder.host} holds the vault in the store just now; if it is gone, the next command takes it over in some seconds`)];
}
