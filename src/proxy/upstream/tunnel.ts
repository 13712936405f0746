// A blind tunnel: bytes both ways until both sides have ended. The server's own certificate reaches the child.
import type { Duplex } from "node:stream";
import type { TunnelSide } from "../http1/one-buffer.ts";
import { readIntoOneBuffer } from "../http1/one-buffer.ts";

/** Joins two sockets. A half-close is passed on, a failure of either ends both. Resolves when both are closed. @param hear is given what the child says. */
export function joinSockets(child: Duplex, server: Duplex, hear?: (piece: Uint8Array) => void): Promise<void> {
  return new Promise((resolve) => {
    const sides = [hear === undefined ? openSide(child) : openPipe(child), openSide(server)] as const;
    if (hear !== undefined) child.on("data", hear);
    let open = sides.length;
    const onClose = (): void => {
      open -= 1;
      if (open === 0) resolve();
    };
    for (const [{ socket: from, passTo }, { socket: to }] of [sides, [sides[1], sides[0]]] as const) {
      from.on("error", () => {
        to.destroy();
      });
      from.on("close", () => {
        // Nobody is left to read from `to`; what it still has to send goes out first, unless the stream was cut.
        if (!from.readableEnded || to.writableFinished) to.destroy();
        else to.once("finish", () => to.destroy());
        onClose();
      });
      passTo(to);
    }
  });
}

function openSide(socket: Duplex): TunnelSide {
  return readIntoOneBuffer(socket) ?? openPipe(socket);
}

function openPipe(socket: Duplex): TunnelSide {
  return { socket, passTo: (to) => socket.pipe(to) };
}
