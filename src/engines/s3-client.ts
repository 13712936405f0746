// Requests to S3 and its like, signed, over verified TLS, each sent once, with answers that are bounded.
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request } from "node:http";
import { PassThrough } from "node:stream";
import { authorizationOf, encode, hashOf, timeOf } from "../aws-signature.ts";
import { VaultError } from "../errors.ts";
import type { Limits } from "./connection.ts";
import { LateAnswer, limitOf, openConnection, within } from "./connection.ts";
import type { KeyCredentials } from "./credentials.ts";
import type { S3Locator } from "./locator.ts";
import { strangeAnswer } from "./s3-refusals.ts";
import { told, unavailable } from "./unavailable.ts";

export interface Ask {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Undefined for the bucket itself. */
  readonly key?: string | undefined;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  /** Nobody waits for it. */
  readonly isIdle?: boolean;
}

export interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/** The question was sent, and no answer came: it may have been done. */
export class LostAnswer extends VaultError {
  readonly isLate: boolean;

  constructor({ code, message, hint }: VaultError, isLate: boolean) {
    super(code, message, hint);
    this.isLate = isLate;
  }
}

/** More than the largest vault. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** Shorter than servers keep a connection that is not used: one that they close as a question comes loses an answer. */
const IDLE_MS = 4_000;
const SOCKETS_MAX = 8;
/** Beside an error, where a stream is wanted and nobody looks at it. */
const NONE = new PassThrough();

export class S3Client {
  readonly #locator: S3Locator;
  readonly #credentials: KeyCredentials;
  readonly #limits: Limits;
  readonly #agent: Agent;
  readonly #host: string;

  constructor(locator: S3Locator, credentials: KeyCredentials, limits: Limits) {
    [this.#locator, this.#credentials, this.#limits] = [locator, credentials, limits];
    const host = locator.isPathStyle ? locator.host : `${locator.bucket}.${locator.host}`;
    const shown = host.includes(":") ? `[${host}]` : host;
    this.#host = locator.port === (locator.isTls ? 443 : 80) ? shown : `${shown}:${locator.port}`;
    this.#agent = new Agent({ keepAlive: true, timeout: IDLE_MS, maxSockets: SOCKETS_MAX });
    // HTTP is spoken over what is opened here, TLS or not.
    this.#agent.createConnection = (_options, done): undefined => {
      openConnection({ where: locator.url, host, port: locator.port, isTls: locator.isTls, ca: locator.ca }, limits, true).then((socket) => done?.(null, socket), (error: unknown) => done?.(error instanceof Error ? error : new Error(), NONE));
      return undefined;
    };
  }

  /**
   * Any answer is one, whatever its status.
   *
   * @throws VaultError `store-unavailable`; as `LostAnswer` where the server may have had the question.
   */
  async ask(ask: Ask): Promise<Answer> {
    const where = this.#locator.url;
    const state: { request: ClientRequest | undefined; isSent: boolean } = { request: undefined, isSent: false };
    try {
      return await within(limitOf(this.#limits, ask.body), ask.isIdle === true, where, new Promise<Answer>((resolve, reject) => {
        const { target, headers } = this.#signed(ask);
        const sent = request({ agent: this.#agent, host: this.#locator.host, method: ask.method, path: target, headers, setHost: false });
        state.request = sent;
        sent.once("socket", (socket) => {
          state.isSent = true;
          socket.unref();
        });
        sent.once("error", reject);
        sent.once("response", (response) => { bodyOf(response).then((body) => { resolve(answerOf(response, body)); }, reject); });
        sent.end(ask.body);
      }));
    } catch (error) {
      state.request?.destroy();
      const plain = error instanceof RangeError || isGarbled(error) ? unavailable(where, strangeAnswer) : told(where, error);
      throw state.isSent ? new LostAnswer(plain, error instanceof LateAnswer) : plain;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #signed({ method, key, query = [], headers = [], body = new Uint8Array() }: Ask): { readonly target: string; readonly headers: Record<string, string> } {
    const { bucket, region, isPathStyle } = this.#locator;
    const { accessKeyId, secretAccessKey, sessionToken } = this.#credentials;
    const parts = [...(isPathStyle ? [bucket] : []), ...(key === undefined ? [] : key.split("/"))];
    const text = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
    const target = `/${parts.map(encode).join("/")}${text === "" ? "" : `?${text}`}`;
    const [time, payload] = [timeOf(Date.now()), hashOf(body)];
    const token: readonly (readonly [string, string])[] = sessionToken === undefined ? [] : [["x-amz-security-token", new TextDecoder().decode(sessionToken.reveal())]];
    const signed = [["host", this.#host], ["x-amz-content-sha256", payload], ["x-amz-date", time], ...token, ...headers] as const;
    const authorization = authorizationOf({ method, target, headers: signed, payload, time, region, service: "s3" }, accessKeyId, new TextDecoder().decode(secretAccessKey.reveal()));
    return { target, headers: { ...Object.fromEntries(signed), authorization, ...(method === "PUT" ? { "content-length": String(body.length) } : {}) } };
  }
}

/** By the codes of Node's parser of HTTP. */
function isGarbled(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("HPE_");
}

async function bodyOf(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new RangeError("an answer beyond all bounds");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answerOf(response: IncomingMessage, body: Uint8Array): Answer {
  return {
    status: response.statusCode ?? 0,
    body,
    header(name) {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
  };
}
