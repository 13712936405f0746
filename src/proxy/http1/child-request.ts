// One request of the child's: its head, and its body as it comes.
import { Readable } from "node:stream";
import type { RawHead } from "./raw-head.ts";

/** What the child waits for: an answer; `100 Continue` before it sends its body; `101 Switching Protocols`; something that nobody here knows. */
export type Expectation = "answer" | "continue" | "switch" | "unknown";

export interface ChildRequest {
  readonly head: RawHead;
  readonly expectation: Expectation;
  readonly body: ChildBody;
}

/** `whole`: it came with the head, all of it. */
export type ChildBody = { readonly kind: "none" } | { readonly kind: "whole"; readonly bytes: Uint8Array } | { readonly kind: "stream"; readonly stream: RequestBody };

const HELD_BYTES = 131_072;

/** Fed by the connection. Whoever reads it slowly slows the child down. */
export class RequestBody extends Readable {
  /** Whether its end has come from the child, read or not. */
  isWhole = false;
  /** What has come so far. */
  bytes = 0;
  /** Whether its reader has as much as it wants for now. */
  isFull = false;

  /** @param onWanted there is room again. */
  constructor(onWanted: () => void) {
    super({
      highWaterMark: HELD_BYTES,
      read: () => {
        this.isFull = false;
        onWanted();
      },
    });
    // A request that breaks off is the exchange's to end.
    this.on("error", () => this.destroy());
  }

  /** What nobody reads any more is dropped. */
  add(data: Buffer): void {
    this.bytes += data.length;
    this.isFull = !this.destroyed && !this.push(data);
  }

  finish(): void {
    this.isWhole = true;
    if (!this.destroyed) this.push(null);
  }
}
