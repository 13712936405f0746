// What verification of the audit log says.
import type { VerifiedTrail } from "../../app/auditing/verify-trail.ts";
import { EXIT } from "./exit-status.ts";
import { visible } from "./visible-text.ts";

export function trailObject({ entries, segments, running, lost, doubts }: VerifiedTrail): Record<string, unknown> {
  return {
    verified: doubts.length === 0,
    entries,
    segments,
    running: running.map(({ entry, id, at, program, process, elsewhere }) => ({ entry, run: id, at, program, pid: process?.pid ?? null, ...(elsewhere === undefined ? {} : { host: elsewhere }) })),
    lost: lost.map(({ entry, id, at, program }) => ({ entry, run: id, at, program })),
    doubts: doubts.map(({ entry, at, why, run }) => ({ entry, at: at ?? null, run: run?.id ?? null, why })),
  };
}

export function trailLines({ entries, segments, running, lost, doubts }: VerifiedTrail): string[] {
  return [
    `${entries} entries and ${segments} runs ${doubts.length === 0 ? "verified" : "follow each other unbroken, and something may be missing:"}`,
    ...doubts.map(({ entry, at, why }) => visible(`entry ${entry}${at === undefined ? "" : ` of ${at}`}: ${why}`)),
    ...running.map(({ id, program, process, at, elsewhere }) => visible(`run ${id} (${program}, process ${process?.pid ?? "unknown"}${elsewhere === undefined ? "" : ` on ${elsewhere}`}) goes on since ${at}`)),
    ...lost.slice(0, LOST_MAX).map(({ entry, id, program }) => visible(`run ${id} (${program}, entry ${entry}): its broker was killed, or cut off from the store, and another one has told how far its log came: of its last second, lines may be missing`)),
    ...(lost.length > LOST_MAX ? [`and ${lost.length - LOST_MAX} more runs of such brokers: --json lists them all`] : []),
  ];
}

/** A broker that is killed has many runs. */
const LOST_MAX = 10;

/** What to type once it is known what happened; undefined where nothing is in doubt. */
export function acceptCommand({ doubts }: VerifiedTrail): string | undefined {
  return doubts.length === 0 ? undefined : `vault audit ${doubts.map(({ entry }) => `--accept ${entry}`).join(" ")}`;
}

export function trailStatus({ doubts }: VerifiedTrail): number {
  return doubts.length === 0 ? EXIT.done : EXIT.damaged;
}
