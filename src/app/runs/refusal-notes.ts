// What the person who started a run hears of what was refused: why, what allows it, and where more stands. When the program has ended, and not before: stderr is the
// program's as well. A line in the middle would spoil a screen or a log; and where stderr is a file or a pipe, the program could read there what it is not told.
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import { tellAll } from "./told-refusal.ts";

export interface RefusalNotes {
  readonly hear: (event: ProxyEvent) => void;
  /** One for each kind of refusal, secret and host. */
  readonly lines: () => string[];
}

/** A program that tries thousands of hosts must not fill the memory, or the terminal. */
const NOTES_MAX = 20;

export function openRefusalNotes(): RefusalNotes {
  const notes = new Map<string, string>();
  let hasMore = false;
  return {
    hear(event) {
      if (event.kind !== "refused") return;
      const { code, authority, secrets, request } = event;
      const key = [code, authority, ...secrets].join(" ");
      if (notes.has(key)) return;
      if (notes.size < NOTES_MAX) notes.set(key, `${tellAll(event)} (vault help ${code}; request ${request})`);
      else hasMore = true;
    },
    lines: () => [...notes.values(), ...(hasMore ? ["further requests were refused, and stand in the audit log: vault audit --html audit.html"] : [])],
  };
}
