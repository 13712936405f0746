// The main column of each table as bars with their spreads: one SVG file, readable on light and dark pages.
import type { Section } from "./figures.ts";
import { mainColumn, medianOf } from "./figures.ts";
import { formatNumber } from "./report.ts";

const WIDTH = 760;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 90;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
const [ROW_HEIGHT, BAR_HEIGHT, TITLE_HEIGHT, GAP] = [22, 14, 30, 18];
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  .spread { stroke: #24292f; stroke-width: 1 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .spread { stroke: #e6edf3 } .ours { fill: #4493f8 } }
`;

export function drawSections(sections: readonly Section[]): string {
  let y = GAP;
  const drawn = sections.map((section) => {
    const svg = drawSection(section, y);
    y += TITLE_HEIGHT + section.rows.length * ROW_HEIGHT + GAP;
    return svg;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}">\n<style>${STYLE}</style>\n${drawn.join("\n")}\n</svg>\n`;
}

function drawSection(section: Section, top: number): string {
  const column = mainColumn(section);
  const most = Math.max(...section.rows.flatMap(({ cells }) => cells[column] ?? []));
  const bars = section.rows.map(({ name, cells }, index) => {
    const values = cells[column] ?? [];
    const [middle, least, greatest] = [medianOf(values), Math.min(...values), Math.max(...values)].map((value) => (value / most) * BAR_WIDTH);
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT;
    const line = y + BAR_HEIGHT / 2;
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 12}" text-anchor="end">${escapeXml(name)}</text>`,
      `<rect class="bar${name.startsWith("vault") ? " ours" : ""}" x="${LABEL_WIDTH}" y="${y}" width="${round(middle)}" height="${BAR_HEIGHT}"/>`,
      `<line class="spread" x1="${LABEL_WIDTH + round(least)}" x2="${LABEL_WIDTH + round(greatest)}" y1="${line}" y2="${line}"/>`,
      `<text x="${LABEL_WIDTH + round(greatest) + 6}" y="${y + 12}">${formatNumber(medianOf(values))}</text>`,
    ].join("");
  });
  return `<text class="title" x="8" y="${top + 14}">${escapeXml(section.title)} (${section.unit}; ${section.better === "up" ? "longer" : "shorter"} is better)</text>\n${bars.join("\n")}`;
}

function round(value: number | undefined): number {
  return Math.round((value ?? 0) * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
