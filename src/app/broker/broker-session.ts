// One session of a broker: the proxy of a run whose program is on another machine. It opens what a run beside it would open, and hands out names, placeholders and a root.
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Arrival } from "../../broker/front.ts";
import type { LentSecret, SessionAnswer, SessionOrder } from "../../broker/order.ts";
import type { AuditEvent } from "../../audit/entry.ts";
import { LEFT } from "../../audit/runs.ts";
import { utf8, wipe } from "../../bytes.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { parseRunFile } from "../../project/run-file.ts";
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import type { HandedProxy } from "../../proxy/server.ts";
import { openProxy } from "../../proxy/server.ts";
import type { UpstreamTrust } from "../../proxy/tls/upstream-trust.ts";
import { statusOf } from "../../run/child/exit-outcome.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import { Secret } from "../../secret.ts";
import { formatHostBinding } from "../../vault/host.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { nextProxyFinder } from "../runs/next-proxies.ts";
import { openQuietTroubles } from "../runs/quiet-troubles.ts";
import { formatLine } from "../runs/run-log.ts";
import { openRefusalNotes } from "../runs/refusal-notes.ts";
import type { NamedGrant } from "../runs/child-environment.ts";
import { openGrants } from "../runs/run-grants.ts";
import type { RunOptions } from "../runs/run-options.ts";
import { openRunRecorder } from "../runs/run-recorder.ts";
import { openRunSummary } from "../runs/run-summary.ts";
import type { RunTrail } from "../runs/run-trail.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { Surroundings } from "../surroundings.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SharedPart, SharedVault } from "./brokered-vault.ts";

export interface BrokerSession {
  readonly id: string;
  readonly did: DidKey;
  readonly answer: SessionAnswer;
  /** Where other brokers may serve it too. */
  readonly shared: Pick<SharedPart, "holdLine" | "isKeptElsewhere"> | undefined;
  /** Whether it may not go on: its identity was revoked, or the vault was locked. */
  isOver(): boolean;
  admit(socket: Socket, arrival: Arrival): void;
  /** A line of the run's own log for each thing that the proxy does from now on, where the order asked for that. @returns what stops it. */
  follow(hear: (line: string) => void): () => void;
  /** Ends every connection, and writes the end. @returns what the person who started the run is told. Safe to call twice. */
  end(outcome: SessionEnd): Promise<readonly string[]>;
}

/** `left`: other brokers go on with it, or have ended it. */
export type SessionEnd = ExitOutcome | { readonly kind: "abandoned" | "revoked" | "left" };

export interface SessionTerms {
  /** Of the vault's owner: nobody types anything in it. */
  readonly surroundings: Surroundings;
  /** Tells one state of the vault from another. */
  readonly look: VaultLook;
  readonly watch: LockWatch;
  /** Made once for all sessions: of each one's own, the making alone would hold up all others. */
  readonly roots: UpstreamTrust;
  readonly did: DidKey;
  readonly handle: string;
  readonly viewpoint: Viewpoint;
  /** Cheap: whether the identity may not go on. */
  readonly isRevoked: () => boolean;
  /** Where the vault is on a store, which other brokers may serve. */
  readonly shared: SharedVault | undefined;
}

/** What another broker has begun. */
export interface BegunSession {
  readonly id: string;
  readonly record: SessionRecord;
}

/** @throws VaultError as a run beside it would before its program starts. */
export async function openBrokerSession({ surroundings, look, watch, roots, did, handle, viewpoint, isRevoked, shared }: SessionTerms, order: SessionOrder, joined?: BegunSession): Promise<BrokerSession> {
  const watches = { lock: watch, look, seenAtStart: look() };
  const options = optionsOf(order, viewpoint);
  const id = joined?.id ?? randomBytes(16).toString("hex");
  const origin = { told: { session: id, identity: did, handle }, broker: shared?.broker, begun: joined?.record.begun, isHere: false };
  const { grants, gate, wishes, begun, isStray, trail, endLiving, key } = await withOpenVault(surroundings, async (vault) => ({
    // Only whoever makes a record needs it.
    key: shared === undefined || joined !== undefined ? undefined : vault.keys.sessions.slice(),
    ...(await openGrants(surroundings, vault, options, watches, origin)),
  }));
  const notes = openRefusalNotes();
  const summary = order.isSummed ? openRunSummary() : undefined;
  const troubles = openQuietTroubles(grants.flatMap(({ variable, grant }) => (variable === undefined ? [] : [grant])), order.program, order.isWalled);
  const followers = new Set<(line: string) => void>();
  const hear = (event: ProxyEvent): void => {
    notes.hear(event);
    troubles.count(event);
  };
  const tell = (event: ProxyEvent): void => {
    summary?.count(event);
    if (followers.size === 0) return;
    const line = formatLine(event, surroundings.now());
    for (const follower of followers) follower(line);
  };
  const part = shared?.attach(id);
  let proxy: HandedProxy | undefined;
  try {
    proxy = await openProxy({
      grants: grants.map(withoutHidden), gate, hearWish: wishes.hear, isStray, denyUnmatched: options.denyUnmatched || options.project?.denyUnmatched === true, strict: options.strict || options.project?.strict === true,
      roots, ...openRunRecorder(trail, hear, order.isLogged || order.isSummed ? tell : undefined), isRevoked: () => watch.isRevoked() || isRevoked(), hearHandshake: troubles.hearHandshake, findNextProxy: nextProxyFinder(surroundings.variables), isElsewhere: true, listens: false,
      ...(joined === undefined ? {} : { kept: joined.record.proxy }),
    });
    if (shared !== undefined && key !== undefined) await tellOthers(shared, id, { did, viewpoint, order, begun, proxy: proxy.keep() }, key);
  } catch (error) {
    gate?.close();
    wishes.close();
    part?.detach();
    await proxy?.close();
    await trail.close(joined === undefined ? { kind: "run.end", outcome: { kind: "not-started" } } : { kind: LEFT });
    throw error;
  } finally {
    wipe(key);
    joined?.record.proxy.ca.key.wipe();
  }
  const served = proxy;
  let ended: Promise<readonly string[]> | undefined;
  const end: BrokerSession["end"] = async (outcome) => {
    followers.clear();
    await served.close();
    gate?.close();
    wishes.close();
    const status = isExit(outcome) ? statusOf(outcome) : 0;
    const lines = [...(summary?.lines() ?? notes.lines()), ...endLiving(), ...troubles.lines(status)];
    for (const { grant } of grants) grant.value.wipe();
    part?.detach();
    let hasOthers = joined !== undefined;
    if (shared === undefined) await trail.close({ kind: "run.end", outcome });
    else await closeShared(trail, outcome, begun.run, joined !== undefined, () => {
      // Of one that has joined just now this broker hears with the log's end, to which it writes, and not before.
      hasOthers ||= shared.hasJoins(id);
      return shared.isOver(id, true);
    });
    if (outcome.kind !== "left") await part?.remove();
    return hasOthers ? [...lines, ...tellOfOthers(order)] : lines;
  };
  return {
    id,
    did,
    isOver: () => watch.isRevoked() || isRevoked() || shared?.isOver(id) === true,
    answer: { session: id, token: served.token, caCertificate: served.caCertificate, secrets: grants.flatMap(lend) },
    shared: part,
    admit: (socket, arrival) => { served.admit(socket, arrival); },
    follow(follower) {
      followers.add(follower);
      return () => { followers.delete(follower); };
    },
    end: (outcome) => (ended ??= end(outcome)),
  };
}

/** To whoever wants to hear what was done: that this broker's part is not all. */
export function tellOfOthers({ isSummed, isLogged }: Pick<SessionOrder, "isSummed" | "isLogged">): string[] {
  return isSummed || isLogged ? ["other brokers have served this run too: what they did is told in the vault's audit log, and not here"] : [];
}

async function tellOthers(shared: SharedVault, id: string, record: SessionRecord, key: Uint8Array): Promise<void> {
  try {
    await shared.tell(id, record, key);
  } finally {
    record.proxy.ca.key.wipe();
  }
}

/** The run's end is told once, by whichever broker is first; that of a broker's own log, by itself. */
async function closeShared(trail: RunTrail, outcome: SessionEnd, run: string, isJoined: boolean, isOver: () => boolean): Promise<void> {
  const choose = (): AuditEvent | undefined => (outcome.kind === "left" || isOver() ? undefined : { kind: "run.end", outcome });
  if (isJoined) await trail.append(() => { const end = choose(); return end && { ...end, run }; });
  await trail.close(isJoined ? { kind: LEFT } : () => choose() ?? { kind: LEFT });
}

function isExit(outcome: SessionEnd): outcome is ExitOutcome {
  return !["abandoned", "revoked", "left"].includes(outcome.kind);
}

function optionsOf(order: SessionOrder, viewpoint: Viewpoint): RunOptions {
  const { program, selections, project, denyUnmatched, strict, freshPlaceholders } = order;
  return {
    command: program, args: [], viewpoint, selections, denyUnmatched, strict, freshPlaceholders,
    narrowing: order.rules === undefined && order.presets === undefined ? undefined : { rules: order.rules, presets: order.presets ?? [] },
    project: project === undefined ? undefined : parseRunFile(utf8(project)),
    requirePerson: () => Promise.resolve(), isWatched: false, upstreamRoots: [],
    ...(order.isWalled ? { wall: { writable: [], asked: [], published: [], hostPorts: [] } } : {}),
  };
}

/** Of what the project's file leaves out, not even the name. */
function lend({ variable, grant }: NamedGrant): readonly LentSecret[] {
  if (variable === undefined) return [];
  const { name, placeholder, bindings, places, signs, tokenEndpoint } = grant;
  return [{ variable, name, placeholder, hosts: bindings.map(formatHostBinding), places, serves: signs ?? (tokenEndpoint === undefined ? undefined : "google") }];
}

/** As in a run beside it: the value of what no variable holds does not enter the proxy. */
function withoutHidden({ variable, grant }: NamedGrant): NamedGrant["grant"] {
  return variable === undefined ? { ...grant, value: Secret.fromText(""), living: undefined } : grant;
}
