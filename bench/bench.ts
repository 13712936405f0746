// npm run bench [-- --quick] [-- --only startup,requests,transfers,scrub,proofs,scale,changes]: measures, and leaves what it found in RESULTS.md, results.svg, the figures of docs/speed.md and a line of HISTORY.jsonl.
import { parseArgs } from "node:util";
import { measureChanges } from "./changes.ts";
import type { Arena } from "./contenders.ts";
import { openArena } from "./contenders.ts";
import type { Section } from "./figures.ts";
import { tellMissing } from "./peers.ts";
import { measureProofs } from "./proofs.ts";
import { formatSection } from "./report.ts";
import { measureRequests } from "./requests.ts";
import { leaveResults } from "./results.ts";
import { measureScale } from "./scale.ts";
import { measureScrub } from "./scrub.ts";
import { measureStartup } from "./startup.ts";
import { measureTransfers } from "./transfers.ts";

const PARTS: Readonly<Record<string, (isQuick: boolean) => Promise<Section[]>>> = {
  startup: measureStartup,
  requests: (isQuick) => inArena((arena) => measureRequests(arena, isQuick)),
  transfers: (isQuick) => inArena((arena) => measureTransfers(arena, isQuick)),
  scrub: measureScrub,
  proofs: measureProofs,
  scale: measureScale,
  changes: measureChanges,
};

async function inArena(measure: (arena: Arena) => Promise<Section[]>): Promise<Section[]> {
  const arena = await openArena();
  try {
    return await measure(arena);
  } finally {
    await arena.close();
  }
}

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
const wanted = values.only?.split(",") ?? Object.keys(PARTS);
const unknown = wanted.find((part) => PARTS[part] === undefined);
if (unknown !== undefined) {
  console.error(`"${unknown}" is not measured; --only takes ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
if (wanted.includes("requests") || wanted.includes("transfers")) for (const line of tellMissing()) console.error(line);

const sections: Section[] = [];
for (const part of wanted) {
  console.error(`measuring ${part} …`);
  const measured = (await PARTS[part]?.(values.quick)) ?? [];
  for (const section of measured) console.log(formatSection(section));
  sections.push(...measured);
}
// Half a measurement must not take the place of a whole one.
if (values.only === undefined && !values.quick) console.log(leaveResults(sections));
