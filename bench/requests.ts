// Small requests through each proxy: how many, how long each takes, what they cost.
import type { Arena, Contender } from "./contenders.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";
import { runLoad } from "./load.ts";

const SHORT = "A short JSON answer, one header replaced on the way.";
const KINDS = [
  { connections: 1, bodyBytes: 0, title: "Requests over one kept connection", about: SHORT },
  { connections: 16, bodyBytes: 0, title: "Requests over 16 kept connections", about: SHORT },
  { connections: 128, bodyBytes: 0, title: "Requests over 128 kept connections", about: SHORT },
  { connections: 16, bodyBytes: 2_000, title: "Requests with a body over 16 kept connections", about: "POST with 2,000 bytes, which are looked through for placeholders; otherwise the same." },
];

export async function measureRequests({ bound, direct, floor, plain, vault, walled, brokered, peers }: Arena, isQuick: boolean): Promise<Section[]> {
  const [rounds, seconds, warmSeconds] = isQuick ? [3, 1, 0.5] : [4, 1.5, 0.5];
  const contenders = [direct, floor, plain, vault, ...walled, brokered, ...peers];
  const turns = (measure: (contender: Contender) => Promise<Record<string, number>>) =>
    inTurns(rounds, Object.fromEntries(contenders.map((contender) => [contender.name, () => (peers.includes(contender) ? patiently(() => measure(contender)) : measure(contender))])), 1);
  const sections: Section[] = [];
  for (const { connections, bodyBytes, title, about } of isQuick ? KINDS.slice(0, 2) : KINDS) {
    const rows = await turns(async (contender) => {
      const { count, seconds: took, cpuSeconds, p50Ms, p99Ms } = await runLoad({ kind: "requests", bodyBytes, connections, seconds, warmSeconds }, bound, contender);
      return { "requests/s": count / took, "CPU µs/request": (cpuSeconds * 1e6) / count, "p50 ms": p50Ms, "p99 ms": p99Ms };
    });
    sections.push({ title, about, better: "up", unit: "requests/s", references: ["floor", "plain", "vault"], rows });
  }
  const rows = await turns(async (contender) => {
    const { count, seconds: took, cpuSeconds } = await runLoad({ kind: "connections", connections: 8, seconds, warmSeconds }, bound, contender);
    return { "connections/s": count / took, "CPU ms/connection": (cpuSeconds * 1e3) / count };
  });
  return [...sections, { title: "New connections", about: "CONNECT, a full TLS handshake, one request, and gone; eight at a time.", better: "up", unit: "connections/s", references: ["floor", "plain", "vault"], rows }];
}

const TRIES = 3;

/** A peer may fail now and then (mockttp takes a connection for its own when a port comes round again). It gets another try, and in the end a round without a figure. */
async function patiently(measure: () => Promise<Record<string, number>>): Promise<Record<string, number>> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await measure();
    } catch (error) {
      if (tries < TRIES) continue;
      console.error(`a round without a figure: ${reasonIn(error instanceof Error ? error.message : String(error))}`);
      return {};
    }
  }
}

/** The load's own words, which stand behind the command in the error of a process that has failed. */
function reasonIn(message: string): string {
  return message.split("\n").find((line) => line.startsWith("Error:")) ?? message.slice(0, 200);
}
