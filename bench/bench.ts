// npm run bench [-- --quick] [-- --only startup,requests,transfers,scale]: measures, and writes RESULTS.md and results.svg beside this file.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openArena, tellMissing } from "./contenders.ts";
import type { Section } from "./figures.ts";
import { describeMachine, formatSection } from "./report.ts";
import { measureRequests } from "./requests.ts";
import { measureTransfers } from "./transfers.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
const only = values.only?.split(",");
const isWanted = (part: string): boolean => only === undefined || only.includes(part);

for (const line of tellMissing()) console.error(line);
const sections: Section[] = [];
const take = (measured: readonly Section[]): void => {
  for (const section of measured) console.log(formatSection(section));
  sections.push(...measured);
};

if (isWanted("requests") || isWanted("transfers")) {
  const arena = await openArena();
  try {
    if (isWanted("requests")) take(await measureRequests(arena, values.quick));
    if (isWanted("transfers")) take(await measureTransfers(arena, values.quick));
  } finally {
    await arena.close();
  }
}
