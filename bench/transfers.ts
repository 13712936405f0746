// A gibibyte each way: looked through by vault, through its blind tunnel, through a bare relay, through those peers that stream, and without a proxy.
import type { Arena, Contender } from "./contenders.ts";
import type { Section } from "./figures.ts";
import { inTurns } from "./figures.ts";
import { runLoad } from "./load.ts";

const MIB = 1024 * 1024;

export async function measureTransfers({ bound, unbound, direct, vault, walled, floor, relay, natives, peers }: Arena, isQuick: boolean): Promise<Section[]> {
  const [rounds, bytes] = isQuick ? [2, 128 * MIB] : [3, 1024 * MIB];
  const LOOKED_THROUGH = "vault, looked through";
  const ways: Readonly<Record<string, readonly [string, Contender]>> = {
    direct: [unbound, direct], "bare relay": [unbound, relay], "vault, blind tunnel": [unbound, vault], floor: [bound, floor], [LOOKED_THROUGH]: [bound, vault],
    ...Object.fromEntries([...walled, ...natives, ...peers.filter(({ streams }) => streams)].map((contender) => [contender.name, [bound, contender] as const])),
  };
  const sections: Section[] = [];
  for (const kind of ["download", "upload"] as const) {
    const rows = await inTurns(rounds, Object.fromEntries(Object.entries(ways).map(([name, [target, contender]]) => [name, async () => {
      const { count, seconds, cpuSeconds, grownMib } = await runLoad({ kind, bytes }, target, contender);
      return { "MiB/s": count / seconds, "CPU ms/MiB": (cpuSeconds * 1e3) / count, "growth MiB": grownMib };
    }])));
    sections.push({ title: `${bytes / MIB} MiB ${kind === "download" ? "down" : "up"}`, about: "One connection. Growth is of resident memory, at its highest, beyond what it was before.", better: "up", unit: "MiB/s", references: ["bare relay", "vault, blind tunnel", LOOKED_THROUGH], rows });
  }
  return sections;
}
