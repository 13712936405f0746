// A relay that does to connections what networks do, when a test says so.
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/**
 * `pass`: all goes through. `cut-answer`: questions go through, and at the first byte of an answer both sides are cut. `cut-question`: the first half of the next piece goes through, then both are cut.
 * `silent`: whatever comes is held back, and nobody is told.
 */
export type RelayMode = "pass" | "cut-answer" | "cut-question" | "silent";

export interface CuttingRelay {
  readonly port: number;
  /** For connections that are open as well. */
  set(mode: RelayMode): void;
  /** All connections that are open. */
  cut(): void;
  close(): Promise<void>;
}

export async function openCuttingRelay(toPort: number): Promise<CuttingRelay> {
  let mode: RelayMode = "pass";
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
    near.on("data", (chunk: Buffer) => {
      if (mode === "silent") return;
      if (mode === "cut-question") far.write(chunk.subarray(0, chunk.length / 2), cut);
      else far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => {
      if (mode === "silent") return;
      if (mode === "cut-answer") cut();
      else near.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => { for (const socket of sockets) socket.destroy(); };
  return {
    port: (server.address() as AddressInfo).port,
    set(next) { mode = next; },
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
