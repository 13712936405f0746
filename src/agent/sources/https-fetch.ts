// One question to an authorization server over HTTPS, as `oauth4webapi` asks it (`customFetch`): no redirect is followed, so many bytes, so much time.
import { request } from "node:https";
import { rootCertificates } from "node:tls";
import { SourceFailure } from "./source-maker.ts";

/** The longest answer: key sets and metadata have a few thousand bytes. */
const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_MS = 20_000;

export interface FetchLimits {
  /** PEM of certificates that are trusted besides those that came with this Node. */
  readonly roots: string | null;
  readonly signal: AbortSignal;
  readonly answerMs?: number;
}

/** What is asked: the part of `fetch`'s options that `oauth4webapi` uses. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Statuses that `Response` takes no body with. */
const WITHOUT_BODY = [101, 103, 204, 205, 304];

/**
 * A `fetch` with these limits. It goes straight to the server: an agent has no environment that could name a proxy.
 *
 * @throws SourceFailure `unreachable` where nothing was sent; `cut-off`, `timed-out`, `too-long`, `stopped`, `bad-answer`, after which nobody knows what the server has done.
 */
export function limitedFetch({ roots, signal, answerMs = ANSWER_MS }: FetchLimits): (url: string, question?: Question) => Promise<Response> {
  return (address, { method = "GET", headers = {}, body } = {}) => {
    const url = new URL(address);
    if (url.protocol !== "https:") throw new SourceFailure({ reason: "unreachable", said: "no https address" });
    // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect them as garbage while the request waits, and then nothing ends it.
    const limit = new AbortController();
    const giveUp = (): void => { limit.abort(); };
    const timer = setTimeout(giveUp, answerMs);
    signal.addEventListener("abort", giveUp);
    return new Promise<Response>((resolve, reject) => {
      let isSent = false;
      const fail = (error: unknown): void => { reject(error instanceof SourceFailure ? error : describe(error, isSent, signal, limit.signal)); };
      if (signal.aborted) {
        fail(undefined);
        return;
      }
      // Node's own switch that turns the check of certificates off is not listened to, and neither are those that add roots to its own
      // (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE): whoever wrote the tree that somebody logs in from may have set them.
      const asked = request(url, { method, headers, agent: false, signal: limit.signal, rejectUnauthorized: true, ca: roots === null ? [...rootCertificates] : [...rootCertificates, roots] });
      asked.on("socket", (socket) => socket.once("secureConnect", () => { isSent = true; }));
      asked.on("error", fail);
      asked.on("response", (answer) => {
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on("data", (chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length <= ANSWER_BYTES_MAX) return;
          fail(new SourceFailure({ reason: "too-long", said: "" }));
          asked.destroy();
        });
        answer.on("error", fail);
        answer.on("aborted", () => { fail(undefined); });
        answer.on("end", () => {
          const status = answer.statusCode ?? 0;
          if (status < 200 || status > 599) fail(new SourceFailure({ reason: "bad-answer", status, said: "" }));
          else resolve(new Response(WITHOUT_BODY.includes(status) ? null : Buffer.concat(chunks), { status, headers: headersOf(answer.rawHeaders) }));
        });
      });
      asked.end(textOf(body));
    }).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    });
  };
}

function textOf(body: unknown): string {
  return typeof body === "string" || body instanceof URLSearchParams ? body.toString() : "";
}

function headersOf(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : []));
}

/** Of an error its code alone: what it says may quote what was sent. */
function describe(error: unknown, isSent: boolean, signal: AbortSignal, limit: AbortSignal): SourceFailure {
  if (signal.aborted) return new SourceFailure({ reason: "stopped", said: "" });
  if (limit.aborted) return new SourceFailure({ reason: "timed-out", said: "" });
  return new SourceFailure({ reason: isSent ? "cut-off" : "unreachable", said: error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "" });
}
