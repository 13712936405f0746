// npm run bench [-- --quick] [-- --only startup,requests,transfers,scrub,proofs,scale,changes]: measures, and leaves what it found in RESULTS.md, results.svg and the figures of docs/speed.md.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureChanges } from "./changes.ts";
import type { Arena } from "./contenders.ts";
import { openArena } from "./contenders.ts";
import type { Section } from "./figures.ts";
import { tellMissing } from "./peers.ts";
import { drawSections } from "./plot.ts";
import { measureProofs } from "./proofs.ts";
import { writeReadmeFigures } from "./readme-figures.ts";
import { describeMachine, formatSection } from "./report.ts";
import { measureRequests } from "./requests.ts";
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
if (values.only === undefined && !values.quick) {
  const about = "Made by `npm run bench`: medians, and in brackets the least and the most of the rounds. Take the ratios, which are medians of each round's own; the absolute figures are this machine's.";
  writeFileSync(new URL("RESULTS.md", import.meta.url), `# Results\n\n${about}\n\n${describeMachine()}\n\n![The main figure of each table, as bars](results.svg)\n\n${sections.map(formatSection).join("\n")}`);
  writeFileSync(new URL("results.svg", import.meta.url), drawSections(sections));
  writeReadmeFigures(new URL("../docs/speed.md", import.meta.url), sections);
}
