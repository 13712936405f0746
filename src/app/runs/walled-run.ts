// A run behind the wall: its own files, its own network, in which what it dials arrives at the run's proxy, and no way to what is outside.
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HandedProxy, Proxy } from "../../proxy/server.ts";
import type { RewrittenOutputs } from "../../run/child/child.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import { statusOf } from "../../run/child/exit-outcome.ts";
import { nameOwnLoopback } from "../../run/own-loopback.ts";
import type { RelayedOutput } from "../../run/child/relayed-output.ts";
import type { HeldSignals } from "../../run/child/signals.ts";
import type { Door, DoorOptions } from "../../wall/door.ts";
import { openDoor, openRelayDoor } from "../../wall/door.ts";
import { disk } from "../../wall/files/disk-view.ts";
import type { Mount } from "../../wall/files/mount.ts";
import { findCommandTrouble } from "../../wall/namespaces/command-search.ts";
import { MARKER } from "../../wall/namespaces/inner-words.ts";
import { SpaceNotMade } from "../../wall/namespaces/space-not-made.ts";
import { lookAtSpace } from "../../wall/namespaces/standing-mounts.ts";
import { layNames } from "../../wall/net/name-files.ts";
import type { Trust } from "../../wall/trust/lay-trust.ts";
import { layTrust } from "../../wall/trust/lay-trust.ts";
import type { Wall } from "../../wall/wall.ts";
import { wallEnvironment } from "../../wall/walled-environment.ts";
import type { HostBinding } from "../../vault/host.ts";
import type { Surroundings } from "../surroundings.ts";
import type { WallChoice } from "./run-options.ts";
import type { WalledDisk } from "./walled-files.ts";
import { openWalledFiles } from "./walled-files.ts";

/** A wall that stands, and what was asked of it. */
export interface ChosenWall {
  readonly wall: Wall;
  readonly choice: WallChoice;
}

/** A proxy that the program's variables can name. */
export type NamedProxy = Pick<Proxy, "url" | "caCertificate" | "close">;

/** What the program is started in. */
export interface WalledGround {
  /** A smaller one than was given, where this machine refuses the powers of that. */
  readonly wall: Wall;
  /** Rejects with VaultError `io` where no listener comes; the program does not start then. */
  readonly opened: Promise<void>;
}

export interface WalledProxy extends NamedProxy {
  readonly ground: WalledGround;
  /** Of the run's secrets. */
  readonly bindings: readonly HostBinding[];
  /** Ends the ground, on which nothing was started, and makes another with the same URL. @throws VaultError `io`. */
  renew(): Promise<WalledGround>;
}

/**
 * Has a proxy listen behind the wall alone. Nobody else is in that network, so its URL has no password.
 *
 * @param bindings of the run's secrets.
 * @throws VaultError `usage`, `io`; the proxy is closed then.
 */
export async function openWalledProxy({ wall, choice }: ChosenWall, proxy: Pick<HandedProxy, "admit" | "caCertificate" | "close">, bindings: readonly HostBinding[]): Promise<WalledProxy> {
  try {
    const door: DoorOptions = { ...choice, bindings, admit: (socket, meant) => { proxy.admit(socket, meant); } };
    let opened = await openAnyDoor(wall, door);
    const { proxyPort } = opened.door;
    return {
      ground: opened,
      bindings,
      url: `http://127.0.0.1:${proxyPort}`,
      caCertificate: proxy.caCertificate,
      async renew() {
        opened.door.close();
        opened = await openAnyDoor(opened.wall.renew(), { ...door, proxyPort });
        return opened;
      },
      async close() {
        opened.door.close();
        opened.wall.close();
        await proxy.close();
      },
    };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

async function openAnyDoor(wall: Wall, options: DoorOptions): Promise<{ readonly door: Door } & WalledGround> {
  if (wall.mode === "relay") return openLesserDoor(wall, options);
  try {
    const door = await openDoor(wall.listeners, options);
    // What is published is asked for at each connection.
    if (options.published.length === 0) wall.listeners.close();
    return { wall, door, opened: Promise.resolve() };
  } catch (error) {
    if (!wall.listeners.isRefused()) throw error;
  }
  return openLesserDoor(wall.turnToRelay(), options);
}

function openLesserDoor(relay: Wall, options: DoorOptions): { readonly door: Door } & WalledGround {
  try {
    const door = openRelayDoor(relay.listeners, options);
    const opened = door.opened.then(() => { relay.letGo(); });
    // Not ended by force: the listeners may have gone because bubblewrap has failed, and then the wall can be made anew.
    opened.catch(() => { relay.giveUp(); });
    return { wall: relay, door, opened };
  } catch (error) {
    relay.close();
    throw error;
  }
}

/** What a person should know of a wall that is the smaller one. */
const RELAY_WARNING = "this machine refuses powers within a network of the program's own: behind the wall, only what heeds HTTPS_PROXY and HTTP_PROXY reaches the proxy, and everything else reaches nothing (vault doctor --sandbox)";

export interface WalledProgram {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The run's own, in which `ca.pem` has all that the program trusts. Named without links. */
  readonly folder: string;
  /** PEM: the run's own root. */
  readonly runCa: string;
  readonly keyFile: string | undefined;
  /** What `.env` files of the project are rid of. */
  readonly hidden: WalledDisk["hidden"];
  readonly signals: HeldSignals;
  /** The wall was made with these outputs. */
  readonly rewritten: RewrittenOutputs | undefined;
}

/** How often a program's space is made before the run gives up: what is on the disk may change while one is. */
const TRIES_MAX = 4;
const CHANGED_WARNING = "the disk changed while the wall was made, and so it was made once more";

/** @throws VaultError `io` where the program's space cannot be made, and as `openWalledFiles`. */
export async function runWalled(surroundings: Surroundings, choice: WallChoice, { ground, renew, bindings }: Pick<WalledProxy, "ground" | "renew" | "bindings">, program: WalledProgram): Promise<ExitOutcome> {
  const trouble = findCommandTrouble(program.command, program.environment["PATH"]);
  if (trouble !== undefined) return trouble;
  const told = new Set<string>();
  const warnOnce = (line: string): void => {
    if (!told.has(line)) surroundings.warn(line);
    told.add(line);
  };
  const unsteady: string[] = [];
  for (let [at, tries] = [ground, 1]; ; tries += 1) {
    const laid = join(program.folder, `laid-${tries}`);
    mkdirSync(laid, { mode: 0o700 });
    try {
      return await tryWalled({ ...surroundings, warn: warnOnce }, choice, at, { ...program, bindings, laid, unsteady, isLast: tries === TRIES_MAX });
    } catch (error) {
      if (!(error instanceof SpaceNotMade) || tries === TRIES_MAX) throw error;
    }
    warnOnce(CHANGED_WARNING);
    at = await renew();
  }
}

interface Try extends WalledProgram, Pick<WalledProxy, "bindings"> {
  /** What is laid over files of the disk is written there. */
  readonly laid: string;
  /** What has appeared or vanished in an earlier try; this one adds to it. */
  readonly unsteady: string[];
  readonly isLast: boolean;
}

/** From a look at the disk to the program's end. @throws SpaceNotMade before the program is there. */
async function tryWalled(surroundings: Surroundings, choice: WallChoice, { wall, opened }: WalledGround, { command, environment, bindings, folder, laid, unsteady, runCa, keyFile, hidden, signals, rewritten, isLast }: Try): Promise<ExitOutcome> {
  const files = openWalledFiles(surroundings, choice, { command, folder, laid, unsteady, keyFile, hidden });
  let relay: RelayedOutput | undefined;
  let trust: Trust | undefined;
  const space = { stands: false };
  try {
    const walled = withoutLinks(wallEnvironment(nameOwnLoopback(environment, bindings, wall.mode !== "relay"), `/run/user/${process.getuid?.() ?? 0}`));
    trust = layTrust({ kept: join(surroundings.paths.runtimeFolder, "trust"), bundle: join(folder, "ca.pem"), runCa, folder: laid, home: disk.realOf(homedir()) ?? homedir(), project: files.root ?? process.cwd(), variables: walled, files: files.mounts });
    const mounts: Mount[] = [...files.mounts, ...layNames(laid), ...trust.mounts, { kind: "nothing", path: MARKER }];
    if (wall.mode === "relay") surroundings.warn(RELAY_WARNING);
    else if (!wall.hasRoute()) surroundings.warn("neither ip nor perl is there to set a route with: behind the wall, connections to addresses fail, and those to names do not");
    const look: Parameters<Wall["start"]>[1] = async (first, meant) => {
      const standing = await lookAtSpace(first, meant);
      const appeared = standing.kind === "stands" ? files.findUnhidden() : undefined;
      if (appeared !== undefined) {
        unsteady.push(appeared);
        return { kind: "changed", path: appeared };
      }
      space.stands = standing.kind === "stands";
      // Not before: what was made for one child is gone with it.
      if (space.stands) relay = rewritten?.outputs.relay(wall.outputs, rewritten.rewrite);
      return standing;
    };
    const { outcome, refused } = await waitFor(wall, { mounts, environment: walled, folder: process.cwd() }, look, signals);
    await opened;
    if (refused > 0 && statusOf(outcome) !== 0) surroundings.warn(`${refused} ${refused === 1 ? "connection was" : "connections were"} refused behind the wall, for nobody listens at such a port there: only 80, 443 and the ports of bound hosts lead to the proxy, and --host-port PORT to a port of this machine`);
    return outcome;
  } finally {
    // What bubblewrap says goes the way of the program's words.
    if (isLast && !space.stands) relay = rewritten?.outputs.relay(wall.outputs, rewritten.rewrite);
    if (!space.stands) unsteady.push(...files.listGone());
    await relay?.finish();
    trust?.close();
    const changes = files.close();
    // Where nothing was started, the program has not changed it.
    for (const line of space.stands ? changes : []) surroundings.warn(line);
  }
}

/** A link that leads to the home folder may lie where the program sees nothing. */
function withoutLinks(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { HOME: home } = environment;
  return home === undefined ? environment : { ...environment, HOME: disk.realOf(home) ?? home };
}

async function waitFor(wall: Wall, space: Parameters<Wall["start"]>[0], look: Parameters<Wall["start"]>[1], signals: HeldSignals): Promise<{ readonly outcome: ExitOutcome; readonly refused: number }> {
  const { pid, ended, countRefused } = wall.start(space, look);
  let isOver = false;
  void pid.then((id) => {
    if (id === undefined) return;
    signals.deliverTo((signal) => {
      if (!isOver) sendQuietly(id, signal);
    });
  });
  try {
    return { outcome: await ended, refused: countRefused() };
  } finally {
    isOver = true;
  }
}

function sendQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
