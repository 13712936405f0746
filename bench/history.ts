// The ratios that matter, one line for each whole run in HISTORY.jsonl, and what has become worse against the lines before.
import type { Section } from "./figures.ts";
import { cpuColumn, mainColumn, medianOf, ratioBetween } from "./figures.ts";

export interface HistoryRun {
  /** YYYY-MM-DD. */
  readonly date: string;
  /** Short, and with `+` where files were changed. */
  readonly commit: string;
  readonly node: string;
  readonly cores: number;
  /** By the names of `WATCHED`; one that could not be measured is left out. */
  readonly ratios: Readonly<Record<string, number>>;
}

interface Watched {
  readonly name: string;
  readonly title: string;
  readonly row: string;
  readonly reference: string;
  /** By the section's first column, if not this. */
  readonly isOfCpu?: true;
  readonly better: "up" | "down";
}

export interface Worse {
  readonly name: string;
  readonly now: number;
  readonly before: number;
}

/** A ratio counts as worse when it is so much off the median of the runs before. Below that it is this kind of machine's own unrest. */
export const MARGIN = 0.2;
/** How many runs before are looked at. */
export const LOOK_BACK = 5;

const SIXTEEN = "Requests over 16 kept connections";
const [STARTS, NODE_ALONE, OF_MANY, OF_FEW] = ["Start-up", "node -e 0", "10,000 secrets", "10 secrets"];
export const WATCHED: readonly Watched[] = [
  { name: "requests ÷ floor", title: SIXTEEN, row: "vault", reference: "floor", better: "up" },
  { name: "CPU of a request ÷ floor", title: SIXTEEN, row: "vault", reference: "floor", isOfCpu: true, better: "down" },
  { name: "new connections ÷ floor", title: "New connections", row: "vault", reference: "floor", better: "up" },
  { name: "requests, brokered ÷ local", title: SIXTEEN, row: "vault, through a broker", reference: "vault", better: "up" },
  { name: "download ÷ blind tunnel", title: "1024 MiB down", row: "vault, looked through", reference: "vault, blind tunnel", better: "up" },
  { name: "run -- true ÷ node -e 0", title: STARTS, row: "vault run, agent unlocked", reference: NODE_ALONE, better: "down" },
  { name: "status ÷ node -e 0", title: STARTS, row: "vault status", reference: NODE_ALONE, better: "down" },
  { name: "secrets list, 10,000 ÷ 10", title: "vault secrets list", row: OF_MANY, reference: OF_FEW, better: "down" },
  { name: "run -s, 10,000 ÷ 10", title: "vault run -s NUMBER_7", row: OF_MANY, reference: OF_FEW, better: "down" },
  { name: "rotate-master, 10,000 ÷ 10", title: "vault rotate-master", row: OF_MANY, reference: OF_FEW, better: "down" },
];

export function watchedRatios(sections: readonly Section[]): Record<string, number> {
  return Object.fromEntries(WATCHED.flatMap(({ name, title, row, reference, isOfCpu }) => {
    const section = sections.find((one) => one.title === title);
    const ratio = section === undefined ? undefined : ratioBetween(section, row, reference, isOfCpu ? cpuColumn(section) : mainColumn(section));
    return ratio === undefined ? [] : [[name, Math.round(ratio * 1000) / 1000]];
  }));
}

/** @throws Error that names the line which is none of a history's. */
export function parseHistory(text: string): HistoryRun[] {
  return text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [parseRun(line, index + 1)]));
}

export function encodeRun(run: HistoryRun): string {
  return `${JSON.stringify(run)}\n`;
}

/** What is worse now, by more than the margin, than the median of the last runs of its like: with as many cores, and Node of the same major version. A ratio that none of them has is not judged. */
export function compareWithHistory(now: HistoryRun, history: readonly HistoryRun[]): { readonly runs: number; readonly worse: readonly Worse[] } {
  const like = history.filter(({ cores, node }) => cores === now.cores && majorOf(node) === majorOf(now.node)).slice(-LOOK_BACK);
  const worse = WATCHED.flatMap(({ name, better }) => {
    const [ratio, before] = [now.ratios[name], medianOf(like.flatMap(({ ratios }) => ratios[name] ?? []))];
    if (ratio === undefined || !Number.isFinite(before)) return [];
    const off = better === "down" ? ratio / before : before / ratio;
    return off > 1 + MARGIN ? [{ name, now: ratio, before }] : [];
  });
  return { runs: like.length, worse };
}

/** For the report. */
export function formatComparison({ runs, worse }: ReturnType<typeof compareWithHistory>): string {
  const against = `the median of the last ${runs === 1 ? "run" : `${runs} runs`} with as many cores and the same major version of Node`;
  const verdict = runs === 0
    ? "There is no run before to compare with."
    : worse.length === 0
      ? `No watched ratio is worse by more than ${MARGIN * 100} % than ${against}.`
      : `Worse by more than ${MARGIN * 100} % than ${against}:\n\n${worse.map(({ name, now, before }) => `- ${name}: ${now.toFixed(2)}, was ${before.toFixed(2)}`).join("\n")}`;
  return `## Against the runs before\n\n${verdict}\n`;
}

function parseRun(line: string, number: number): HistoryRun {
  const wrong = new Error(`line ${number} of the history is no run`);
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    throw wrong;
  }
  if (typeof read !== "object" || read === null) throw wrong;
  const { date, commit, node, cores, ratios } = read as Readonly<Record<string, unknown>>;
  if (typeof date !== "string" || typeof commit !== "string" || typeof node !== "string" || typeof cores !== "number" || typeof ratios !== "object" || ratios === null) throw wrong;
  const entries = Object.entries(ratios).map(([name, ratio]: [string, unknown]) => {
    if (typeof ratio !== "number" || !(ratio > 0)) throw wrong;
    return [name, ratio] as const;
  });
  return { date, commit, node, cores, ratios: Object.fromEntries(entries) };
}

function majorOf(node: string): string {
  return node.split(".")[0] ?? "";
}
