// A token endpoint that answers what a test tells it to, over TLS, with a login at it that lies in a vault; and clocks that the test turns.
import { onTestFinished } from "vitest";
import type { Time } from "../../src/agent/time/time.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import type { LivingSource } from "../../src/vault/source.ts";
import { makeVaultHome } from "./home.ts";
import { addLogin } from "./login-secret.ts";
import type { RawServer } from "./raw-server.ts";
import { openRawServer, plainAnswer } from "./raw-server.ts";
import type { Refresher } from "./refresher.ts";
import { openRefresher } from "./refresher.ts";
import { makeTestCa } from "./test-ca.ts";

/** @param refreshToken that it was asked with. @param call from 1. @returns JSON, a whole answer, or nothing at all. */
export type Script = (refreshToken: string, call: number) => object | string | undefined;

export interface ScriptedEndpoint {
  readonly surroundings: Surroundings;
  readonly server: RawServer;
  /** The refresh tokens that it was asked with. */
  readonly asked: readonly string[];
  readonly open: () => Promise<Refresher>;
  readonly now: () => number;
  /** Lets time pass. @param wallSeconds where the wall clock goes another way. */
  readonly pass: (seconds: number, wallSeconds?: number) => void;
}

export async function openScriptedEndpoint(script: Script, changes: Partial<Extract<LivingSource, { readonly kind: "oauth2" }>> = {}): Promise<ScriptedEndpoint> {
  const ca = makeTestCa();
  const asked: string[] = [];
  const server = await openRawServer(ca.identityFor("localhost"), (request, socket) => {
    const refreshToken = new URLSearchParams(request.slice(request.indexOf("\r\n\r\n") + 4)).get("refresh_token") ?? "";
    const answer = script(refreshToken, asked.push(refreshToken));
    if (answer === undefined) socket.destroy();
    return typeof answer === "object" ? plainAnswer(JSON.stringify(answer), "Content-Type: application/json") : answer;
  });
  onTestFinished(() => server.close());
  const tokenEndpoint = `https://localhost:${server.port}/token`;
  const source = { kind: "oauth2", ttl: null, failureTtl: 10, provider: null, issuer: null, tokenEndpoint, revocationEndpoint: null, clientId: "client", clientAuth: { kind: "none" }, scopes: [], parameters: [], ...changes } as const;
  const { surroundings } = await makeVaultHome();
  await addLogin(surroundings, { name: "LOGIN", host: "api.example.com:443", source, sealed: { refreshToken: "rt-0", roots: ca.certificate } });
  const clock = { monotonicMs: 1_000_000, wallMs: Date.now() };
  const time: Time = { now: () => ({ ...clock }), sleep: () => Promise.resolve() };
  return {
    surroundings,
    server,
    asked,
    async open() {
      const refresher = await openRefresher(surroundings, "LOGIN", time);
      onTestFinished(() => { refresher.lock(); });
      return refresher;
    },
    now: () => clock.monotonicMs,
    pass(seconds, wallSeconds = seconds) {
      clock.monotonicMs += seconds * 1000;
      clock.wallMs += wallSeconds * 1000;
    },
  };
}
