import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "./raw-sockets.ts";

const TRIES = 1200;
const PAUSE_MS = 25;

/** Waits until a server takes connections. @throws Error where its process has ended, or half a minute is over. */
export async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < TRIES && child.exitCode === null; tries += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => { resolve(true); socket.destroy(); });
      socket.once("error", () => { resolve(false); });
    });
    if (isOpen) return;
    await sleep(PAUSE_MS);
  }
  throw new Error("the server did not start");
}
