// Where the provider sends the browser back to (RFC 8252, section 7.3): a server on loopback that takes one answer. It lives as long as the login.
import { randomBytes } from "node:crypto";
import type { Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Arrival, LoginOutcome, Redirect, RedirectWish } from "../../app/logins/login-person.ts";
import { listenErrorCode, VaultError } from "../../errors.ts";
import { REDIRECT_PATH } from "../../providers/redirect.ts";
import { answerPage } from "./page-answer.ts";
import { REDIRECT_PAGE_POLICY, redirectPage } from "./redirect-page.ts";
import { judgeRedirect, START_PATH } from "./redirect-request.ts";

/** Somebody looks for a password and a second factor. */
const LOGIN_MS = 10 * 60 * 1000;
/** From the start on, no answer counts before this: a browser takes a while, and another program that has the link may be there first. */
const SECOND_READER_MS = 5000;
/** A request that drips in must not keep others out. */
const REQUEST_MS = 10 * 1000;
/** An answer carries a code and a state, and some providers' codes are long. */
const HEAD_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 16;
/** Of a port that is free at one address, the other may be somebody's. */
const ATTEMPTS_MAX = 8;

const PAGE = { "content-type": "text/html; charset=utf-8" };
const OPENED_TWICE = "the link that starts the login was opened twice: perhaps by another program";

export interface RedirectTimes {
  readonly loginMs?: number;
  readonly secondReaderMs?: number;
}

/** Whoever opened it closes it. @throws VaultError `busy` where another program has the port, `usage` where this user cannot have it; `io`. */
export async function openRedirect({ state, host, port }: RedirectWish, { loginMs = LOGIN_MS, secondReaderMs = SECOND_READER_MS }: RedirectTimes = {}): Promise<Redirect> {
  const startToken = randomBytes(32).toString("base64url");
  let settle: { readonly resolve: (arrival: Arrival) => void; readonly reject: (error: VaultError) => void } = { resolve: () => undefined, reject: () => undefined };
  const arrival = new Promise<Arrival>((resolve, reject) => { settle = { resolve, reject }; });
  // Who closes it without waiting has heard enough.
  arrival.catch(() => undefined);
  let authority = "";
  let leadsTo: string | undefined;
  let startedMs: number | undefined;
  let isTaken = false;
  let held: NodeJS.Timeout | undefined;
  const makeServer = (): Server => createServer({ maxHeaderSize: HEAD_BYTES_MAX, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 1000 }, (request, response) => {
    request.resume();
    const verdict = judgeRedirect(request, { authority, state, startToken });
    switch (verdict.kind) {
      case "refused":
        end(response, verdict.status);
        return;
      case "start":
        if (startedMs === undefined && leadsTo !== undefined && !isTaken) {
          startedMs = performance.now();
          end(response, 302, "", { location: leadsTo });
          return;
        }
        // Other programs can read it where it was handed to the browser. One that was here first could log in as somebody else: then this login is over.
        if (startedMs !== undefined) settle.reject(new VaultError("no-value", OPENED_TWICE, "start the command again"));
        end(response, 410, redirectPage({ kind: "failed", reason: OPENED_TWICE }), PAGE);
        return;
      case "arrival":
        if (isTaken) {
          end(response, 410);
          return;
        }
        isTaken = true;
        held = setTimeout(settle.resolve, startedMs === undefined ? 0 : startedMs + secondReaderMs - performance.now(), {
          parameters: verdict.parameters,
          tell: (outcome: LoginOutcome) => new Promise<void>((told) => {
            response.once("close", told);
            end(response, 200, redirectPage(outcome), PAGE);
            if (response.destroyed) told();
          }),
        });
    }
  });
  const servers = await listenAt(host, port, makeServer);
  authority = `${host}:${portOf(servers)}`;
  const timer = setTimeout(() => { settle.reject(new VaultError("no-value", `nobody has logged in within ${Math.round(loginMs / 60_000)} minutes`, "start the command again")); }, loginMs);
  return {
    uri: `http://${authority}${REDIRECT_PATH}`,
    lead(to) {
      leadsTo = to;
      return `http://${authority}${START_PATH}${startToken}`;
    },
    arrival,
    close() {
      clearTimeout(timer);
      clearTimeout(held);
      closeAll(servers);
      settle.reject(new VaultError("no-value", "the login was given up"));
    },
  };
}

/** A browser that is sent to `localhost` may take either of its two addresses: who waits at the other one would have the code and the state. So both are had, or none. @throws VaultError `io`. */
async function listenAt(host: RedirectWish["host"], port: number | undefined, makeServer: () => Server): Promise<readonly Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const servers: Server[] = [];
    try {
      servers.push(await listen(makeServer(), "127.0.0.1", port ?? 0));
      if (host === "localhost") servers.push(...(await listenUnlessMissing(makeServer(), "::1", portOf(servers))));
      return servers;
    } catch (error) {
      closeAll(servers);
      if (port === undefined && attempt < ATTEMPTS_MAX) continue;
      throw new VaultError(port === undefined ? "io" : listenErrorCode(error), port === undefined ? "no port of this machine can be had for the login" : `port ${port} of this machine cannot be had for the login`, "end the program that has it, or log in with --device where the provider has that");
    }
  }
}

/** None on a machine without that address. */
function listenUnlessMissing(server: Server, address: string, port: number): Promise<readonly Server[]> {
  return listen(server, address, port).then((listening) => [listening], (error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT")) return [];
    throw error;
  });
}

function listen(server: Server, address: string, port: number): Promise<Server> {
  server.maxConnections = CONNECTIONS_MAX;
  server.on("clientError", (_error, socket) => { socket.destroy(); });
  return new Promise((ready, fail) => {
    server.once("error", fail);
    server.listen({ port, host: address, exclusive: true }, () => { ready(server); });
  });
}

function portOf([server]: readonly Server[]): number {
  const address = server?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
}

function end(response: ServerResponse, status: number, body = "", headers: Readonly<Record<string, string>> = {}): void {
  answerPage(response, REDIRECT_PAGE_POLICY, status, body, { ...headers, connection: "close" });
}
