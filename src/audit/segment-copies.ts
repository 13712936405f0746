// This machine's copies of the logs of runs on other machines: taken from the store, and kept once they were judged.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { syncFolder } from "../disk/durable-file.ts";
import { ensureUnsharedFolder } from "../disk/private-folder.ts";
import type { Engine } from "../engines/engine.ts";
import { VaultError } from "../errors.ts";
import { readLines } from "./parts.ts";
import { segmentPath } from "./segment-file.ts";
import { pushPieces, readPieces } from "./segment-pieces.ts";

/** Where the log of a run is on this machine: as the run has written it, or as a copy of what it has put into the store. */
export function findSegment(folder: string, runId: string): string {
  const own = segmentPath(folder, runId);
  return existsSync(own) ? own : copyPath(folder, runId);
}

/** The ids of runs that have a log here. */
export function listSegments(folder: string): string[] {
  return [...new Set([join(folder, "runs"), copiesFolder(folder)].flatMap((path) => (existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".jsonl")).map((name) => basename(name, ".jsonl")) : [])))];
}

/**
 * Makes this machine's copy what the store has, and the store what this machine's run had written before it was killed, or could not reach the store any more. The caller holds the log's lock.
 *
 * @param isGood judges lines before they are kept.
 * @throws VaultError `rolled-back` where the store has less of it than this machine has seen; `audit-broken` where it has something else; `store-unavailable`, `io`.
 */
export async function reconcileSegment(folder: string, engine: Engine, runId: string, isGood: (lines: Iterable<string>) => void): Promise<void> {
  ensureUnsharedFolder(copiesFolder(folder));
  const draft = join(copiesFolder(folder), `.${runId}.draft`);
  try {
    await download(engine, runId, draft);
    const here = findSegment(folder, runId);
    const [ours, theirs] = [existsSync(here) ? statSync(here).size : 0, statSync(draft).size];
    requireSameStart(here, draft, Math.min(ours, theirs), runId, engine);
    if (theirs > ours) {
      isGood(readLines(draft));
      renameSync(draft, here);
      syncFolder(copiesFolder(folder));
      return;
    }
    if (ours === theirs) return;
    if (here !== segmentPath(folder, runId)) throw new VaultError("rolled-back", `the log of run ${runId} in the store ${engine.where} ends before byte ${ours}, up to which this machine has seen it`, "the store was put back to an older state, or somebody has cut it; to put back what this machine has: vault store restore");
    await pushPieces(engine, runId, here, theirs);
  } finally {
    rmSync(draft, { force: true });
  }
}

function copiesFolder(folder: string): string {
  return join(folder, "copies");
}

function copyPath(folder: string, runId: string): string {
  return join(copiesFolder(folder), `${runId}.jsonl`);
}

async function download(engine: Engine, runId: string, path: string): Promise<void> {
  const descriptor = openSync(path, "w", 0o600);
  try {
    for await (const bytes of readPieces(engine, runId)) for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function requireSameStart(here: string, draft: string, bytes: number, runId: string, engine: Engine): void {
  if (bytes === 0 || readFileSync(here).subarray(0, bytes).equals(readFileSync(draft).subarray(0, bytes))) return;
  throw new VaultError("audit-broken", `the store ${engine.where} has another log of run ${runId} than this machine`, "compare the two to see what was done");
}
