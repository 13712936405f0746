// A relay that counts what goes each way, and at one of these pieces lets a test act: cut the connection, or do something to the server, before the piece goes on.
import type { Socket } from "node:net";
import { openRelay } from "./relay.ts";

export type Direction = "question" | "answer";

export interface CountingRelay {
  readonly port: number;
  /** Pieces since `at` was called last. */
  count(direction: Direction): number;
  /** Begins to count anew. `act` happens once, at the `nth` piece from now on; after "cut" that piece is lost, and what comes on later connections goes through. */
  at(direction: Direction, nth: number, act: "cut" | (() => void | Promise<void>)): void;
  /** What has not happened by now does not, and what is under way is waited for. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export async function openCountingRelay(toPort: number): Promise<CountingRelay> {
  const counts = { question: 0, answer: 0 };
  let plan: { readonly direction: Direction; readonly nth: number; readonly act: "cut" | (() => void | Promise<void>) } | undefined;
  let acting: Promise<void> | undefined;

  /** @returns whether the piece goes on. */
  const pass = async (direction: Direction): Promise<boolean> => {
    counts[direction] += 1;
    if (plan?.direction !== direction || counts[direction] !== plan.nth) return true;
    const { act } = plan;
    plan = undefined;
    if (act === "cut") return false;
    acting = Promise.resolve(act());
    await acting;
    return true;
  };
  const carry = (from: Socket, to: Socket, direction: Direction, cut: () => void): void => {
    let turn = Promise.resolve();
    from.on("data", (chunk: Buffer) => {
      turn = turn.then(async () => {
        if (await pass(direction)) to.write(chunk);
        else cut();
      });
    });
    from.on("end", () => { turn = turn.then(() => void to.end()); });
  };
  const relay = await openRelay(toPort, (near, far, cut) => {
    carry(near, far, "question", cut);
    carry(far, near, "answer", cut);
  });
  return {
    port: relay.port,
    count: (direction) => counts[direction],
    at(direction, nth, act) {
      Object.assign(counts, { question: 0, answer: 0 });
      plan = { direction, nth, act };
    },
    async rest() {
      plan = undefined;
      await acting;
    },
    close: () => relay.close(),
  };
}
