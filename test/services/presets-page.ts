// The table of docs/presets.md, as it follows from the presets' files.
import type { Preset } from "../../src/services/presets.ts";

const [BEGIN, END] = ["<!-- presets -->\n", "<!-- /presets -->"];

export interface ServiceOfPresets {
  readonly id: string;
  readonly title: string;
  readonly presets: readonly Preset[];
}

/** A row for each preset; the service stands in its first one. */
export function formatPresets(services: readonly ServiceOfPresets[]): string {
  const rows = services.flatMap(({ id, title, presets }) => presets.map(({ name, summary }, index) => `| ${index === 0 ? `${title} (\`${id}\`)` : ""} | \`${name}\` | ${summary} |`));
  return ["| Service | Preset | What it lets through |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

/** @throws Error for a page without the markers. */
export function findTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/presets.md has no ${BEGIN.trim()}`);
  return page.slice(begin + BEGIN.length, end);
}

/** @throws Error for a page without the markers. */
export function putTable(page: string, table: string): string {
  return page.replace(`${BEGIN}${findTable(page)}${END}`, () => `${BEGIN}${table}${END}`);
}
