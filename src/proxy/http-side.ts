// The HTTP/1.1 server towards the child: one set of limits and one way to answer what the parser refuses, for the proxy's port and for intercepted connections alike.
import type { IncomingMessage, Server } from "node:http";
import { createServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { systemErrorCode } from "../errors.ts";
import { closeGently, endGently } from "./connection-end.ts";
import type { Exchange, Expectation } from "./exchange.ts";
import { answerRefusal, writeRefusal } from "./refusal-answer.ts";
import type { Refusal } from "./refusal.ts";
import { makeRefusal } from "./refusal.ts";
import { makeRequestTurns } from "./request-turns.ts";

export interface HttpSideOptions {
  /** How long a request's head may take. */
  readonly headMs: number;
  /** Undefined where the request was answered otherwise. */
  readonly serve: (request: IncomingMessage, response: ServerResponse, expectation: Expectation) => Exchange | undefined;
  /** Whether requests to change the protocol are served. Otherwise the wish is left out of account, and the request answered. */
  readonly servesSwitches: boolean;
  /** Tells the audit log of a request that never became one, and returns its id. */
  readonly onMalformed: (refusal: Refusal, socket: Duplex) => string;
}

const HEADER_BYTES_MAX = 65_536;
/** Clients' pools keep connections for a minute or two; whoever closes first loses the race with the next request. */
const KEEP_ALIVE_MS = 130_000;
const CHECK_INTERVAL_MS = 1_000;

export function makeHttpSide({ headMs, serve, servesSwitches, onMalformed }: HttpSideOptions): Server {
  const turns = makeRequestTurns();
  const server = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: headMs,
    // Uploads take as long as they take; one that stands still is ended by its exchange.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, headMs),
    insecureHTTPParser: false,
    joinDuplicateHeaders: false,
    // A missing Host gets the same answer as a bad one (`request-head.ts`).
    requireHostHeader: false,
    noDelay: true,
  });
  // Node's count limit drops what is beyond without a word; ours refuses. The size limit above bounds both.
  server.maxHeadersCount = 0;
  const onRequest = (request: IncomingMessage, response: ServerResponse, expectation: Expectation): void => {
    turns.enter({
      request,
      response,
      serve: () => serve(request, response, expectation),
      decline: (refusal) => {
        answerRefusal(response, refusal, onMalformed(refusal, request.socket), true);
      },
    });
  };
  server.on("connection", closeGently);
  server.on("request", (request, response) => {
    onRequest(request, response, "answer");
  });
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request, response, "continue");
  });
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request, response, "unknown");
  });
  if (servesSwitches) {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, early: Buffer) => {
      // The answer to an earlier request is still on its way, and Node has let go of the connection already.
      if (turns.findUnanswered(socket) !== undefined) {
        socket.destroy();
        return;
      }
      if (early.length > 0) socket.unshift(early);
      onRequest(request, openResponse(request), "switch");
    });
  }
  server.on("clientError", (error: Error, socket: Duplex) => {
    // The parser complains again about whatever comes while the connection is being closed.
    if (!socket.writable) return;
    const refusal = refusalFor(error);
    const unanswered = turns.findUnanswered(socket);
    if (refusal === undefined) socket.destroy();
    else if (unanswered === undefined) writeRefusal(socket, refusal, onMalformed(refusal, socket));
    else if (!unanswered.request.complete) unanswered.refuse(refusal);
    else if (unanswered.response.shouldKeepAlive) {
      // What follows a good request is malformed: its own answer comes first. Where that ends the connection, nothing follows.
      unanswered.response.once("finish", () => {
        writeRefusal(socket, refusal, onMalformed(refusal, socket));
      });
    }
  });
  return server;
}

/** A response on a connection that Node's server has let go of, for the case that the protocol stays HTTP. The connection ends with it. */
function openResponse(request: IncomingMessage): ServerResponse {
  const { socket } = request;
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  const onDrain = (): void => {
    response.emit("drain");
  };
  // Nobody reads meanwhile, and who does not read does not hear of the end. This takes no byte away.
  const onReadable = (): void => {
    socket.read(0);
  };
  const onEnd = (): void => {
    socket.destroy();
  };
  socket.on("drain", onDrain).on("readable", onReadable).on("end", onEnd);
  const letGo = (): void => {
    socket.off("drain", onDrain).off("readable", onReadable).off("end", onEnd);
  };
  response.once("finish", () => {
    letGo();
    endGently(socket);
  });
  response.once("close", letGo);
  return response;
}

/** Undefined where the connection broke, and nobody is there to be told. */
function refusalFor(error: Error): Refusal | undefined {
  const code = systemErrorCode(error) ?? "";
  if (code === "HPE_HEADER_OVERFLOW") return makeRefusal("header-limit", `a request's head may have ${HEADER_BYTES_MAX} bytes at most`);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return makeRefusal("timeout", "the request's head took too long");
  return code.startsWith("HPE_") ? makeRefusal("bad-request", `the request is not valid HTTP/1.1 (${code})`) : undefined;
}
