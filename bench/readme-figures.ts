// The few figures that docs/speed.md shows, out of the same measurement as RESULTS.md: ratios, since everything else is one machine's.
import { readFileSync, writeFileSync } from "node:fs";
import type { Section } from "./figures.ts";
import { mainColumn, ratioBetween } from "./figures.ts";
import { BARE_GO, BARE_RUST } from "./native.ts";
import { SANDBOX_RUNTIME } from "./peers.ts";
import { formatNumber } from "./report.ts";

interface Figure {
  readonly says: string;
  readonly title: string;
  readonly row: string;
  readonly reference: string;
  /** What is better: so many times as quick, or so many times as dear. */
  readonly of: string;
}

const SIXTEEN = "Requests over 16 kept connections";
const DOWN = "1024 MiB down";
const LOOKED_THROUGH = "vault, looked through";
/** As rows are called, and as a sentence calls them. */
const OTHERS = [
  { row: BARE_GO, name: "the bare proxy in Go" },
  { row: BARE_RUST, name: "the bare proxy in Rust" },
  ...[SANDBOX_RUNTIME, "http-mitm-proxy", "mockttp", "varlock"].map((name) => ({ row: name, name })),
  { row: "mitmdump", name: "mitmproxy" },
];
const RACES = [
  { says: "Requests over one connection", title: "Requests over one kept connection", row: "vault" },
  { says: "Requests over 16 connections", title: SIXTEEN, row: "vault" },
  { says: "1 GiB down", title: DOWN, row: LOOKED_THROUGH },
  { says: "1 GiB up", title: "1024 MiB up", row: LOOKED_THROUGH },
];
const FIGURES: readonly Figure[] = [
  { says: "`vault run -- true`, the vault unlocked", title: "Start-up", row: "vault run, agent unlocked", reference: "node -e 0", of: "the time of `node -e 0`" },
  { says: "`vault status`", title: "Start-up", row: "vault status", reference: "node -e 0", of: "the time of `node -e 0`" },
  { says: "requests a second, 16 connections, a secret in each", title: SIXTEEN, row: "vault", reference: "plain", of: "those of a plain proxy on Node that ends TLS and asks no questions" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "floor", of: "those of the barest proxy that Node can be made to be" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: BARE_GO, of: "those of a bare proxy in Go" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: BARE_RUST, of: "those of a bare proxy in Rust" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: SANDBOX_RUNTIME, of: "those of sandbox-runtime" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "http-mitm-proxy", of: "those of http-mitm-proxy" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "mockttp", of: "those of mockttp" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "mitmdump", of: "those of mitmproxy" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "varlock", of: "those of varlock's proxy" },
  { says: "1 GiB down from a bound host, looked through", title: DOWN, row: LOOKED_THROUGH, reference: "vault, blind tunnel", of: "the speed of a blind tunnel" },
  { says: "the same", title: DOWN, row: LOOKED_THROUGH, reference: BARE_GO, of: "the speed of a bare proxy in Go" },
  { says: "the same", title: DOWN, row: LOOKED_THROUGH, reference: BARE_RUST, of: "the speed of a bare proxy in Rust" },
  { says: "1 GiB up to a bound host, looked through", title: "1024 MiB up", row: LOOKED_THROUGH, reference: "vault, blind tunnel", of: "the speed of a blind tunnel" },
  { says: "a blind tunnel, down", title: DOWN, row: "vault, blind tunnel", reference: "bare relay", of: "the speed of a bare relay of bytes on Node" },
  { says: "`vault run -s NAME` with 10,000 secrets in the vault", title: "vault run -s NUMBER_7", row: "10,000 secrets", reference: "10 secrets", of: "the time with 10" },
  { says: "`vault unlock`", title: "vault unlock", row: "vault unlock", reference: "Argon2id alone", of: "the time that deriving the key takes" },
];
const [START, END] = ["<!-- figures -->", "<!-- /figures -->"];

/** Writes the figures between the page's marks, and who else was ahead. What was not measured is left out. */
export function writeReadmeFigures(readme: URL, sections: readonly Section[]): void {
  const rows = FIGURES.flatMap((figure) => {
    const ratio = ratioIn(sections, figure);
    return ratio === undefined ? [] : [`| ${figure.says} | ${formatNumber(ratio)} × ${figure.of} |`];
  });
  const others = tellOthers(sections);
  const text = readFileSync(readme, "utf8");
  const [from, to] = [text.indexOf(START), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error("the page has no place for figures");
  writeFileSync(readme, `${text.slice(0, from + START.length)}\n|  |  |\n| --- | --- |\n${rows.join("\n")}\n${others === "" ? "" : `\n${others}`}${text.slice(to)}`);
}

function ratioIn(sections: readonly Section[], { title, row, reference }: Pick<Figure, "title" | "row" | "reference">): number | undefined {
  const section = sections.find((one) => one.title === title);
  return section === undefined ? undefined : ratioBetween(section, row, reference, mainColumn(section));
}

/** A sentence for each race: who was ahead of vault, and who was not. None where nobody else was measured. */
function tellOthers(sections: readonly Section[]): string {
  return RACES.flatMap(({ says, title, row }) => {
    const others = OTHERS.flatMap(({ row: other, name }) => {
      const ratio = ratioIn(sections, { title, row: other, reference: row });
      return ratio === undefined ? [] : [{ ratio, told: `${name} (${formatNumber(ratio)} ×)` }];
    }).sort((a, b) => b.ratio - a.ratio);
    const list = (isAhead: boolean): string => others.filter(({ ratio }) => ratio > 1 === isAhead).map(({ told }) => told).join(", ");
    if (others.length === 0) return [];
    return [`**${says}**, beside \`vault\`: ${list(true) === "" ? "nobody was ahead" : `ahead were ${list(true)}`}${list(false) === "" ? "" : `; not ahead were ${list(false)}`}.\n`];
  }).join("\n");
}
