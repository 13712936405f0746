// The way to bound hosts and plain HTTP servers: kept-alive connections, one pool an authority. The only importer of undici.
import type { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { errors, Pool } from "undici";
import { systemErrorCode } from "../../errors.ts";
import type { Authority } from "../../vault/host.ts";
import { formatAuthority } from "../../vault/host.ts";
import type { DialRules } from "./dial.ts";
import { dialPlain, dialVerified } from "./dial.ts";
import { hearOut } from "./hearing-out.ts";
import type { Scheme } from "../http1/request-head.ts";
import { makeRefusal, RefusalError } from "../grants/refusal.ts";
import type { Refusal } from "../grants/refusal.ts";
import { silenceRequests } from "./unheard-requests.ts";
import { holdSwitches } from "./v8-switches.ts";

export interface UpstreamRequest {
  readonly scheme: Scheme;
  readonly authority: Authority;
  readonly mayBePrivate: boolean;
  readonly method: string;
  readonly path: string;
  /** Names and values alternate; `Host` first. Plaintext values are in here: for the wire only. */
  readonly headers: string[];
  readonly body: Readable | Uint8Array | undefined;
  /** Asks the server for a WebSocket instead of an answer. */
  readonly isHandshake: boolean;
  /** Called when the connection is there and nothing has been sent yet. A refusal that it throws is the outcome. */
  readonly permit: () => void;
}

/** The life of one answer. After `onAbortable`, one of `onEnd`, `onSwitch` and `onFailure` comes last. Headers and trailers alternate names and values. */
export interface AnswerListener {
  /** Called before anything is sent. */
  onAbortable(abort: () => void): void;
  /** False stops the answer until `resume` is called, as it does in `onBody`. */
  onHead(status: number, headers: readonly Uint8Array[], resume: () => void): boolean;
  onBody(chunk: Uint8Array): boolean;
  onEnd(trailers: readonly Uint8Array[]): void;
  /** A 101 to a handshake: the connection is the listener's from here on. */
  onSwitch(headers: readonly Uint8Array[], server: Duplex): void;
  onFailure(refusal: Refusal): void;
}

export interface Upstream {
  send(request: UpstreamRequest, listener: AnswerListener): void;
  close(): Promise<void>;
}

const HEADER_BYTES_MAX = 65_536;
/** Kept-alive connections of more authorities than a program speaks with at a time. */
const POOLS_MAX = 256;

export function openUpstream(rules: DialRules): Upstream {
  silenceRequests();
  const pools = new Map<string, Pool>();
  let isClosed = false;
  let releaseSwitches: (() => void) | undefined;
  const openPool = ({ scheme, authority, mayBePrivate }: UpstreamRequest): Pool => {
    let session: Buffer | undefined;
    const dial = async () => {
      if (scheme === "http") return keepReferred(hearOut(await dialPlain(authority, mayBePrivate, rules)));
      const socket = keepReferred(hearOut(await dialVerified(authority, mayBePrivate, rules, { session })));
      socket.on("session", (newer: Buffer) => {
        session = newer;
      });
      return socket;
    };
    return new Pool(`${scheme}://${formatAuthority(authority)}`, {
      connect: (_options, callback) => {
        dial().then(
          (socket) => {
            if (!isClosed) releaseSwitches ??= holdSwitches();
            callback(null, socket);
          },
          (error: unknown) => {
            callback(error instanceof Error ? error : new Error("no connection"), null);
          },
        );
      },
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: HEADER_BYTES_MAX,
      // How long an answer may take is the child's to say: it hangs up when it has waited enough.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  };

  return {
    send(request, listener) {
      // Who may reach private addresses does not share connections with who may not.
      const key = `${request.scheme} ${formatAuthority(request.authority)} ${String(request.mayBePrivate)}`;
      let pool = pools.get(key);
      if (pool === undefined) {
        pool = openPool(request);
        if (pools.size >= POOLS_MAX) endOldestIdle(pools);
        pools.set(key, pool);
        forgetWhenIdle(pools, key, pool);
      }
      // The user's own proxy has its credential from here, and an origin never: this connection leads to that proxy.
      const next = request.scheme === "http" ? rules.findNextProxy("http", request.authority) : undefined;
      const path = next === undefined ? request.path : `http://${formatAuthority(request.authority)}${request.path}`;
      const headers = next?.authorization === undefined ? request.headers : [...request.headers, "proxy-authorization", next.authorization];
      pool.dispatch(
        { method: request.method, path, headers, body: request.body ?? null, upgrade: request.isHandshake ? "websocket" : null },
        new WireListener(listener, request),
      );
    },
    async close() {
      isClosed = true;
      releaseSwitches?.();
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

/** undici has an idle connection not keep the process, and one in use keep it: two calls into Node for each request. A run ends with its program, and its connections with it, whatever they would keep. */
function keepReferred<S extends Socket>(socket: S): S {
  socket.ref = () => socket;
  socket.unref = () => socket;
  return socket;
}

/** A child that visits many hosts must not leave a pool behind for each. */
function forgetWhenIdle(pools: Map<string, Pool>, key: string, pool: Pool): void {
  const onDisconnect = (): void => {
    setImmediate(() => {
      if (pools.get(key) !== pool || pool.stats.connected > 0 || pool.stats.size > 0) return;
      pools.delete(key);
      pool.destroy().catch(() => undefined);
    });
  };
  pool.on("disconnect", onDisconnect);
  pool.on("connectionError", onDisconnect);
}

/** Those of requests under way stay: there are no more of them than connections of the child. */
function endOldestIdle(pools: Map<string, Pool>): void {
  for (const [key, pool] of pools) {
    if (pool.stats.size > 0) continue;
    pools.delete(key);
    pool.destroy().catch(() => undefined);
    return;
  }
}

/** Bytes, from undici's HTTP/1.1 parser; its other sources, which are not used here, give text. */
type RawFields = readonly (string | Uint8Array)[] | null;

/**
 * What undici's client calls, in the form that its own classes speak to each other: the answer's bytes as parsed, order and case kept, without a stream
 * in between. The newer form, which it turns into this one, makes an object of each head and of the trailers: a tenth of what a request costs, and nobody here looks at it.
 */
interface WireHandler {
  onConnect(abort: (error: Error) => void): void;
  /** False stops the answer until `resume` is called, as it does in `onData`. */
  onHeaders(status: number, headers: readonly Uint8Array[], resume: () => void): boolean;
  onUpgrade(status: number, headers: RawFields, socket: Duplex): void;
  onData(chunk: Uint8Array): boolean;
  onComplete(trailers: RawFields): void;
  onError(error: Error): void;
}

/** The reason phrase is not passed on: undici keeps only the last piece of one that arrives in two, and half a value cannot be recognised. */
class WireListener implements WireHandler {
  readonly #listener: AnswerListener;
  readonly #request: UpstreamRequest;

  constructor(listener: AnswerListener, request: UpstreamRequest) {
    this.#listener = listener;
    this.#request = request;
  }

  onConnect(abort: (error: Error) => void): void {
    this.#request.permit();
    this.#listener.onAbortable(() => {
      abort(new Error("the child hung up"));
    });
  }

  onHeaders(status: number, headers: readonly Uint8Array[], resume: () => void): boolean {
    if (status === 101) {
      this.#listener.onFailure(makeRefusal("upstream-answer", `${formatAuthority(this.#request.authority)} wants to speak another protocol, which nobody asked for`));
      return true;
    }
    // Interim answers say nothing that a child behind a proxy has to know (RFC 9110 section 15.2).
    return status < 200 || this.#listener.onHead(status, headers, resume);
  }

  onUpgrade(_status: number, headers: RawFields, socket: Duplex): void {
    // The server may end its half first, and still has to hear the rest.
    socket.allowHalfOpen = true;
    socket.on("error", () => socket.destroy());
    this.#listener.onSwitch(bytesOf(headers), socket);
  }

  onData(chunk: Uint8Array): boolean {
    return this.#listener.onBody(chunk);
  }

  onComplete(trailers: RawFields): void {
    this.#listener.onEnd(bytesOf(trailers));
  }

  onError(error: Error): void {
    this.#listener.onFailure(error instanceof RefusalError ? error.refusal : describe(error, this.#request.authority));
  }
}

function bytesOf(fields: RawFields): readonly Uint8Array[] {
  return (fields ?? []).map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part));
}

/** Codes and names only: undici's messages may quote the answer. */
function describe(error: Error, authority: Authority): Refusal {
  const isBroken = error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError || error instanceof errors.ResponseContentLengthMismatchError;
  return isBroken
    ? makeRefusal("upstream-answer", `the answer of ${formatAuthority(authority)} is not valid HTTP`)
    : makeRefusal("upstream-unreachable", `the connection to ${formatAuthority(authority)} broke before the answer was complete (${systemErrorCode(error) ?? error.name})`);
}
