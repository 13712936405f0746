// The line that a run holds to its session at a broker while its program lives: without it the broker ends the session after a while. A network that fails for a moment ends neither.
import { setTimeout as sleep } from "node:timers/promises";
import type { Socket } from "node:net";
import type { BrokerClient } from "../../broker/client.ts";
import { readEvents } from "../../broker/said.ts";
import { VaultError } from "../../errors.ts";

export interface SessionLine {
  close(): void;
}

export interface SessionLineOptions {
  /** A line of JSON, with its end. */
  readonly hear: (line: string) => void;
  /** Hears, once, why there is no session any more. */
  readonly onLost: (why: VaultError) => void;
}

/** Less than brokers wait that share a store; one by itself says sooner that there is no session any more. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;

/** @throws VaultError where the broker does not give it the first time. */
export async function holdSessionLine(client: Pick<BrokerClient, "follow">, session: string, { hear, onLost }: SessionLineOptions): Promise<SessionLine> {
  let socket: Socket | undefined = await client.follow(session);
  let isClosed = false;
  const isOver = (): boolean => isClosed;
  const hold = async (): Promise<void> => {
    while (socket !== undefined) {
      await readEvents(socket, hear).catch(() => undefined);
      socket.destroy();
      if (isOver()) return;
      socket = await again();
      if (isOver()) socket?.destroy();
    }
  };
  const again = async (): Promise<Socket | undefined> => {
    for (const endMs = performance.now() + PATIENCE_MS; !isOver();) {
      try {
        return await client.follow(session);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        // Whoever answers knows; whoever does not may come back.
        if (["store-unavailable", "busy"].includes(error.code) && performance.now() < endMs) await sleep(PAUSE_MS, undefined, { ref: false });
        else {
          if (!isOver()) onLost(error);
          return undefined;
        }
      }
    }
    return undefined;
  };
  hold().catch(() => undefined);
  return {
    close() {
      isClosed = true;
      socket?.destroy();
    },
  };
}
