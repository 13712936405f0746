// A run behind the wall: its own files, its own network, in which what it dials arrives at the run's proxy, and no way to what is outside.
import { homedir } from "node:os";
import { join } from "node:path";
import type { ProxyOptions } from "../../proxy/proxy-options.ts";
import type { Proxy } from "../../proxy/server.ts";
import { openProxy } from "../../proxy/server.ts";
import type { RewrittenOutputs } from "../../run/child.ts";
import type { ExitOutcome } from "../../run/exit-outcome.ts";
import { statusOf } from "../../run/exit-outcome.ts";
import type { HeldSignals } from "../../run/signals.ts";
import type { Door, DoorOptions } from "../../wall/door.ts";
import { openDoor, openRelayDoor } from "../../wall/door.ts";
import { disk } from "../../wall/files/disk-view.ts";
import type { Mount } from "../../wall/files/mount.ts";
import { findCommandTrouble } from "../../wall/namespaces/command-search.ts";
import { MARKER } from "../../wall/namespaces/inner-words.ts";
import { layNames } from "../../wall/net/name-files.ts";
import type { Trust } from "../../wall/trust/lay-trust.ts";
import { layTrust } from "../../wall/trust/lay-trust.ts";
import type { Wall } from "../../wall/wall.ts";
import { wallEnvironment } from "../../wall/walled-environment.ts";
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

export interface WalledProxy extends NamedProxy {
  /** What the program is started in: a smaller one than was given, where this machine refuses the powers of that. */
  readonly wall: Wall;
  /** Rejects with VaultError `io` where no listener comes; the program does not start then. */
  readonly opened: Promise<void>;
}

/** A proxy that listens behind the wall alone. Nobody else is in that network, so its URL has no password. @throws VaultError `usage`, `io`. */
export async function openWalledProxy({ wall, choice }: ChosenWall, options: ProxyOptions): Promise<WalledProxy> {
  const proxy = await openProxy({ ...options, isWalled: true, listens: false });
  try {
    const bindings = options.grants.flatMap((grant) => grant.bindings);
    const { door, ...ground } = await openAnyDoor(wall, { ...choice, bindings, admit: (socket, meant) => { proxy.admit(socket, meant); } });
    return {
      ...ground,
      url: `http://127.0.0.1:${door.proxyPort}`,
      caCertificate: proxy.caCertificate,
      async close() {
        door.close();
        ground.wall.close();
        await proxy.close();
      },
    };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

async function openAnyDoor(wall: Wall, options: DoorOptions): Promise<{ readonly door: Door } & Pick<WalledProxy, "wall" | "opened">> {
  try {
    const door = await openDoor(wall.listeners, options);
    // What is published is asked for at each connection.
    if (options.published.length === 0) wall.listeners.close();
    return { wall, door, opened: Promise.resolve() };
  } catch (error) {
    if (!wall.listeners.isRefused()) throw error;
  }
  const relay = wall.turnToRelay();
  try {
    const door = openRelayDoor(relay.listeners, options);
    const opened = door.opened.then(() => { relay.letGo(); });
    opened.catch(() => { relay.close(); });
    return { wall: relay, door, opened };
  } catch (error) {
    relay.close();
    throw error;
  }
}

/** What a person should know of a wall that is the smaller one. */
export const RELAY_WARNING = "this machine refuses powers within a network of the program's own: behind the wall, only what heeds HTTPS_PROXY and HTTP_PROXY reaches the proxy, and everything else reaches nothing (vault doctor --sandbox)";

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
  readonly opened: WalledProxy["opened"];
}

/** @throws VaultError `io` where the program's space cannot be made, and as `openWalledFiles`. */
export async function runWalled(surroundings: Surroundings, { wall, choice }: ChosenWall, { command, environment, folder, runCa, keyFile, hidden, signals, rewritten, opened }: WalledProgram): Promise<ExitOutcome> {
  const trouble = findCommandTrouble(command, environment["PATH"]);
  if (trouble !== undefined) return trouble;
  const files = openWalledFiles(surroundings, choice, { command, folder, keyFile, hidden });
  // Before the program is there: what bubblewrap says goes the same way.
  const relay = rewritten?.outputs.relay(wall.outputs, rewritten.rewrite);
  let trust: Trust | undefined;
  try {
    const walled = withoutLinks(wallEnvironment(environment, `/run/user/${process.getuid?.() ?? 0}`));
    trust = layTrust({ kept: join(surroundings.paths.runtimeFolder, "trust"), bundle: join(folder, "ca.pem"), runCa, folder, home: disk.realOf(homedir()) ?? homedir(), project: files.root ?? process.cwd(), variables: walled, files: files.mounts });
    const mounts: Mount[] = [...files.mounts, ...layNames(folder), ...trust.mounts, { kind: "nothing", path: MARKER }];
    if (wall.mode === "relay") surroundings.warn(RELAY_WARNING);
    else if (!wall.hasRoute()) surroundings.warn("neither ip nor perl is there to set a route with: behind the wall, connections to addresses fail, and those to names do not");
    const { outcome, refused } = await waitFor(wall, { mounts, environment: walled, folder: process.cwd() }, signals);
    await opened;
    if (refused > 0 && statusOf(outcome) !== 0) surroundings.warn(`${refused} ${refused === 1 ? "connection was" : "connections were"} refused behind the wall, for nobody listens at such a port there: only 80, 443 and the ports of bound hosts lead to the proxy, and --host-port PORT to a port of this machine`);
    return outcome;
  } finally {
    await relay?.finish();
    trust?.close();
    for (const line of files.close()) surroundings.warn(line);
  }
}

/** A link that leads to the home folder may lie where the program sees nothing. */
function withoutLinks(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { HOME: home } = environment;
  return home === undefined ? environment : { ...environment, HOME: disk.realOf(home) ?? home };
}

async function waitFor(wall: Wall, space: Parameters<Wall["start"]>[0], signals: HeldSignals): Promise<{ readonly outcome: ExitOutcome; readonly refused: number }> {
  const { pid, ended, countRefused } = wall.start(space);
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
