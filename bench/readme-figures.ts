// The few figures that docs/speed.md shows, out of the same measurement as RESULTS.md: ratios, since everything else is one machine's.
import { readFileSync, writeFileSync } from "node:fs";
import type { Section } from "./figures.ts";
import { mainColumn, ratioOf } from "./figures.ts";
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
const FIGURES: readonly Figure[] = [
  { says: "`vault run -- true`, the vault unlocked", title: "Start-up", row: "vault run, agent unlocked", reference: "node -e 0", of: "the time of `node -e 0`" },
  { says: "`vault status`", title: "Start-up", row: "vault status", reference: "node -e 0", of: "the time of `node -e 0`" },
  { says: "requests a second, 16 connections, a secret in each", title: SIXTEEN, row: "vault", reference: "plain", of: "those of a plain proxy on Node that ends TLS and asks no questions" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "http-mitm-proxy", of: "those of http-mitm-proxy" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "mockttp", of: "those of mockttp" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "mitmdump", of: "those of mitmproxy" },
  { says: "the same", title: SIXTEEN, row: "vault", reference: "varlock", of: "those of varlock's proxy" },
  { says: "1 GiB down from a bound host, looked through", title: "1024 MiB down", row: "vault, looked through", reference: "vault, blind tunnel", of: "the speed of a blind tunnel" },
  { says: "1 GiB up to a bound host, looked through", title: "1024 MiB up", row: "vault, looked through", reference: "vault, blind tunnel", of: "the speed of a blind tunnel" },
  { says: "a blind tunnel, down", title: "1024 MiB down", row: "vault, blind tunnel", reference: "bare relay", of: "the speed of a bare relay of bytes on Node" },
  { says: "`vault run -s NAME` with 10,000 secrets in the vault", title: "vault run -s NUMBER_7", row: "10,000 secrets", reference: "10 secrets", of: "the time with 10" },
  { says: "`vault unlock`", title: "vault unlock", row: "vault unlock", reference: "Argon2id alone", of: "the time that deriving the key takes" },
];
const [START, END] = ["<!-- figures -->", "<!-- /figures -->"];

/** Writes the figures between the page's marks. One that was not measured is left out. */
export function writeReadmeFigures(readme: URL, sections: readonly Section[]): void {
  const rows = FIGURES.flatMap((figure) => {
    const ratio = ratioIn(sections, figure);
    return ratio === undefined ? [] : [`| ${figure.says} | ${formatNumber(ratio)} × ${figure.of} |`];
  });
  const text = readFileSync(readme, "utf8");
  const [from, to] = [text.indexOf(START), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error("the page has no place for figures");
  writeFileSync(readme, `${text.slice(0, from + START.length)}\n|  |  |\n| --- | --- |\n${rows.join("\n")}\n${text.slice(to)}`);
}

function ratioIn(sections: readonly Section[], { title, row, reference }: Figure): number | undefined {
  const section = sections.find((one) => one.title === title);
  if (section === undefined) return undefined;
  const cellsOf = (name: string): readonly number[] => section.rows.find((one) => one.name === name)?.cells[mainColumn(section)] ?? [];
  const ratio = ratioOf(cellsOf(row), cellsOf(reference));
  return Number.isFinite(ratio) ? ratio : undefined;
}
