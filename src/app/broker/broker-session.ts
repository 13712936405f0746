// One session of a broker: the proxy of a run whose program is on another machine. It opens what a run beside it would open, and hands out names, placeholders and a root.
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Arrival } from "../../broker/front.ts";
import type { LentSecret, SessionAnswer, SessionOrder } from "../../broker/order.ts";
import { utf8 } from "../../bytes.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { parseRunFile } from "../../project/run-file.ts";
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import type { HandedProxy } from "../../proxy/server.ts";
import { openProxy } from "../../proxy/server.ts";
import { statusOf } from "../../run/exit-outcome.ts";
import type { ExitOutcome } from "../../run/exit-outcome.ts";
import { Secret } from "../../secret.ts";
import { formatHostBinding } from "../../vault/host.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { openQuietTroubles } from "../runs/quiet-troubles.ts";
import { formatLine } from "../runs/run-log.ts";
import { openRefusalNotes } from "../runs/refusal-notes.ts";
import type { NamedGrant } from "../runs/child-environment.ts";
import { openGrants } from "../runs/run-grants.ts";
import type { RunOptions } from "../runs/run-options.ts";
import { openRunRecorder } from "../runs/run-recorder.ts";
import { openRunSummary } from "../runs/run-summary.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";
import type { Surroundings } from "../surroundings.ts";

export interface BrokerSession {
  readonly id: string;
  readonly did: DidKey;
  readonly answer: SessionAnswer;
  /** Whether it may not go on: its identity was revoked, or the vault was locked. */
  isOver(): boolean;
  admit(socket: Socket, arrival: Arrival): void;
  /** A line of the run's own log for each thing that the proxy does from now on, where the order asked for that. @returns what stops it. */
  follow(hear: (line: string) => void): () => void;
  /** Ends every connection, and writes the end. @returns what the person who started the run is told. Safe to call twice. */
  end(outcome: ExitOutcome | { readonly kind: "abandoned" } | { readonly kind: "revoked" }): Promise<readonly string[]>;
}

export interface SessionTerms {
  /** Of the vault's owner: nobody types anything in it. */
  readonly surroundings: Surroundings;
  /** Tells one state of the vault from another. */
  readonly look: VaultLook;
  readonly watch: LockWatch;
  readonly roots: readonly string[];
  readonly did: DidKey;
  readonly handle: string;
  readonly viewpoint: Viewpoint;
  /** Cheap: whether the identity may not go on. */
  readonly isRevoked: () => boolean;
}

/** @throws VaultError as a run beside it would before its program starts. */
export async function openBrokerSession({ surroundings, look, watch, roots, did, handle, viewpoint, isRevoked }: SessionTerms, order: SessionOrder): Promise<BrokerSession> {
  const watches = { lock: watch, look, seenAtStart: look() };
  const options = optionsOf(order, viewpoint);
  const id = randomBytes(16).toString("hex");
  const { grants, isStray, trail, endLiving } = await withOpenVault(surroundings, (vault) => openGrants(surroundings, vault, options, watches, { session: id, identity: did, handle }));
  const notes = openRefusalNotes();
  const summary = order.isSummed ? openRunSummary() : undefined;
  const troubles = openQuietTroubles(grants.flatMap(({ variable, grant }) => (variable === undefined ? [] : [grant])), order.program);
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
  let proxy: HandedProxy;
  try {
    proxy = await openProxy({
      grants: grants.map(withoutHidden), isStray, denyUnmatched: options.denyUnmatched || options.project?.denyUnmatched === true, strict: options.strict || options.project?.strict === true,
      roots, ...openRunRecorder(trail, hear, order.isLogged || order.isSummed ? tell : undefined), isRevoked: () => watch.isRevoked() || isRevoked(), hearHandshake: troubles.hearHandshake, isElsewhere: true, listens: false,
    });
  } catch (error) {
    await trail.close({ kind: "run.end", outcome: { kind: "not-started" } });
    throw error;
  }
  let ended: Promise<readonly string[]> | undefined;
  const end: BrokerSession["end"] = async (outcome) => {
    followers.clear();
    await proxy.close();
    const status = outcome.kind === "abandoned" || outcome.kind === "revoked" ? 0 : statusOf(outcome);
    const lines = [...(summary?.lines() ?? notes.lines()), ...endLiving(), ...troubles.lines(status)];
    for (const { grant } of grants) grant.value.wipe();
    await trail.close({ kind: "run.end", outcome });
    return lines;
  };
  return {
    id,
    did,
    isOver: () => watch.isRevoked() || isRevoked(),
    answer: { session: id, token: proxy.token, caCertificate: proxy.caCertificate, secrets: grants.flatMap(lend), warnings: [] },
    admit: (socket, arrival) => { proxy.admit(socket, arrival); },
    follow(follower) {
      followers.add(follower);
      return () => { followers.delete(follower); };
    },
    end: (outcome) => (ended ??= end(outcome)),
  };
}

function optionsOf(order: SessionOrder, viewpoint: Viewpoint): RunOptions {
  const { program, selections, project, denyUnmatched, strict, freshPlaceholders } = order;
  return {
    command: program, args: [], viewpoint, selections, denyUnmatched, strict, freshPlaceholders,
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
