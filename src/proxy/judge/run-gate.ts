// What a run's proxy asks of others before a request goes out: a person's word, and whether there is a use left. Who they are, the run knows.
import type { Gate } from "./rules/judge-rules.ts";

/** `GET http://ask.vault.invalid/?for=NAME&why=TEXT`, asked of the run's proxy, is a wish of the program's. The name leads nowhere (RFC 6761). */
export const WISH_HOST = "ask.vault.invalid";

/** The child's end of its connection to the proxy, where it is one on loopback. */
export interface LoopbackPeer {
  readonly peerPort: number;
  readonly ownPort: number;
}

export type AskedBody =
  | { readonly kind: "none" }
  /** With placeholders in it, and not values. */
  | { readonly kind: "held"; readonly bytes: Uint8Array }
  /** `isHashed`: it is here, and too long to be shown. Otherwise it is not read before somebody has answered. `length` in bytes, null where nobody says. */
  | { readonly kind: "unread"; readonly length: number | null; readonly isHashed: boolean };

/** What a person is asked about. */
export interface AskedRequest {
  /** Those that have it asked for. */
  readonly gates: readonly Gate[];
  readonly method: string;
  /** `host:port`. */
  readonly host: string;
  /** As the child sent it, with placeholders and not values; and behind it the paths that it names in headers. */
  readonly target: string;
  readonly body: AskedBody;
  /** SHA-256, hex, over all that the request is. */
  readonly digest: string;
  readonly peer: LoopbackPeer | undefined;
  /** The child has hung up. */
  readonly signal: AbortSignal;
  /** Called where somebody has to be asked, and it waits. */
  readonly onHeld: () => void;
}

export type AskVerdict =
  /** By what: a command, a page, an approval that was given before. For how much, likewise: once, run, time, rule. */
  | { readonly kind: "allowed"; readonly by: string; readonly extent: string }
  /** `reason` in the person's words; empty where none was given. */
  | { readonly kind: "denied"; readonly by: string; readonly reason: string }
  | { readonly kind: "unanswered" }
  | { readonly kind: "crowded" }
  | { readonly kind: "ended" };

export type MeterVerdict =
  | { readonly kind: "counted" }
  /** `retryMs`: when there is one again; undefined: never in this run. */
  | { readonly kind: "spent"; readonly gate: Gate; readonly retryMs: number | undefined }
  /** Nobody can count. */
  | { readonly kind: "uncounted"; readonly gate: Gate };

/** Neither rejects. */
export interface RunGate {
  readonly ask: (request: AskedRequest) => Promise<AskVerdict>;
  /** Takes one use of each, or none of any. */
  readonly meter: (gates: readonly Gate[], signal: AbortSignal) => Promise<MeterVerdict>;
}
