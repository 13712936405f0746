// A proxy over loopback for one test: grants, an audit log in memory, names that all lead to 127.0.0.1.
import type { ProxyEvent } from "../../src/proxy/grants/event.ts";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { mintForTrial } from "../../src/proxy/places/placeholder.ts";
import type { ProxyOptions } from "../../src/proxy/proxy-options.ts";
import type { Proxy } from "../../src/proxy/server.ts";
import { openProxy } from "../../src/proxy/server.ts";
import { Secret } from "../../src/secret.ts";
import { parseHostBinding } from "../../src/vault/host.ts";
import { putBehindBroker, THROUGH_BROKER } from "./through-broker.ts";

export const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";

export function makeGrant(name: string, hosts: readonly string[], options: Partial<Omit<Grant, "value" | "bindings">> & { readonly value?: string } = {}): Grant {
  const { value = VALUE, ...rest } = options;
  return { name, placeholder: mintForTrial(), value: Secret.fromText(value), bindings: hosts.map(parseHostBinding), places: ["basic", "header"], allowPrivate: true, ...rest };
}

export interface TestRun {
  readonly proxy: Proxy;
  readonly events: readonly ProxyEvent[];
}

/** What a run is opened with where a test asks for nothing else. @param events takes what is entered into its log. */
export function termsOf(grants: readonly Grant[], events: ProxyEvent[]): ProxyOptions {
  return {
    grants,
    denyUnmatched: false,
    strict: false,
    roots: [],
    enter: (event) => { events.push(event); },
    flush: () => undefined,
    isRevoked: () => false,
    resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
  };
}

export async function openTestRun(grants: readonly Grant[], options: Partial<ProxyOptions> = {}): Promise<TestRun> {
  const events: ProxyEvent[] = [];
  const terms = { ...termsOf(grants, events), ...options };
  // Of its own network a broker reaches nothing but what is bound. The servers of these tests are on this very machine and stand for public ones, so that rule is judged where a test asks for it.
  const proxy = THROUGH_BROKER ? await putBehindBroker(await openProxy({ ...terms, listens: false })) : await openProxy(terms);
  return { proxy, events };
}
