// Which end of a connection on loopback is the child's: the kernel tells by it which program that is.
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { LoopbackPeer } from "../judge/run-gate.ts";

/** Undefined where it is none, as behind a wall. */
export function findPeer(socket: Duplex): LoopbackPeer | undefined {
  if (!(socket instanceof Socket)) return undefined;
  const { remotePort, localPort, remoteAddress } = socket;
  return remotePort === undefined || localPort === undefined || remoteAddress !== "127.0.0.1" ? undefined : { peerPort: remotePort, ownPort: localPort };
}
