// What the agent does for runs that hold requests and for persons who decide on them. Between the socket and the queue: who may ask for what.
import type { Time } from "../time.ts";
import type { Decision, Door, PersonsAnswer } from "./answer.ts";
import type { HeldRequest } from "./held-request.ts";
import type { Connection } from "./person-proof.ts";
import { isPerson } from "./person-proof.ts";
import type { Waiting } from "./queue.ts";
import { ApprovalQueue } from "./queue.ts";
import type { BucketUse } from "./rate-bucket.ts";
import type { RateKeeper } from "./rate-keeper.ts";
import type { Authenticate } from "./rate-state.ts";
import { VaultError } from "../../errors.ts";

export type ApprovalRequest =
  /** Holds a request. The answer comes when somebody has decided, and ends the connection; the connection's end takes the request back. */
  | { readonly op: "hold"; readonly request: HeldRequest }
  /** Takes one from each bucket, or nothing from any. */
  | { readonly op: "take"; readonly uses: readonly BucketUse[] }
  /** What waits, without the bodies. For persons, as are the next two. */
  | { readonly op: "waiting" }
  /** One that waits, with its body. */
  | { readonly op: "look"; readonly id: string }
  | { readonly op: "settle"; readonly id: string; readonly digest: string; readonly answer: PersonsAnswer; readonly by: Door };

export type ApprovalReply =
  | { readonly kind: "decided"; readonly decision: Decision }
  /** 0: taken. Otherwise nothing was, and there is one in each bucket after so long. */
  | { readonly kind: "rated"; readonly waitMs: number }
  | { readonly kind: "waiting"; readonly waiting: readonly Waiting[] }
  /** Whether it still waited, and is answered now. */
  | { readonly kind: "settled"; readonly isSettled: boolean };

/** Whose connection it is, and how to know when it ends. */
export interface Caller {
  readonly connection: Connection;
  /** Resolves when the other side has hung up, or has said something out of turn. */
  readonly gone: () => Promise<void>;
}

/** One that cannot be shown whole is shown without its body. */
const LOOK_MAX = 512;

export class ApprovalDesk {
  readonly #queue: ApprovalQueue;
  readonly #rates: RateKeeper | undefined;
  readonly #isPerson: (connection: Connection) => boolean;

  /** @param rates undefined where nothing can be kept: then no use is allowed that counts. */
  constructor(time: Pick<Time, "now">, rates: RateKeeper | undefined, { waitMs, isPersonAt = isPerson }: { readonly waitMs?: number | undefined; readonly isPersonAt?: ((connection: Connection) => boolean) | undefined } = {}) {
    this.#queue = new ApprovalQueue(time, waitMs);
    this.#rates = rates;
    this.#isPerson = isPersonAt;
  }

  /** @throws VaultError `inside-run` for a person's request that comes from a run; `io` where a use cannot be written down. */
  async answer(request: ApprovalRequest, caller: Caller, authenticate: Authenticate): Promise<ApprovalReply> {
    switch (request.op) {
      case "hold": {
        const held = this.#queue.hold(request.request);
        void caller.gone().then(held.withdraw, held.withdraw);
        return { kind: "decided", decision: await held.decision };
      }
      case "take":
        if (this.#rates === undefined) throw new VaultError("io", "no uses are counted here");
        return { kind: "rated", waitMs: await this.#rates.take(request.uses, authenticate) };
      case "waiting":
        this.#requirePerson(caller);
        return { kind: "waiting", waiting: this.#queue.list().slice(0, LOOK_MAX).map(withoutBody) };
      case "look": {
        this.#requirePerson(caller);
        const found = this.#queue.find(request.id);
        return { kind: "waiting", waiting: found === undefined ? [] : [found] };
      }
      case "settle":
        this.#requirePerson(caller);
        return { kind: "settled", isSettled: this.#queue.settle(request.id, request.digest, request.answer, request.by) };
    }
  }

  /** The key is gone, or another vault's. */
  clear(): void {
    this.#queue.clear();
    this.#rates?.clear();
  }

  #requirePerson({ connection }: Caller): void {
    if (!this.#isPerson(connection)) throw new VaultError("inside-run", "this is for a person outside of the run");
  }
}

function withoutBody(waiting: Waiting): Waiting {
  const { request } = waiting;
  return request.body.kind === "held" ? { ...waiting, request: { ...request, body: { kind: "unread", length: request.body.bytes.length } } } : waiting;
}
