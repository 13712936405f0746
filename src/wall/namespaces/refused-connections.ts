// How often the program's network has refused a connection because nobody listens at the port: the kernel does so by itself, and tells nobody where to. It counts them, though.
import { closeSync, openSync, readSync } from "node:fs";

export interface RefusedConnections {
  /** So far. Also when all processes of the network have ended. 0 where it cannot be told. */
  count(): number;
  close(): void;
}

const TEXT_BYTES = 16_384;

/** @param pid of a process in that network. An open file of its numbers outlives it. */
export function watchRefusedConnections(pid: number): RefusedConnections {
  let descriptor = openQuietly(`/proc/${pid}/net/snmp`);
  return {
    count: () => (descriptor === undefined ? 0 : parseFailedAttempts(readQuietly(descriptor))),
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** @param text of /proc/net/snmp: for each protocol a line of names, and one of numbers. Pure. */
export function parseFailedAttempts(text: string): number {
  const [names = [], numbers = []] = text.split("\n").filter((line) => line.startsWith("Tcp: ")).map((line) => line.split(" "));
  const number = Number(numbers[names.indexOf("AttemptFails")]);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

function openQuietly(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

function readQuietly(descriptor: number): string {
  try {
    const bytes = Buffer.alloc(TEXT_BYTES);
    return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, TEXT_BYTES, 0));
  } catch {
    return "";
  }
}
