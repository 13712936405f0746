// A run behind the wall: its own files, its own network, in which what it dials arrives at the run's proxy, and no way to what is outside.
import type { ProxyOptions } from "../../proxy/proxy-options.ts";
import type { Proxy } from "../../proxy/server.ts";
import { openProxy } from "../../proxy/server.ts";
import type { ExitOutcome } from "../../run/exit-outcome.ts";
import type { HeldSignals } from "../../run/signals.ts";
import { openDoor } from "../../wall/door.ts";
import type { Mount } from "../../wall/files/mount.ts";
import type { WalledFiles } from "../../wall/files/open-files.ts";
import { findCommandTrouble } from "../../wall/namespaces/command-search.ts";
import { MARKER } from "../../wall/namespaces/inner-words.ts";
import { layNames } from "../../wall/net/name-files.ts";
import type { Wall } from "../../wall/wall.ts";
import { wallEnvironment } from "../../wall/walled-environment.ts";

/** Single ports through the wall. */
export interface WalledPorts {
  /** Of this machine's loopback, on the program's. */
  readonly hostPorts?: readonly number[];
  /** Of the program's loopback, on this machine's. */
  readonly published?: readonly number[];
}

/**
 * A proxy that no port of this machine leads to: what the program dials in its own network arrives there.
 *
 * @throws VaultError `io` where a port cannot be had.
 */
export async function openWalledProxy({ listeners }: Pick<Wall, "listeners">, options: ProxyOptions, { hostPorts = [], published = [] }: WalledPorts): Promise<Pick<Proxy, "url" | "caCertificate" | "close">> {
  const proxy = await openProxy({ ...options, isWalled: true, listens: false });
  try {
    const door = await openDoor(listeners, { bindings: options.grants.flatMap(({ bindings }) => bindings), hostPorts, published, admit: (socket, meant) => { proxy.admit(socket, meant); } });
    // What is published is asked for at each connection.
    if (published.length === 0) listeners.close();
    return {
      url: `http://127.0.0.1:${door.proxyPort}`,
      caCertificate: proxy.caCertificate,
      async close() {
        door.close();
        await proxy.close();
      },
    };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

export interface WalledProgram {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The run's own files among them, which the program may read. */
  readonly files: WalledFiles;
  /** Where those are. */
  readonly folder: string;
  readonly signals: HeldSignals;
}

/** @throws VaultError `io` where the program's space cannot be made. */
export async function runWalled(wall: Wall, { command, environment, files, folder, signals }: WalledProgram): Promise<ExitOutcome> {
  const trouble = findCommandTrouble(command, environment["PATH"]);
  if (trouble !== undefined) return trouble;
  const runtimeFolder = `/run/user/${process.getuid?.() ?? 0}`;
  const mounts: Mount[] = [...files.mounts, ...layNames(folder), { kind: "nothing", path: MARKER }];
  const { pid, ended } = wall.start({ mounts, environment: wallEnvironment(environment, runtimeFolder), folder: process.cwd() });
  let isOver = false;
  void pid.then((id) => {
    if (id === undefined) return;
    signals.deliverTo((signal) => {
      if (!isOver) sendQuietly(id, signal);
    });
  });
  try {
    return await ended;
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
