// From what was seen of a probe to what is said about it. Pure.
import type { Handshake } from "../../proxy/tls/intercept.ts";
import type { RefusalCode } from "../../proxy/grants/refusal.ts";
import type { ProbeOutcome } from "../../run/probe/probe.ts";
import type { Way } from "../../run/probe/probe-programs.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem } from "./finding.ts";

/** At the proxy and behind it, while one probe ran. */
export interface Sightings {
  readonly handshakes: readonly Handshake[];
  readonly refusals: readonly RefusalCode[];
  /** That reached the server. */
  readonly requests: number;
  /** That came with the value in the placeholder's stead. */
  readonly credentials: number;
}

/** @param subject as in "node, by fetch". @returns undefined where there was nothing to try. */
export function judgeProbe(subject: string, way: Pick<Way, "tellsStart" | "isLibrary" | "fixes">, outcome: ProbeOutcome, seen: Sightings): Finding | undefined {
  if (outcome.kind === "absent") return undefined;
  if (outcome.kind === "not-started") return note("requests", `${subject}: could not be tried (${outcome.reason})`);
  const said = outcome.said === "" ? "" : `; it said: ${outcome.said}`;
  const fail = (message: string, fix: string): Finding => (way.isLibrary === true ? note("requests", `${message}; this counts where the program uses it`, fix) : problem("requests", "usage", message, fix));
  if (seen.credentials > 0) return ok("requests", `${subject}: arrives at the proxy, trusts its certificate, and gets a secret put in`);
  if (seen.requests > 0) return fail(`${subject}: arrives at the proxy and trusts its certificate, but sent no credential that one could be put into${said}`, "send the placeholder as it is, in a header such as Authorization");
  if (seen.handshakes.includes("broken-off")) return fail(`${subject}: arrives at the proxy, and does not trust its certificate${said}`, way.fixes.trust);
  if (seen.handshakes.includes("no-http1")) return fail(`${subject}: arrives at the proxy, and speaks HTTP/2 alone${said}`, "have it speak HTTP/1.1");
  if (seen.refusals.includes("proxy-auth")) return fail(`${subject}: arrives at the proxy without its password, and is not let in${said}`, way.fixes.password);
  const [refusal] = seen.refusals;
  if (refusal !== undefined) return fail(`${subject}: arrives at the proxy, which refuses what it sends (${refusal})${said}`, way.fixes.proxy);
  if (seen.handshakes.length > 0) return note("requests", `${subject}: arrives at the proxy and trusts its certificate, but made no request${said}`);
  if (way.tellsStart && !outcome.toldStart) return note("requests", `${subject}: could not be tried${said}`);
  return fail(`${subject}: goes past the proxy; a host would get the placeholder, and refuse it${said}`, way.fixes.proxy);
}
