// Small requests through each proxy: how many, how long each takes, what they cost.
import type { Arena, Contender } from "./contenders.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";
import { runLoad } from "./load.ts";

const SHORT = "A short JSON answer, one header replaced on the way.";
/** The others are measured where they tell most: all of them everywhere would take twice as long. */
const KINDS = [
  { connections: 1, bodyBytes: 0, withOthers: true, title: "Requests over one kept connection", about: SHORT },
  { connections: 16, bodyBytes: 0, withOthers: true, title: "Requests over 16 kept connections", about: SHORT },
  { connections: 128, bodyBytes: 0, withOthers: false, title: "Requests over 128 kept connections", about: SHORT },
  { connections: 16, bodyBytes: 2_000, withOthers: false, title: "Requests with a body over 16 kept connections", about: "POST with 2,000 bytes, which are looked through for placeholders; otherwise the same." },
];

export async function measureRequests({ bound, direct, floor, plain, vault, walled, brokered, natives, peers }: Arena, isQuick: boolean): Promise<Section[]> {
  const [rounds, seconds, warmSeconds] = isQuick ? [2, 0.6, 0.3] : [4, 1.5, 0.5];
  const ours = [direct, floor, plain, vault, ...walled, brokered];
  const turns = (withOthers: boolean, measure: (contender: Contender) => Promise<Record<string, number>>) =>
    inTurns(rounds, Object.fromEntries([...ours, ...(withOthers ? [...natives, ...peers] : [])].map((contender) => [contender.name, () => (peers.includes(contender) ? patiently(() => measure(contender)) : measure(contender))])), 1);
  const sections: Section[] = [];
  for (const { connections, bodyBytes, withOthers, title, about } of isQuick ? KINDS.slice(0, 2) : KINDS) {
    const rows = await turns(withOthers, async (contender) => {
      const { count, seconds: took, cpuSeconds, p50Ms, p99Ms } = await runLoad({ kind: "requests", bodyBytes, connections, seconds, warmSeconds }, bound, contender);
      return { "requests/s": count / took, "CPU µs/request": (cpuSeconds * 1e6) / count, "p50 ms": p50Ms, "p99 ms": p99Ms };
    });
    sections.push({ title, about, better: "up", unit: "requests/s", references: ["floor", "plain", "vault"], rows });
  }
  const rows = await turns(true, async (contender) => {
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
