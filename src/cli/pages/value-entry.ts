// Takes one value from a page on this machine: a server on loopback that lives until it has it, or for two minutes.
import type { IncomingMessage, ServerResponse } from "node:http";
import { VaultError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { SecretMetadata } from "../../vault/record.ts";
import { openLoopbackPage } from "./loopback-page.ts";
import { answerPage } from "./page-answer.ts";
import { VALUE_PAGE, VALUE_PAGE_POLICY } from "./value-page.ts";
import { judgeRequest } from "./value-request.ts";

const ENTRY_MS = 2 * 60 * 1000;

/** What the user is shown of the secret. */
export type EntryDetails = Pick<SecretMetadata, "name" | "service" | "hosts" | "places">;

export interface ValueEntry {
  /** With the token in its fragment, which browsers send to nobody. */
  readonly url: string;
  /** Rejects with a VaultError `usage` when the time is over, or the entry is closed. */
  readonly value: Promise<Secret>;
  readonly close: () => void;
}

/** Whoever opened it closes it. @throws VaultError `io` where no port can be had. */
export async function openValueEntry(details: EntryDetails, entryMs: number = ENTRY_MS): Promise<ValueEntry> {
  const { promise, resolve, reject } = withResolvers<Secret>();
  let isTaken = false;
  const page = await openLoopbackPage((request, response, terms) => {
    const verdict = judgeRequest(request, terms);
    switch (verdict.kind) {
      case "refused":
        request.resume();
        end(response, verdict.status);
        return;
      case "page":
        end(response, 200, VALUE_PAGE, { "content-type": "text/html; charset=utf-8" });
        return;
      case "details":
        end(response, 200, JSON.stringify(describe(details)), { "content-type": "application/json" });
        return;
      case "value":
        readBody(request, verdict.length).then((value) => {
          if (value === undefined || isTaken) {
            value?.wipe();
            end(response, isTaken ? 410 : 400);
            return;
          }
          isTaken = true;
          // The page hears of it before the server is gone.
          response.once("close", () => { resolve(value); });
          end(response, 200);
        }, () => { response.destroy(); });
    }
  }, "enter the value in the terminal: leave out --browser");
  const timer = setTimeout(() => { reject(new VaultError("usage", `no value was entered in ${Math.round(entryMs / 1000)} seconds`, "start the command again")); }, entryMs);
  const close = (): void => {
    clearTimeout(timer);
    page.close();
    reject(new VaultError("usage", "nothing was entered", "type it again, or give the value another way: --from-file FILE"));
  };
  // Who closes it without waiting has heard enough.
  promise.catch(() => undefined);
  return { url: page.url, value: promise, close };
}

function describe({ name, service, hosts, places }: EntryDetails): Record<string, string> {
  return { name, service: service ?? "none", hosts: hosts.length === 0 ? "no host yet: it is refused everywhere until it is bound to one" : hosts.join(" "), places: places.join(", ") };
}

function end(response: ServerResponse, status: number, body = "", headers: Readonly<Record<string, string>> = {}): void {
  answerPage(response, VALUE_PAGE_POLICY, status, body, { ...headers, connection: "close" });
}

/** @returns undefined where fewer bytes came than were announced. The chunks are wiped; what the parser kept of them is out of reach. */
async function readBody(request: IncomingMessage, length: number): Promise<Secret | undefined> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    // Node's parser holds the body to its Content-Length.
    bytes.set(chunk, at);
    at += chunk.length;
    chunk.fill(0);
  }
  return at === length ? new Secret(bytes) : undefined;
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void; readonly reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
