// The requests that wait for a person, of all runs of this vault on this machine. Nothing of it is kept: with the agent, all that waits and all that was approved is gone.
import type { Time } from "../time/time.ts";
import type { Decision, Door, PersonsAnswer } from "./answer.ts";
import { HeldIds } from "./held-ids.ts";
import type { HeldRequest } from "./held-request.ts";
import { StandingApprovals } from "./standing.ts";

/** How long a request waits for a person, who may have been asked by a line on another terminal. Most clients are as patient. */
const WAIT_MS = 120_000;
/** A program that sends without end must not fill the agent's memory: what is one too many is refused at once. */
const WAITING_MAX = 512;
/** Of bodies that can be read, all together. Those of more are held by their runs, and cannot be shown. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Of all else, together: a person's list of it, in base64, has to fit into one frame of the agent's. */
const TEXT_BYTES_MAX = 8 * 1024 * 1024;
/** Of places and of text, what one run has at most: it does not keep the others from asking. */
const SHARE_OF_RUN = 0.5;

/** One that waits, as a person is shown it. */
export interface Waiting {
  readonly id: string;
  readonly request: HeldRequest;
  /** Whether its body, where it is held, can be shown. */
  readonly isBodyKept: boolean;
  readonly waitedMs: number;
  readonly leftMs: number;
}

export type Held =
  /** It does not wait. */
  | { readonly kind: "decided"; readonly decision: Decision }
  /** `withdraw`: its program has hung up, or its run has ended. Safe to call at any time. */
  | { readonly kind: "held"; readonly id: string; readonly decision: Promise<Decision>; readonly withdraw: () => void };

interface Entry {
  readonly id: string;
  readonly request: HeldRequest;
  readonly sinceMs: number;
  readonly bodyBytes: number;
  readonly textBytes: number;
  readonly isBodyKept: boolean;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (decision: Decision) => void;
}

export class ApprovalQueue {
  readonly #time: Pick<Time, "now">;
  readonly #waitMs: number;
  readonly #standing: StandingApprovals;
  /** In the order in which they came. */
  readonly #entries = new Map<string, Entry>();
  readonly #ids = new HeldIds();
  #bodyBytes = 0;
  #textBytes = 0;

  constructor(time: Pick<Time, "now">, waitMs: number = WAIT_MS) {
    this.#time = time;
    this.#waitMs = waitMs;
    this.#standing = new StandingApprovals(time);
  }

  /** Holds a request until somebody decides, or the time is over; one that stands approved is let go at once. */
  hold(request: HeldRequest): Held {
    const extent = this.#standing.find(request);
    if (extent !== undefined) return { kind: "decided", decision: { kind: "allowed", by: "standing", extent } };
    const textBytes = Buffer.byteLength(JSON.stringify({ ...request, body: null }));
    if (this.#isCrowded(request.run, textBytes)) return { kind: "decided", decision: { kind: "crowded" } };
    const id = this.#ids.draw();
    const bodyBytes = request.body.kind === "held" ? request.body.bytes.length : 0;
    const isBodyKept = this.#bodyBytes + bodyBytes <= BODY_BYTES_MAX;
    const decision = new Promise<Decision>((resolve) => {
      const timer = setTimeout(() => { this.#end(id, { kind: "unanswered" }); }, this.#waitMs);
      const kept: HeldRequest = isBodyKept ? request : { ...request, body: { kind: "unread", length: bodyBytes, isHashed: true } };
      this.#entries.set(id, { id, request: kept, sinceMs: this.#time.now().monotonicMs, bodyBytes: isBodyKept ? bodyBytes : 0, textBytes, isBodyKept, timer, resolve });
    });
    if (isBodyKept) this.#bodyBytes += bodyBytes;
    this.#textBytes += textBytes;
    return { kind: "held", id, decision, withdraw: () => { this.#end(id, { kind: "unanswered" }); } };
  }

  #isCrowded(run: string, textBytes: number): boolean {
    const own = [...this.#entries.values()].filter(({ request }) => request.run === run);
    const ownBytes = own.reduce((sum, entry) => sum + entry.textBytes, textBytes);
    return this.#entries.size >= WAITING_MAX || this.#textBytes + textBytes > TEXT_BYTES_MAX || own.length >= SHARE_OF_RUN * WAITING_MAX || ownBytes > SHARE_OF_RUN * TEXT_BYTES_MAX;
  }

  /** The oldest first. */
  list(): Waiting[] {
    return [...this.#entries.values()].map((entry) => this.#describe(entry));
  }

  find(id: string): Waiting | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : this.#describe(entry);
  }

  /**
   * Gives a person's answer to one that waits, and to the others that it is good for.
   *
   * @param digest of the request that the person has seen: it has to be that one.
   * @returns false where none such waits any more.
   */
  settle(id: string, digest: string, answer: PersonsAnswer, by: Door): boolean {
    const entry = this.#entries.get(id);
    if (entry?.request.digest !== digest) return false;
    if (answer.kind === "deny") {
      this.#end(id, { kind: "denied", by, reason: answer.reason });
      return true;
    }
    const { extent } = answer;
    this.#end(id, { kind: "allowed", by, extent: extent.kind });
    // A wish is one thing that is wished for, and no rule.
    if (extent.kind === "once" || entry.request.kind === "wish") return true;
    this.#standing.add(entry.request, extent);
    for (const other of [...this.#entries.values()]) {
      const found = this.#standing.find(other.request);
      if (found !== undefined) this.#end(other.id, { kind: "allowed", by: "standing", extent: found });
    }
    return true;
  }

  /** Nothing waits any more, and nothing stands approved. */
  clear(): void {
    for (const { id } of [...this.#entries.values()]) this.#end(id, { kind: "ended" });
    this.#standing.clear();
  }

  #end(id: string, decision: Decision): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    this.#entries.delete(id);
    this.#bodyBytes -= entry.bodyBytes;
    this.#textBytes -= entry.textBytes;
    entry.resolve(decision);
  }

  #describe({ id, request, sinceMs, isBodyKept }: Entry): Waiting {
    const waitedMs = Math.max(0, Math.round(this.#time.now().monotonicMs - sinceMs));
    return { id, request, isBodyKept, waitedMs, leftMs: Math.max(0, this.#waitMs - waitedMs) };
  }
}
