// A connection to a bound host, at a port that no binding names: nobody knows yet what is spoken there. Its first bytes tell, whoever says them.
// HTTP is judged and looked through, and so is what comes in TLS; everything else is passed on as it is, and is to feel nothing of this.
import type { Duplex } from "node:stream";
import { findOpening } from "./first-bytes.ts";
import type { Refusal } from "../grants/refusal.ts";
import { makeRefusal, RefusalError, refuseUnwritten } from "../grants/refusal.ts";
import { joinSockets } from "../upstream/tunnel.ts";

/** What may become of the connection. */
export interface WaysOn {
  readonly asHttp: (socket: Duplex) => void;
  /** Undefined within TLS: a second layer is the child's business. */
  readonly asTls: ((socket: Duplex) => void) | undefined;
  /** Connects to the host. @throws RefusalError */
  readonly dial: () => Promise<Duplex>;
  /** Called before anything is passed on. @throws where the audit log cannot be written. */
  readonly permit: () => void;
  readonly onRefusal: (refusal: Refusal) => void;
  /** How long a first line may take, once it has begun. */
  readonly headMs: number;
}

/** A client that speaks first has done so by then. The connection outwards is made now, in case the server does; where the client then begins with TLS or HTTP, it was for nothing. */
const SILENCE_MS = 100;
const EMPTY = Buffer.alloc(0);

/** Takes over a connection from which nothing has been read. */
export function decideByFirstBytes(socket: Duplex, ways: WaysOn): void {
  new Undecided(socket, ways).start();
}

class Undecided {
  readonly #socket: Duplex;
  readonly #ways: WaysOn;
  #ahead: Buffer = EMPTY;
  #server: Duplex | undefined;
  #isDialling = false;
  #isPassedOn = false;
  #isOver = false;
  #silence: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(socket: Duplex, ways: WaysOn) {
    this.#socket = socket;
    this.#ways = ways;
  }

  start(): void {
    this.#socket.on("data", this.#onData).once("end", this.#passOn).once("close", this.#onClose).once("error", this.#onClose);
    this.#silence = setTimeout(() => { this.#dial(); }, SILENCE_MS);
    this.#socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#ahead = this.#ahead.length === 0 ? chunk : Buffer.concat([this.#ahead, chunk]);
    const opening = findOpening(this.#ahead, this.#ways.asTls !== undefined);
    if (opening === undefined) {
      this.#deadline ??= setTimeout(() => { this.#refuse(makeRefusal("timeout", "what begins like a request or a TLS greeting took too long")); }, this.#ways.headMs);
    } else if (opening === "other" || opening === "closed-tls") this.#passOn();
    else this.#handOver(opening === "http" ? this.#ways.asHttp : this.#ways.asTls);
  };

  readonly #onClose = (): void => {
    if (this.#isOver) return;
    this.#leave();
    this.#socket.destroy();
    this.#server?.destroy();
  };

  #handOver(to: WaysOn["asTls"]): void {
    this.#leave();
    this.#server?.destroy();
    this.#putBack();
    to?.(this.#socket);
  }

  /** From here on, it is the two sides' own business. */
  readonly #passOn = (): void => {
    if (this.#isOver) return;
    this.#isPassedOn = true;
    clearTimeout(this.#deadline);
    this.#socket.off("data", this.#onData).pause();
    if (this.#server === undefined) this.#dial();
    else this.#join(this.#server);
  };

  #dial(): void {
    if (this.#isDialling) return;
    this.#isDialling = true;
    clearTimeout(this.#silence);
    this.#ways.dial().then((server) => { this.#onServer(server); }, (error: unknown) => {
      this.#refuse(error instanceof RefusalError ? error.refusal : makeRefusal("upstream-unreachable", "no connection"));
    });
  }

  #onServer(server: Duplex): void {
    if (this.#isOver) {
      server.destroy();
      return;
    }
    this.#server = server;
    if (this.#isPassedOn) {
      this.#join(server);
      return;
    }
    // Whatever it says first, or that it has nothing to say, is for the child.
    server.on("data", this.#onServerData).once("end", this.#passOn).once("close", this.#onClose);
  }

  readonly #onServerData = (chunk: Buffer): void => {
    this.#server?.pause();
    this.#server?.unshift(chunk);
    this.#passOn();
  };

  #join(server: Duplex): void {
    this.#leave();
    try {
      this.#ways.permit();
    } catch {
      this.#end(refuseUnwritten([]));
      return;
    }
    if (this.#socket.readableEnded) server.write(this.#ahead);
    else this.#putBack();
    joinSockets(this.#socket, server).catch(() => this.#socket.destroy());
  }

  /** For whoever reads the connection from here on. */
  #putBack(): void {
    this.#socket.pause();
    if (this.#ahead.length > 0) this.#socket.unshift(this.#ahead);
  }

  #refuse(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#leave();
    this.#end(refusal);
  }

  /** There is no telling the child in a protocol that nobody knows. */
  #end(refusal: Refusal): void {
    this.#ways.onRefusal(refusal);
    this.#socket.destroy();
    this.#server?.destroy();
  }

  #leave(): void {
    this.#isOver = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#deadline);
    this.#socket.off("data", this.#onData).off("end", this.#passOn).off("close", this.#onClose).off("error", this.#onClose);
    this.#server?.off("data", this.#onServerData).off("end", this.#passOn).off("close", this.#onClose).pause();
  }
}
