// Sockets that were made within a walled program's network, and are accepted on here.
import type { ChildProcess, SendHandle } from "node:child_process";
import { Socket as Datagrams } from "node:dgram";
import { Server, Socket } from "node:net";
import { VaultError } from "../../errors.ts";
import type { ListenerAnswer, ListenerWish } from "./listener-wish.ts";
import { findAnswer } from "./listener-wish.ts";

/** Sockets of the namespace. Whoever gets one closes it. */
export interface Listeners {
  /**
   * A listener on every address of the namespace: pass it to `listen` of a server with one's own options, which takes its place. Port 0: one of the system's choosing.
   *
   * @throws VaultError `io`.
   */
  listen(port: number): Promise<{ readonly server: Server; readonly port: number }>;
  /** @throws VaultError `io`. */
  bind(port: number): Promise<Datagrams>;
  /** A connection to a port of the namespace's loopback; undefined where nobody listens. */
  connect(port: number): Promise<Socket | undefined>;
  /** Whether one of these was refused for want of power, as that of ports below 1024 is where a machine takes the powers in a namespace away. */
  isRefused(): boolean;
  /** Ends the process that makes them. What it has made stays. */
  close(): void;
}

interface Waiting {
  readonly settle: (answer: ListenerAnswer, handle: SendHandle | undefined) => void;
  readonly fail: () => void;
}

/** @param child has Node's channel to a process of `listener-program`. */
export function openListeners(child: ChildProcess): Listeners {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let [isOver, isRefused] = [false, false];
  child.on("message", (message: unknown, handle: SendHandle | undefined) => {
    const answer = findAnswer(message);
    if (answer === undefined) return;
    if (answer.error === "EACCES" || answer.error === "EPERM") isRefused = true;
    waiting.get(answer.id)?.settle(answer, handle);
    waiting.delete(answer.id);
  });
  child.once("disconnect", () => {
    isOver = true;
    for (const { fail } of waiting.values()) fail();
    waiting.clear();
  });

  const ask = (wish: ListenerWish): Promise<{ readonly answer: ListenerAnswer; readonly handle: SendHandle | undefined }> => new Promise((resolve, reject) => {
    const fail = (): void => {
      reject(new VaultError("io", "the process that listens behind the wall has ended"));
    };
    if (isOver) {
      fail();
      return;
    }
    last += 1;
    waiting.set(last, { settle: (answer, handle) => { resolve({ answer, handle }); }, fail });
    child.send({ id: last, wish }, (error) => {
      if (error !== null) fail();
    });
  });

  return {
    async listen(port) {
      const { answer, handle } = await ask({ kind: "tcp", port });
      if (handle instanceof Server && answer.port !== undefined) return { server: handle, port: answer.port };
      throw new VaultError("io", `nobody can listen on port ${port} behind the wall (${answer.error ?? "no socket"})`);
    },
    async bind(port) {
      const { answer, handle } = await ask({ kind: "udp", port });
      if (handle instanceof Datagrams) return handle;
      throw new VaultError("io", `nobody can listen on UDP port ${port} behind the wall (${answer.error ?? "no socket"})`);
    },
    async connect(port) {
      const { handle } = await ask({ kind: "connect", port });
      return handle instanceof Socket ? handle : undefined;
    },
    isRefused: () => isRefused,
    close() {
      if (child.connected) child.disconnect();
    },
  };
}
