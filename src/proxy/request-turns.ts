// The requests of one connection take turns: one that came before the answer to the last was out waits for it (RFC 9112 section 9.3.2). Otherwise requests
// could overtake each other on the way up, and one connection of the child's open thousands to a server.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Exchange } from "./exchange.ts";
import type { Refusal } from "./refusal.ts";

export interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined where the request was answered otherwise. */
  readonly serve: () => Exchange | undefined;
  /** Answers the request, which turned out malformed while it waited, as the last of its connection. */
  readonly decline: (refusal: Refusal) => void;
}

export interface RequestTurns {
  /** Serves a request as soon as those before it on its connection are answered, or never, where one of them ends the connection. */
  enter(turn: Turn): void;
  /** The last request of a connection that has not been answered yet. */
  findUnanswered(socket: Duplex): UnansweredRequest | undefined;
}

export interface UnansweredRequest extends Pick<Turn, "request" | "response"> {
  /** The request turned out malformed. The connection ends with the answer. */
  refuse(refusal: Refusal): void;
}

interface TakenTurn extends UnansweredRequest {
  start(): void;
}

/** Far more than any client sends ahead. Those beyond must come again, on another connection. */
const WAITING_MAX = 100;

export function makeRequestTurns(): RequestTurns {
  /** The first of a line is being served. */
  const lines = new WeakMap<Duplex, TakenTurn[]>();
  const lasts = new WeakMap<Duplex, ServerResponse>();

  const advance = (socket: Duplex): void => {
    const line = lines.get(socket);
    const done = line?.shift();
    if (done?.response.shouldKeepAlive === false || socket.destroyed) lines.delete(socket);
    else line?.[0]?.start();
  };

  return {
    enter(turn) {
      const { socket } = turn.request;
      // Nothing follows an answer that ends the connection: after a request whose framing was in doubt, what looks like the next may be a part of it.
      if (lasts.get(socket)?.shouldKeepAlive === false) {
        socket.pause();
        return;
      }
      lasts.set(socket, turn.response);
      const line = lines.get(socket) ?? [];
      lines.set(socket, line);
      if (line.length >= WAITING_MAX) turn.response.shouldKeepAlive = false;
      const entered = takeTurn(turn);
      line.push(entered);
      turn.response.once("finish", () => {
        advance(socket);
      });
      if (line.length === 1) entered.start();
    },
    findUnanswered(socket) {
      const last = lines.get(socket)?.at(-1);
      return last?.response.writableFinished === true ? undefined : last;
    },
  };
}

function takeTurn(turn: Turn): TakenTurn {
  let exchange: Exchange | undefined;
  let [isStarted, refused]: [boolean, Refusal | undefined] = [false, undefined];
  return {
    request: turn.request,
    response: turn.response,
    start() {
      isStarted = true;
      if (refused === undefined) exchange = turn.serve();
      else turn.decline(refused);
    },
    refuse(refusal) {
      if (isStarted) exchange?.refuse(refusal);
      else refused = refusal;
    },
  };
}
