// What the agent does for runs that hold requests and for persons who decide on them. Between the socket and the queue: who may ask for what.
//
// Why a run asks again and again for what was decided, on the one connection that it made before its program started: whoever can read the token can put an agent of his own in this one's place,
// and each new connection would be one more that could lead there.
import { VaultError } from "../../errors.ts";
import type { Time } from "../time/time.ts";
import type { Decision, Door, PersonsAnswer } from "./answer.ts";
import type { HeldRequest } from "./held-request.ts";
import type { Connection } from "./person-proof.ts";
import { isPerson } from "./person-proof.ts";
import type { Waiting } from "./queue.ts";
import { ApprovalQueue } from "./queue.ts";
import type { BucketUse } from "./rate-bucket.ts";
import type { RateKeeper } from "./rate-keeper.ts";
import type { Authenticate } from "./rate-state.ts";

export type ApprovalRequest =
  /** Holds a request for as long as the connection lasts. */
  | { readonly op: "hold"; readonly request: HeldRequest }
  /** What was decided on those of this connection since the last time. */
  | { readonly op: "decisions" }
  /** The program waits no more for it. */
  | { readonly op: "withdraw"; readonly id: string }
  /** Takes one from each bucket, or nothing from any. */
  | { readonly op: "take"; readonly uses: readonly BucketUse[] }
  /** What waits, without the bodies. For persons, as are the next two. */
  | { readonly op: "waiting" }
  /** One that waits, with its body. */
  | { readonly op: "look"; readonly id: string }
  | { readonly op: "settle"; readonly id: string; readonly digest: string; readonly answer: PersonsAnswer; readonly by: Door };

export interface Decided {
  readonly id: string;
  readonly decision: Decision;
}

export type ApprovalReply =
  | { readonly kind: "held"; readonly id: string }
  /** It does not wait: that is clear already. */
  | { readonly kind: "decided"; readonly decision: Decision }
  | { readonly kind: "decisions"; readonly decided: readonly Decided[] }
  /** 0: taken. Otherwise nothing was, and there is one in each bucket after so long. */
  | { readonly kind: "rated"; readonly waitMs: number }
  | { readonly kind: "waiting"; readonly waiting: readonly Waiting[] }
  /** Whether it still waited, and does not any more. */
  | { readonly kind: "settled"; readonly isSettled: boolean };

/** What one connection holds. Whoever opened it closes it. */
export interface Seat {
  readonly answer: (request: ApprovalRequest, authenticate: Authenticate) => Promise<ApprovalReply>;
  /** What was held here waits no more. */
  readonly close: () => void;
}

export interface DeskMeans {
  /** How long a request waits, in milliseconds. */
  readonly waitMs?: number | undefined;
  readonly isPersonAt?: ((connection: Connection) => boolean) | undefined;
}

export class ApprovalDesk {
  readonly #queue: ApprovalQueue;
  readonly #rates: RateKeeper | undefined;
  readonly #isPerson: (connection: Connection) => boolean;

  /** @param rates undefined where nothing can be kept: then no use is allowed that counts. */
  constructor(time: Pick<Time, "now">, rates: RateKeeper | undefined, { waitMs, isPersonAt = isPerson }: DeskMeans = {}) {
    this.#queue = new ApprovalQueue(time, waitMs);
    this.#rates = rates;
    this.#isPerson = isPersonAt;
  }

  /** The key is gone, or another vault's. */
  clear(): void {
    this.#queue.clear();
    this.#rates?.clear();
  }

  /** Its `answer` rejects with VaultError `inside-run` for a person's request that comes from a run; `io` where a use cannot be written down. */
  sit(connection: Connection): Seat {
    const held = new Map<string, () => void>();
    let decided: Decided[] = [];
    const hold = (request: HeldRequest): ApprovalReply => {
      const entry = this.#queue.hold(request);
      if (entry.kind === "decided") return entry;
      const { id } = entry;
      held.set(id, entry.withdraw);
      void entry.decision.then((decision) => { if (held.delete(id)) decided.push({ id, decision }); });
      return { kind: "held", id };
    };
    const withdraw = (id: string): boolean => {
      const end = held.get(id);
      held.delete(id);
      decided = decided.filter((one) => one.id !== id);
      end?.();
      return end !== undefined;
    };
    const requirePerson = (): void => {
      if (!this.#isPerson(connection)) throw new VaultError("inside-run", "this is for a person outside of the run");
    };
    return {
      answer: async (request, authenticate) => {
        switch (request.op) {
          case "hold":
            return hold(request.request);
          case "decisions": {
            const reply = decided;
            decided = [];
            return { kind: "decisions", decided: reply };
          }
          case "withdraw":
            return { kind: "settled", isSettled: withdraw(request.id) };
          case "take":
            if (this.#rates === undefined) throw new VaultError("io", "no uses are counted here");
            return { kind: "rated", waitMs: await this.#rates.take(request.uses, authenticate) };
          case "waiting":
            requirePerson();
            return { kind: "waiting", waiting: this.#queue.list().map(withoutBody) };
          case "look": {
            requirePerson();
            const found = this.#queue.find(request.id);
            return { kind: "waiting", waiting: found === undefined ? [] : [found] };
          }
          case "settle":
            requirePerson();
            return { kind: "settled", isSettled: this.#queue.settle(request.id, request.digest, request.answer, request.by) };
        }
      },
      close: () => {
        for (const id of [...held.keys()]) withdraw(id);
      },
    };
  }
}

function withoutBody(waiting: Waiting): Waiting {
  const { request } = waiting;
  return request.body.kind === "held" ? { ...waiting, request: { ...request, body: { kind: "unread", length: request.body.bytes.length, isHashed: true } } } : waiting;
}
