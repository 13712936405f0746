// What goes wrong in a run without a word: a program that breaks off the handshake or speaks HTTP/2 alone, a placeholder that was passed on as text, a secret that nothing asked for. Told when the program has ended.
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import { isBoundTo } from "../../proxy/judge/policy.ts";
import type { Handshake } from "../../proxy/tls/intercept.ts";
import { findAuthority, formatAuthority } from "../../vault/host.ts";
import type { Authority } from "../../vault/host.ts";

export interface QuietTroubles {
  readonly count: (event: ProxyEvent) => void;
  readonly hearHandshake: (outcome: Handshake, authority: Authority) => void;
  /** One line for each, with its cause. @param status the program's. */
  readonly lines: (status: number) => string[];
}

type Inert = Extract<ProxyEvent, { readonly kind: "inert" }>;

/** A program that tries thousands of hosts must not fill the memory, or the terminal. */
const HOSTS_MAX = 100;
const LINES_MAX = 10;
const NAMES_MAX = 5;

const PLACES: Readonly<Record<Inert["spot"], { readonly where: string; readonly flag: string }>> = {
  body: { where: "a body", flag: "--inject body" },
  target: { where: "the path or query of a request", flag: "--inject query:PARAMETER, or path" },
  header: { where: "a header", flag: "--inject header:NAME" },
};

/**
 * @param given the secrets that the program holds placeholders of.
 * @param command what `vault doctor --` is to be asked about.
 * @param isWalled nothing of the program's goes past the proxy.
 */
export function openQuietTroubles(given: readonly Grant[], command: string, isWalled: boolean): QuietTroubles {
  const handshakes = new Map<string, Record<Handshake, number>>();
  const inert = new Set<string>();
  const asked = new Set<string>();

  const countInert = ({ authority: text, secrets, spot }: Inert): void => {
    const authority = findAuthority(text);
    for (const name of secrets) {
      asked.add(name);
      const grant = given.find((one) => one.name === name);
      // Elsewhere it is a word in a text: an agent's transcript, say.
      if (grant === undefined || authority === undefined || !isBoundTo(grant, authority)) continue;
      const { where, flag } = PLACES[spot];
      if (inert.size < HOSTS_MAX) inert.add(`${name} stood in ${where} sent to ${hostOf(authority)} and was not put in there: vault secrets update ${name} ${flag}`);
    }
  };

  return {
    count(event) {
      if (event.kind === "inert") countInert(event);
      else if (event.kind === "substituted" || event.kind === "refused") for (const name of event.secrets) asked.add(name);
    },
    hearHandshake(outcome, authority) {
      const host = hostOf(authority);
      const known = handshakes.get(host) ?? { completed: 0, "broken-off": 0, "no-http1": 0 };
      known[outcome] += 1;
      if (handshakes.has(host) || handshakes.size < HOSTS_MAX) handshakes.set(host, known);
    },
    lines(status) {
      const greetings = [...handshakes].flatMap(([host, seen]) => tellGreetings(host, seen, command));
      const unasked = given.map(({ name }) => name).filter((name) => !asked.has(name));
      const all = [...greetings, ...inert, ...(status === 0 || unasked.length === 0 || greetings.length > 0 ? [] : [tellUnasked(unasked, command, isWalled)])];
      return all.length <= LINES_MAX ? all : [...all.slice(0, LINES_MAX), `and ${all.length - LINES_MAX} more of their kind`];
    },
  };
}

/** Whoever breaks off some and completes others has its reasons. */
function tellGreetings(host: string, seen: Readonly<Record<Handshake, number>>, command: string): string[] {
  if (seen.completed > 0) return [];
  const told: string[] = [];
  if (seen["broken-off"] > 0) told.push(`${host}: ${count(seen["broken-off"], "connection")} broken off in TLS: the program does not trust the run's CA (vault doctor -- ${command})`);
  if (seen["no-http1"] > 0) told.push(`${host}: ${count(seen["no-http1"], "connection")} for HTTP/2 alone, as gRPC is: a host that takes secrets is spoken to by HTTP/1.1; have the client use its HTTP or REST transport`);
  return told;
}

/** Only where the program failed: many are given secrets that one task does not need. */
function tellUnasked(names: readonly string[], command: string, isWalled: boolean): string {
  const shown = names.slice(0, NAMES_MAX).join(", ") + (names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "");
  const what = `${shown} ${names.length === 1 ? "was" : "were"} given and no request with ${names.length === 1 ? "it" : "them"} came`;
  return isWalled ? `${what}; behind the wall none goes past the proxy` : `${what}: the program may go past the proxy (vault doctor -- ${command})`;
}

/** Without the port that everybody expects. */
function hostOf(authority: Authority): string {
  return authority.port === 443 ? authority.host : formatAuthority(authority);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
