// The log of a run, on whichever machine it was: at its word, as `verifyTrail` checks it.
import { existsSync } from "node:fs";
import { readSegment } from "../../audit/log.ts";
import { segmentPath } from "../../audit/segment-file.ts";
import { readPieces } from "../../audit/segment-pieces.ts";
import { findText } from "../../bytes.ts";
import type { Surroundings } from "../surroundings.ts";

/** @returns none where the run wrote none. @throws VaultError `io`, `unsafe-file`; with a store, as `readPieces`. */
export async function findLines({ paths }: Surroundings, runId: string): Promise<Iterable<string>> {
  const { auditFolder, engine } = paths;
  if (engine === undefined || existsSync(segmentPath(auditFolder, runId))) return readSegment(auditFolder, runId);
  const lines: string[] = [];
  // A piece is whole lines.
  for await (const bytes of readPieces(await engine(), runId)) lines.push(...(findText(bytes) ?? "").split("\n"));
  return lines.filter((line) => line !== "");
}
