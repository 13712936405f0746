// A service's endpoints, as its own documentation has them, and what its presets are meant to say of each: `+` lets it through, `-` does not.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface EndpointRow {
  readonly preset: string;
  readonly isAllowed: boolean;
  readonly method: string;
  /** As it is sent: perhaps with encoded slashes, without a query. */
  readonly path: string;
  /** The kind of operation in the body, where that is GraphQL. */
  readonly operation: string | undefined;
}

export interface PresetTable {
  /** Where the endpoints are from, and when. */
  readonly source: string;
  readonly rows: readonly EndpointRow[];
}

const ROW = /^(?<sign>[+-]) (?<method>[A-Z]+) (?<path>\/\S*)(?: \{(?<operation>query|mutation|subscription)\})?$/;

/** @throws Error for a line that is no row, and for a row above the first preset's name. */
export function readPresetTable(service: string): PresetTable {
  const [first = "", ...lines] = readFileSync(fileURLToPath(new URL(`presets/${service}.txt`, import.meta.url)), "utf8").trimEnd().split("\n");
  const rows: EndpointRow[] = [];
  let preset: string | undefined;
  for (const line of lines) {
    preset = /^\[(.+)\]$/.exec(line)?.[1] ?? preset;
    if (line.startsWith("[")) continue;
    const { sign, method, path, operation } = ROW.exec(line)?.groups ?? {};
    if (preset === undefined || method === undefined || path === undefined) throw new Error(`${service}: ${line}`);
    rows.push({ preset, isAllowed: sign === "+", method, path, operation });
  }
  return { source: first.replace(/^# /, ""), rows };
}
