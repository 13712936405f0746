import type { Socket } from "node:net";
import { connect } from "node:net";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** A listener takes a connection within microseconds, even when its process is stopped: the kernel does it. */
const DIAL_MS = 2000;

export type Dialled =
  | { readonly kind: "connected"; readonly socket: Socket }
  /** Someone listens, and takes no more connections for now. */
  | { readonly kind: "busy" }
  | { readonly kind: "nobody" };

/** Connects to a unix socket or a named pipe. @throws VaultError `io` where that cannot even be tried. */
export async function dial(path: string): Promise<Dialled> {
  const socket = connect({ path });
  const code = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => { resolve("ETIMEDOUT"); }, DIAL_MS);
    socket.once("connect", () => { clearTimeout(timer); resolve(undefined); });
    socket.once("error", (error) => { clearTimeout(timer); resolve(systemErrorCode(error) ?? "unknown error"); });
  });
  if (code === undefined) return { kind: "connected", socket };
  socket.destroy();
  switch (code) {
    case "ENOENT":
    case "ECONNREFUSED":
    // What macOS says of a file that is no socket.
    case "ENOTSOCK":
      return { kind: "nobody" };
    case "ETIMEDOUT":
    // What Linux says when the queue of a unix socket is full (connect(2)), and Windows when all instances of a pipe are taken.
    case "EAGAIN":
    case "EBUSY":
      return { kind: "busy" };
    default:
      throw new VaultError("io", `cannot connect to "${path}" (${code})`);
  }
}

/** Whether someone listens there. @throws VaultError `io`. */
export async function isListening(path: string): Promise<boolean> {
  const dialled = await dial(path);
  if (dialled.kind === "connected") dialled.socket.destroy();
  return dialled.kind !== "nobody";
}
