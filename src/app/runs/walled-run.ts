// A run behind the wall: its own files, its own network, in which what it dials arrives at the run's proxy, and no way to what is outside.
import { connect, createServer } from "node:net";
import type { ExitOutcome } from "../../run/exit-outcome.ts";
import type { HeldSignals } from "../../run/signals.ts";
import type { Mount } from "../../wall/files/mount.ts";
import type { WalledFiles } from "../../wall/files/open-files.ts";
import { findCommandTrouble } from "../../wall/namespaces/command-search.ts";
import { MARKER } from "../../wall/namespaces/inner-words.ts";
import type { Wall } from "../../wall/wall.ts";
import { wallEnvironment } from "../../wall/walled-environment.ts";

/** Opens the doors of the wall. @returns what the program is told of the proxy. */
export async function openDoors(wall: Wall, proxy: { readonly port: number; readonly url: string }): Promise<{ readonly url: string; close(): void }> {
  const { server: listener, port } = await wall.listeners.listen(0);
  const server = createServer({ allowHalfOpen: true }, (inside) => {
    const outside = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
    inside.pipe(outside).pipe(inside);
    inside.on("error", () => outside.destroy());
    outside.on("error", () => inside.destroy());
  });
  server.listen(listener);
  return { url: proxy.url.replace(/:[0-9]+$/, `:${port}`), close: () => server.close() };
}

export interface WalledProgram {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The run's own files among them, which the program may read. */
  readonly files: WalledFiles;
  readonly signals: HeldSignals;
}

/** @throws VaultError `io` where the program's space cannot be made. */
export async function runWalled(wall: Wall, { command, environment, files, signals }: WalledProgram): Promise<ExitOutcome> {
  const trouble = findCommandTrouble(command, environment["PATH"]);
  if (trouble !== undefined) return trouble;
  const runtimeFolder = `/run/user/${process.getuid?.() ?? 0}`;
  const mounts: Mount[] = [...files.mounts, { kind: "nothing", path: MARKER }];
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
