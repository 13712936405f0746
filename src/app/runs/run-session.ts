// The main job: a child that can use secrets without having them.
import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { isatty } from "node:tty";
import { ensurePrivateFolder } from "../../disk/private-folder.ts";
import { VaultError } from "../../errors.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import type { ProxyEvent } from "../../proxy/grants/event.ts";
import type { ProxyOptions } from "../../proxy/proxy-options.ts";
import { openProxy } from "../../proxy/server.ts";
import { openUpstreamTrust } from "../../proxy/tls/upstream-trust.ts";
import type { Roots } from "../../run/roots/ca-file.ts";
import { collectRoots } from "../../run/roots/ca-file.ts";
import { startChild } from "../../run/child/child.ts";
import type { ChildOutputs } from "../../run/child/child-outputs.ts";
import { forbidCoreDumps } from "../../run/child/memory-dump.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import { statusOf } from "../../run/child/exit-outcome.ts";
import { leaveOuterRun } from "../../run/outer-run.ts";
import { openPeerCheck } from "../../run/peer-process.ts";
import { openRunFolder } from "../../run/run-folder.ts";
import { readRootsFile } from "../../run/roots/roots-file.ts";
import type { HeldSignals } from "../../run/child/signals.ts";
import { holdSignals } from "../../run/child/signals.ts";
import { Secret } from "../../secret.ts";
import type { NamedGrant } from "./child-environment.ts";
import { furnishChild } from "./child-environment.ts";
import type { LockWatch } from "../keys/lock-watch.ts";
import { watchLock } from "../keys/lock-watch.ts";
import { isBehindWall, missingVault } from "../keys/inside-run.ts";
import { followEngine } from "../keys/engine-watch.ts";
import type { VaultLook } from "../keys/vault-watch.ts";
import { watchVaultFile } from "../keys/vault-watch.ts";
import { withOpenVault } from "../keys/open-vault.ts";
import { nextProxyFinder, requireUsableProxies } from "./next-proxies.ts";
import type { QuietTroubles } from "./quiet-troubles.ts";
import { openQuietTroubles } from "./quiet-troubles.ts";
import { tellReadableKey } from "./readable-key.ts";
import type { RunLog } from "./run-log.ts";
import { openRunLog } from "./run-log.ts";
import type { RunGrants } from "./run-grants.ts";
import { openGrants } from "./run-grants.ts";
import type { RunOptions } from "./run-options.ts";
import { openRunSummary } from "./run-summary.ts";
import { openRefusalNotes } from "./refusal-notes.ts";
import { openRunRecorder } from "./run-recorder.ts";
import type { RunTrail } from "./run-trail.ts";
import { eraseShownSecrets } from "./shown-secrets.ts";
import type { ChosenWall, NamedProxy } from "./walled-run.ts";
import type { Surroundings } from "../surroundings.ts";

// What few runs need is imported where they do: to evaluate it would cost every run some milliseconds.

/**
 * Runs a command behind a proxy that puts secrets in and takes them out again. The key is forgotten before the child starts; values stay until it ends.
 *
 * @returns the child's status: its own, or 128 and the signal that ended it.
 * @throws VaultError when anything fails before the child is started; nothing was started then.
 */
export async function runSession(given: Surroundings, options: RunOptions): Promise<number> {
  // Behind a wall no other can be made either, and bubblewrap would name another cause.
  if (isBehindWall()) throw missingVault(given);
  // A copy of the process's own environment, from which secrets are erased. On Windows nothing is, and only the original knows names in any case.
  const outside = process.platform === "win32" ? undefined : leaveOuterRun(given.variables);
  const surroundings = process.platform === "win32" ? given : { ...given, variables: outside ?? { ...given.variables } };
  if (outside !== undefined) given.warn("this run is inside another, and stands for itself: its connections do not pass that one's proxy, of its secrets it has only those that it is given here, and a VAULT_DIR has to be set for it anew");
  requireUsableProxies(surroundings.variables);
  const upstreamRoots = [...readRootsFile(surroundings.paths.rootsFile), ...options.upstreamRoots];
  const log = options.logFile === undefined ? undefined : openRunLog(options.logFile, surroundings.now, surroundings.warn);
  let watch: LockWatch | undefined;
  let chosen: ChosenWall | undefined;
  let outputs: ChildOutputs | undefined;
  try {
    if (options.redact === true) outputs = (await import("../../run/child/child-outputs.ts")).openChildOutputs(join(surroundings.paths.runtimeFolder, "runs"), ([1, 2] as const).filter((descriptor) => !isatty(descriptor)));
    // Before the vault is: where there is no wall, nothing is opened.
    if (options.wall !== undefined && process.platform === "darwin") (await import("./mac-run.ts")).requireSandboxExec();
    else if (options.wall !== undefined) chosen = { choice: options.wall, wall: await (await import("../../wall/wall.ts")).requireWall({ command: options.command, args: options.args, path: given.variables["PATH"], outputs }) };
    watch = watchLock(surroundings.paths);
    return await runGranted(surroundings, { ...options, upstreamRoots }, watch, log, { walled: chosen, outputs });
  } finally {
    chosen?.wall.close();
    outputs?.close();
    watch?.close();
    log?.close();
  }
}

/** What was made before the vault was opened. */
interface Prepared {
  readonly walled: ChosenWall | undefined;
  /** Those that are to be rewritten. */
  readonly outputs: ChildOutputs | undefined;
}

async function runGranted(surroundings: Surroundings, options: RunOptions, watch: LockWatch, log: RunLog | undefined, prepared: Prepared): Promise<number> {
  const { paths } = surroundings;
  const look = watchVaultFile(paths.vaultFile);
  if (paths.engine === undefined) return runFollowing(surroundings, options, look, watch, log, prepared);
  const following = followEngine(paths, await paths.engine());
  try {
    return await runFollowing(surroundings, options, following.look(look), watch, log, prepared);
  } finally {
    following.close();
  }
}

async function runFollowing(surroundings: Surroundings, options: RunOptions, look: VaultLook, watch: LockWatch, log: RunLog | undefined, { walled, outputs }: Prepared): Promise<number> {
  const watches = { lock: watch, look, seenAtStart: look() };
  // By a process of its own, which comes and goes while the vault is opened.
  const limited = forbidCoreDumps();
  const { grants, beside, gate, wishes, isStray, trail, withheld, keyFile, plain, endLiving } = await withOpenVault(surroundings, async (vault) => {
    const opened = await openGrants(surroundings, vault, options, watches);
    if (vault.agent !== undefined) watch.follow(vault.agent);
    const told = options.isWatched && walled === undefined ? tellReadableKey(surroundings.paths, vault, surroundings.now()) : undefined;
    if (told !== undefined) surroundings.warn(told);
    return opened;
  });
  const summary = options.tellSummary === undefined ? undefined : openRunSummary();
  const notes = openRefusalNotes();
  const troubles = openQuietTroubles(grants.flatMap(({ variable, grant }) => (variable === undefined ? [] : [grant])), basename(options.command), options.wall !== undefined);
  const hear = (event: ProxyEvent): void => {
    notes.hear(event);
    troubles.count(event);
  };
  const tell = (event: ProxyEvent): void => {
    log?.write(event);
    summary?.count(event);
  };
  // From here on a signal is meant for the child, and whatever happens, what was opened is closed.
  const signals = holdSignals();
  try {
    const outcome = await runBehindProxy(surroundings, options, { grants, beside, gate, wishes, isStray, trail, withheld, keyFile, plain, endLiving, walled, outputs, isRevoked: watch.isRevoked, limited, signals, hear, hearHandshake: troubles.hearHandshake, tell: log === undefined && summary === undefined ? undefined : tell });
    // The summary has each reason in full.
    if (summary !== undefined) options.tellSummary?.(summary.lines());
    else for (const line of notes.lines()) surroundings.warn(line);
    for (const line of endLiving()) surroundings.warn(line);
    const isStarted = outcome.kind !== "not-found" && outcome.kind !== "not-executable";
    for (const line of isStarted ? troubles.lines(statusOf(outcome)) : []) surroundings.warn(line);
    if (outcome.kind === "not-found") surroundings.warn(`the program "${options.command}" was not found`);
    if (outcome.kind === "not-executable") surroundings.warn(`the program "${options.command}" cannot be executed (${outcome.reason})`);
    await closeTrail(surroundings, trail, outcome);
    return statusOf(outcome);
  } finally {
    // A run that never got as far as its child has an end as well, lest it be taken for one that was killed.
    await closeTrail(surroundings, trail, { kind: "not-started" });
    gate?.close();
    wishes.close();
    for (const { value } of [...grants.map(({ grant }) => grant), ...beside]) value.wipe();
    signals.close();
  }
}

interface OpenRun extends Omit<RunGrants, "begun">, Prepared {
  readonly isRevoked: () => boolean;
  /** Before this has come, the program must not start. */
  readonly limited: Promise<void>;
  readonly signals: HeldSignals;
  readonly hear: (event: ProxyEvent) => void;
  readonly hearHandshake: QuietTroubles["hearHandshake"];
  /** Hears of what the audit log has heard of, where somebody wants to know. */
  readonly tell: ((event: ProxyEvent) => void) | undefined;
}

/** Listener, token, CA and folder live exactly as long as the child. */
async function runBehindProxy(surroundings: Surroundings, options: RunOptions, { grants, beside, gate, wishes, isStray, trail, withheld, keyFile, plain, walled, outputs, isRevoked, limited, signals, hear, hearHandshake, tell }: OpenRun): Promise<ExitOutcome> {
  const runs = join(surroundings.paths.runtimeFolder, "runs");
  ensurePrivateFolder(runs);
  const roots = collectRoots(surroundings.variables, options.upstreamRoots, undefined, runs);
  const denyUnmatched = options.denyUnmatched || options.project?.denyUnmatched === true;
  const strict = options.strict || options.project?.strict === true;
  const findNextProxy = nextProxyFinder(surroundings.variables);
  const peers = openPeerCheck(process.pid, process.getuid?.());
  gate?.findProgramsBy(peers.findPrograms);
  const terms: ProxyOptions = { grants: grants.map(withoutHidden), gate, hearWish: wishes.hear, isStray, denyUnmatched, strict, roots: openUpstreamTrust(() => roots.upstream), findNextProxy, ...openRunRecorder(trail, hear, tell), isRevoked, hearHandshake, isOwnProcess: peers.isOwn };
  const behindWall = walled === undefined ? undefined : await (await import("./walled-run.ts")).openWalledProxy(walled, await openProxy({ ...terms, isWalled: true, listens: false }), terms.grants.flatMap(({ bindings }) => bindings));
  const proxy: NamedProxy = behindWall ?? (await openProxy(terms));
  try {
    const folder = openRunFolder(runs);
    try {
      // Behind the wall, a link that leads there may not be.
      const path = walled === undefined ? folder.path : realpathSync(folder.path);
      const environment = await furnishChild(surroundings, { folder: path, proxy, grants, beside, denyUnmatched, plain, trusted: roots.child, withheld });
      const shown = eraseShownSecrets(environment, surroundings);
      for (const warning of [...roots.warnings, ...roots.childOnly.map((named) => tellChildOnly(named, surroundings)), ...environment.warnings, ...shown]) surroundings.warn(warning);
      const rewritten = outputs === undefined ? undefined : { outputs, rewrite: (await import("./redaction.ts")).redactOutput(grants.filter(({ variable }) => variable !== undefined).map(({ grant }) => grant)) };
      await limited;
      const disk = { command: options.command, folder: path, keyFile, hidden: [...grants.map(({ grant }) => grant), ...beside] };
      const program = { command: options.command, args: options.args, environment: environment.variables, signals, ...(rewritten === undefined ? {} : { rewritten }) };
      if (walled !== undefined && behindWall !== undefined) return await (await import("./walled-run.ts")).runWalled(surroundings, walled.choice, behindWall, { ...disk, environment: environment.variables, runCa: proxy.caCertificate, signals, rewritten });
      if (options.wall !== undefined) return await (await import("./mac-run.ts")).runOnMac(surroundings, options.wall, { ...disk, ...program, proxyUrl: proxy.url });
      return await startChild(program).ended;
    } finally {
      folder.close();
    }
  } finally {
    await proxy.close();
  }
}

/** Of a secret that no variable holds the proxy gets to know the placeholder, and not the value: it would look for that in answers, which tells whoever has them given the right one. */
function withoutHidden({ variable, grant }: NamedGrant): Grant {
  return variable === undefined ? { ...grant, value: Secret.fromText(""), living: undefined } : grant;
}

function tellChildOnly({ variable, path }: Roots["childOnly"][number], { paths }: Surroundings): string {
  return `${variable} names "${path}", whose certificates the program trusts and connections outwards do not; if they should: --upstream-ca "${path}", or put them into "${paths.rootsFile}"`;
}

/** Does nothing where that was done. The child has ended by now, and its status counts more than a log that cannot be closed: that is said, and found by `vault audit --verify`. */
async function closeTrail(surroundings: Surroundings, trail: RunTrail, outcome: ExitOutcome | { readonly kind: "not-started" }): Promise<void> {
  try {
    await trail.close({ kind: "run.end", outcome });
  } catch (error) {
    surroundings.warn(error instanceof VaultError ? error.message : "the end of the run could not be written to the audit log");
  }
}
