// A TCP relay that keeps all that goes through it, both ways.
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "./raw-sockets.ts";

export interface RecordingRelay {
  readonly port: number;
  recorded(): Buffer;
  /** Ends what is open. */
  cut(): void;
  close(): Promise<void>;
}

/** @param host where it listens. */
export async function openRecordingRelay(toPort: number, host = "127.0.0.1"): Promise<RecordingRelay> {
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: toPort, host: "127.0.0.1", allowHalfOpen: true });
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("data", (chunk: Buffer) => chunks.push(chunk));
      from.pipe(to);
      from.once("close", () => sockets.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    recorded: () => Buffer.concat(chunks),
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
