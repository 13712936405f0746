// The outer namespace: a network of its own, in which we are root. It is made before anything is opened, and the program's own space is made in it later.
import type { Readable } from "node:stream";
import { VaultError } from "../../errors.ts";
import type { InnerSpace } from "./inner-words.ts";
import { formatInnerWords } from "./inner-words.ts";
import type { Listeners } from "./listeners.ts";
import { openListeners } from "./listeners.ts";
import type { Ground, OuterCommand } from "./outer-process.ts";
import { spawnOuter } from "./outer-process.ts";
import { GO, NO_RESET, NO_ROUTE, START } from "./outer-script.ts";
import type { RefusedConnections } from "./refused-connections.ts";
import { watchRefusedConnections } from "./refused-connections.ts";
import { readSigns } from "./signs.ts";
import { SpaceNotMade } from "./space-not-made.ts";
import type { Standing } from "./standing-mounts.ts";
import { lookAtSpace } from "./standing-mounts.ts";
import { readWallStatus } from "./status-stream.ts";
import { findWalledProcess, waitUntilBound } from "./walled-process.ts";

export interface OuterOptions extends OuterCommand {
  /** From `makeSeccompFilter`. */
  readonly filter: Uint8Array;
}

/** The program's status; of one that a signal has ended, 128 and its number. Or the signal by which the wall itself was ended. */
export type WalledEnd = { readonly kind: "exited"; readonly status: number } | { readonly kind: "signalled"; readonly signal: NodeJS.Signals };

export interface Walled {
  /** What signals are sent to. It comes when the program can have some; undefined where it has ended by then. */
  readonly pid: Promise<number | undefined>;
  /**
   * Rejects with `SpaceNotMade` where the space does not stand, and bubblewrap may have told the reason on stderr; with VaultError `unsafe-file` where something in it is not what was meant: the program was not started.
   * `io` for what is missing on this machine.
   */
  readonly ended: Promise<WalledEnd>;
  /** How many connections its network has refused, because nobody listens there. To be asked before the wall is closed. */
  readonly countRefused: () => number;
}

export interface OuterNamespace {
  readonly listeners: Listeners;
  /** What comes out of those that are "pipe". */
  readonly outputs: { readonly stdout: Readable | null; readonly stderr: Readable | null };
  /** What stands alone waits for this with the program: all listeners are there. Ends the process that made them. */
  letGo(): void;
  /** Nothing is to be started any more: what waits ends by itself, and so does a bubblewrap that has failed, whose own end tells which of the two it was. */
  giveUp(): void;
  /** Resolves as soon as it is known: undefined where there is a namespace, and what bubblewrap says where there is none. */
  readonly refusal: Promise<string | undefined>;
  /** A text in which a line is what `bwrap --version` says. */
  readonly version: Promise<string>;
  /** Whether each address leads to the listeners. False where there is nothing to set a route with: names work all the same. */
  hasRoute(): boolean;
  /**
   * Starts the program in a space of its own. Once only.
   *
   * @param look at the space, while its first process waits. Nothing is started but in one that "stands". There may be more to look at than mounts.
   */
  start(space: InnerSpace, look?: typeof lookAtSpace): Walled;
  /** Ends all that is in the namespace. */
  close(): void;
}

/** Of the wall's own processes, whose environment is nothing of the user's. */
const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";

/** What the guard hears when it is no longer needed. */
const BOUND = "bound\n";

/** @throws VaultError as `openSafeStdin`. */
export function openOuterNamespace(options: OuterOptions, { path = SYSTEM_PATH, node = process.execPath }: Partial<Ground> = {}): OuterNamespace {
  const { filter, isAlone = false } = options;
  const { child, exited, orders, words, gate, guard, ...ends } = spawnOuter(options, { path, node });
  const listeners = openListeners(child);
  const signs = readSigns(ends.signs);
  const status = readWallStatus(ends.status);

  let refused: RefusedConnections | undefined;

  const judgeEnd = async (hasStood: boolean): Promise<WalledEnd> => {
    const [own, told] = [await exited, await status.ended];
    if (told !== undefined) return { kind: "exited", status: told };
    if (own.signal !== null) return { kind: "signalled", signal: own.signal };
    if (signs.text().includes(NO_RESET)) throw new VaultError("io", "nothing on this machine can start a program with its usual signals: env of coreutils 8.31, perl or Node 22.15");
    const cause = `bubblewrap could not make the program's space, for the reason ${isAlone ? `that it tells: ${await signs.words}` : "above"}`;
    // Once it was let start, nobody knows what has been.
    throw hasStood ? new VaultError("io", cause) : new SpaceNotMade(cause);
  };
  /** Lets the space's first process start the program, once the space has been looked at. */
  const begin = async (first: number | undefined, { mounts }: InnerSpace, look: typeof lookAtSpace): Promise<{ readonly first: number | undefined; readonly standing: Standing }> => {
    if (first === undefined) return { first, standing: { kind: "ended" } };
    refused = watchRefusedConnections(first);
    const standing = await look(first, mounts);
    if (standing.kind !== "stands") {
      // The gate stays shut: behind it nothing has begun.
      killQuietly(first);
      return { first, standing };
    }
    guard.write(`${first}\n`);
    gate.end(filter);
    void waitUntilBound(first).then(() => guard.end(BOUND));
    return { first, standing };
  };
  return {
    listeners,
    outputs: { stdout: child.stdout, stderr: child.stderr },
    refusal: Promise.race([signs.alive.then(() => undefined), exited.then(async () => (await signs.words) || "bubblewrap has ended without a word")]),
    version: signs.version,
    hasRoute: () => !signs.text().includes(NO_ROUTE),
    letGo() {
      listeners.close();
      if (isAlone) orders.write(`${GO}\n`);
    },
    giveUp() {
      listeners.close();
      orders.end();
    },
    start(space, look = lookAtSpace) {
      orders.write(`${START}\n`);
      words.end(formatInnerWords(space, isAlone ? { path } : undefined));
      const begun = status.started.then((first) => begin(first, space, look));
      const end = async (): Promise<WalledEnd> => {
        const { standing } = await begun;
        if (standing.kind === "stands" || standing.kind === "ended") return judgeEnd(standing.kind === "stands");
        if (standing.kind === "changed") throw new SpaceNotMade(`the program was not started: "${standing.path}" appeared or vanished while its wall was made`, "look at what is there, and who changes it");
        throw new VaultError("unsafe-file", `the program was not started: "${standing.path}" is a link to elsewhere, or was exchanged at that moment`, "look at what is there, and who changes it");
      };
      return { pid: begun.then(({ first, standing }) => (first === undefined || standing.kind !== "stands" ? undefined : findWalledProcess(first)), () => undefined), ended: end(), countRefused: () => refused?.count() ?? 0 };
    },
    close() {
      listeners.close();
      guard.end(BOUND);
      refused?.close();
      child.kill("SIGKILL");
    },
  };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
