// The timeline of an audit page: for each secret and host a strip, uses above and refusals below its middle. Positions are attributes of SVG, since a policy by hash allows no style attributes.
import type { ReportedUse } from "../../app/auditing/audit-report.ts";
import type { Html } from "./html.ts";
import { breakable, html } from "./html.ts";

export const TIMELINE_STYLE = `
.strip{display:grid;grid-template-columns:minmax(8rem,18rem) 1fr;gap:0 1rem;align-items:center;padding:.25rem 0;border-bottom:1px solid var(--line)}.strip svg{width:100%;height:2rem;display:block}
.strip line{vector-effect:non-scaling-stroke;stroke-width:2}.axis{stroke:var(--line)}.use{stroke:var(--used)}.refusal{stroke:var(--refused)}
.ends{display:flex;justify-content:space-between;gap:1rem;font-size:.85rem}.legend b{font-weight:600}.legend .use-word{color:var(--used)}.legend .refusal-word{color:var(--refused)}
@media (max-width:60rem){.strip{grid-template-columns:1fr}}
`;

const WIDTH = 1000;
/** Marks that would cover each other are one. */
const BINS = 250;
const STRIPS_MAX = 100;

/** Nothing where nothing happened. */
export function timelineRows(uses: readonly ReportedUse[]): Html[] {
  const all = uses.flatMap(({ usedAt, refusedAt }) => [...usedAt, ...refusedAt]).map((at) => Date.parse(at)).filter((at) => !Number.isNaN(at));
  if (all.length === 0) return [];
  const from = all.reduce((least, at) => Math.min(least, at));
  const to = all.reduce((most, at) => Math.max(most, at));
  const strips = uses.filter(({ usedAt, refusedAt }) => usedAt.length + refusedAt.length > 0);
  return [
    html`<p class="legend faint"><b class="use-word">Above the line: used.</b> <b class="refusal-word">Below the line: refused.</b></p>`,
    ...strips.slice(0, STRIPS_MAX).map((use) => strip(use, from, to)),
    html`<p class="ends faint"><span>${shortTime(from)}</span><span>${shortTime(to)}</span></p>`,
    ...(strips.length > STRIPS_MAX ? [html`<p class="faint">and ${strips.length - STRIPS_MAX} more, below</p>`] : []),
  ];
}

function strip({ secret, host, usedAt, refusedAt }: ReportedUse, from: number, to: number): Html {
  const told = `${secret} at ${host}: used ${String(usedAt.length)} times, refused ${String(refusedAt.length)} times`;
  return html`<div class="strip"><div><code>${breakable(secret)}</code> <span class="faint">at <code>${breakable(host)}</code></span></div><svg role="img" aria-label="${told}" viewBox="0 0 ${WIDTH} 32" preserveAspectRatio="none"><line class="axis" x1="0" x2="${WIDTH}" y1="16" y2="16"/>${marks(usedAt, "use", 2, 14, from, to)}${marks(refusedAt, "refusal", 18, 30, from, to)}</svg></div>`;
}

function marks(times: readonly string[], kind: "use" | "refusal", top: number, bottom: number, from: number, to: number): Html[] {
  const bins = new Map<number, { count: number; readonly first: string }>();
  for (const at of times) {
    const bin = to === from ? BINS / 2 : Math.round(((Date.parse(at) - from) / (to - from)) * (BINS - 1));
    const known = bins.get(bin);
    if (known === undefined) bins.set(bin, { count: 1, first: at });
    else known.count += 1;
  }
  return [...bins].filter(([bin]) => !Number.isNaN(bin)).map(([bin, { count, first }]) => {
    const x = ((bin + 0.5) / BINS) * WIDTH;
    return html`<line class="${kind}" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"><title>${first.slice(0, 19).replace("T", " ")}${count > 1 ? ` and ${String(count - 1)} more` : ""}</title></line>`;
  });
}

function shortTime(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}
