// What verification of the audit log says.
import type { VerifiedTrail } from "../../app/auditing/verify-trail.ts";
import { EXIT } from "./exit-status.ts";
import { visible } from "./visible-text.ts";

export function trailObject({ entries, segments, running, doubts }: VerifiedTrail): Record<string, unknown> {
  return {
    verified: doubts.length === 0,
    entries,
    segments,
    running: running.map(({ entry, id, at, program, process, elsewhere }) => ({ entry, run: id, at, program, pid: process?.pid ?? null, ...(elsewhere === undefined ? {} : { host: elsewhere }) })),
    doubts: doubts.map(({ entry, at, why, run }) => ({ entry, at: at ?? null, run: run?.id ?? null, why })),
  };
}

export function trailLines({ entries, segments, running, doubts }: VerifiedTrail): string[] {
  return [
    `${entries} entries and ${segments} runs ${doubts.length === 0 ? "verified" : "follow each other unbroken, and something may be missing:"}`,
    ...doubts.map(({ entry, at, why }) => visible(`entry ${entry}${at === undefined ? "" : ` of ${at}`}: ${why}`)),
    ...running.map(({ id, program, process, at, elsewhere }) => visible(`run ${id} (${program}, process ${process?.pid ?? "unknown"}${elsewhere === undefined ? "" : ` on ${elsewhere}`}) goes on since ${at}`)),
  ];
}

/** What to type once it is known what happened; undefined where nothing is in doubt. */
export function acceptCommand({ doubts }: VerifiedTrail): string | undefined {
  return doubts.length === 0 ? undefined : `vault audit ${doubts.map(({ entry }) => `--accept ${entry}`).join(" ")}`;
}

export function trailStatus({ doubts }: VerifiedTrail): number {
  return doubts.length === 0 ? EXIT.done : EXIT.damaged;
}
