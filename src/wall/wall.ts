// The wall of one run: made before anything is opened, or refused with the cause and what can be done.
import { homedir } from "node:os";
import { VaultError } from "../errors.ts";
import { disk } from "./files/disk-view.ts";
import { isWithin } from "./files/path-order.ts";
import { findProjectRoot } from "./files/project-root.ts";
import type { Bubblewrap } from "./namespaces/bubblewrap.ts";
import { BUBBLEWRAP_MISSING, findBubblewrap, judgeSetuid, judgeVersion } from "./namespaces/bubblewrap.ts";
import type { Obstacle } from "./namespaces/obstacle.ts";
import { judgeKernel, judgeRefusal, readKernelFacts } from "./namespaces/obstacle.ts";
import type { OuterNamespace, OuterOptions, Walled } from "./namespaces/outer-namespace.ts";
import { openOuterNamespace } from "./namespaces/outer-namespace.ts";
import { makeSeccompFilter } from "./namespaces/seccomp-filter.ts";
import type { InnerSpace } from "./namespaces/inner-words.ts";

/** Whether all that the program dials arrives at the listeners; or, where this machine takes the powers for that away, only what it sends to the proxy as such. */
export type WallMode = "transparent" | "relay";

export interface Wall extends Pick<OuterNamespace, "listeners" | "letGo" | "giveUp" | "outputs" | "hasRoute" | "close"> {
  readonly mode: WallMode;
  /** Starts the program in a space of its own. Once only. @throws VaultError `usage`. */
  start(space: Omit<InnerSpace, "uid" | "gid" | "hasSizes">, look?: Parameters<OuterNamespace["start"]>[1]): Walled;
  /** Ends this wall, in which nothing was started, and makes one that needs fewer powers. Its listeners come with the start, and the program waits for `letGo`. */
  turnToRelay(): Wall;
  /** Ends this wall, in which nothing was started, and makes another of its kind. */
  renew(): Wall;
}

export interface WallOptions extends Pick<OuterOptions, "command" | "args" | "outputs"> {
  /** The PATH in which bubblewrap is looked for. */
  readonly path: string | undefined;
}

export type WallAttempt = { readonly kind: "wall"; readonly wall: Wall } | { readonly kind: "obstacle"; readonly obstacle: Obstacle };

/** Where there is an obstacle, nothing has been started that still runs. */
export async function attemptWall({ path, ...program }: WallOptions): Promise<WallAttempt> {
  if (process.platform !== "linux") return refuse({ cause: "there is a wall of this kind on Linux only, and another on macOS", fix: "run without --sandbox, or on one of these" });
  const filter = makeSeccompFilter(process.arch);
  if (filter === undefined) return refuse({ cause: `the system calls of this processor (${process.arch}) are not known`, fix: "run without --sandbox, or on x86-64 or 64-bit ARM" });
  const root = findProjectRoot(disk, process.cwd(), disk.realOf(homedir()) ?? homedir());
  const found = findBubblewrap(path, (file) => root !== undefined && isWithin(file, root));
  const obstacle = found === undefined ? BUBBLEWRAP_MISSING : (judgeSetuid(found) ?? judgeKernel(readKernelFacts()));
  if (found === undefined || obstacle !== undefined) return refuse(obstacle ?? BUBBLEWRAP_MISSING);
  return openWall(found, filter, program);
}

/** @throws VaultError `io` with the cause, and what can be done in its hint. */
export async function requireWall(options: WallOptions): Promise<Wall> {
  const attempt = await attemptWall(options);
  if (attempt.kind === "wall") return attempt.wall;
  throw new VaultError("io", `no wall can be made: ${attempt.obstacle.cause}`, attempt.obstacle.fix);
}

async function openWall({ path }: Bubblewrap, filter: Uint8Array, program: Omit<WallOptions, "path">): Promise<WallAttempt> {
  const options = { bubblewrap: path, filter, ...program };
  const outer = openOuterNamespace(options);
  const [refusal, version] = await Promise.all([outer.refusal, outer.version]);
  const { obstacle, hasSizes } = judgeVersion(path, version);
  if (refusal === undefined && obstacle === undefined) return { kind: "wall", wall: wallOf(outer, options, hasSizes) };
  outer.close();
  return refuse(obstacle ?? judgeRefusal(refusal ?? "", readKernelFacts(), path));
}

function wallOf(outer: OuterNamespace, options: OuterOptions, hasSizes: boolean): Wall {
  const replace = (other: OuterOptions): Wall => {
    outer.close();
    return wallOf(openOuterNamespace(other), other, hasSizes);
  };
  return {
    ...outer,
    mode: options.isAlone === true ? "relay" : "transparent",
    start: (space, look) => outer.start({ ...space, hasSizes, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }, look),
    turnToRelay: () => replace({ ...options, isAlone: true }),
    renew: () => replace(options),
  };
}

function refuse(obstacle: Obstacle): WallAttempt {
  return { kind: "obstacle", obstacle };
}
