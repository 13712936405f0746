// One broker asked by itself, past the name that it shares with others.
import { request } from "node:http";
import type { IdentityKey } from "../../src/identity/identity-key.ts";
import { makeProof } from "../../src/identity/proof.ts";
import { survive } from "./raw-sockets.ts";

export interface AskedBroker {
  readonly status: number;
  readonly body: string;
  /** What has proven it, to be shown again. */
  readonly authorization: string;
}

export interface Question {
  readonly port: number;
  readonly audience: string;
  readonly key: IdentityKey;
  readonly method: "GET" | "POST" | "DELETE";
  readonly target: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of one that is made for it. */
  readonly authorization?: string;
}

/** A connection that it takes over is ended at once. */
export async function askBroker({ port, audience, key, method, target, body = new Uint8Array(), headers = {}, authorization }: Question): Promise<AskedBroker> {
  const nonce = (await fetch(`http://127.0.0.1:${port}/health`)).headers.get("vault-nonce") ?? "";
  const proof = authorization ?? makeProof(key, { audience, method, target, body, nonce }, Date.now());
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, method, path: target, headers: { ...headers, Authorization: proof, ...(body.length === 0 ? {} : { "Content-Length": body.length }) }, agent: false });
    asking.once("error", reject);
    asking.once("upgrade", (_response, socket) => {
      survive(socket).destroy();
      resolve({ status: 101, body: "", authorization: proof });
    });
    asking.once("response", (response) => {
      let text = "";
      response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => { resolve({ status: response.statusCode ?? 0, body: text, authorization: proof }); });
    });
    asking.end(body);
  });
}
