// A relay between a client and a server of this machine, which carries what a test lets it carry.
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "./raw-sockets.ts";

export interface Relay {
  readonly port: number;
  /** All connections that are open. */
  cut(): void;
  close(): Promise<void>;
}

/** @param carry takes each pair of sockets, and `cut`, which ends that pair. Where one of them ends, the other is ended too. */
export async function openRelay(toPort: number, carry: (near: Socket, far: Socket, cut: () => void) => void): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(toPort, "127.0.0.1");
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true).on("error", cut).on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    carry(near, far, cut);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => { for (const socket of sockets) socket.destroy(); };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
