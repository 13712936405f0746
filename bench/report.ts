// The figures as Markdown.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { Section } from "./figures.ts";
import { mainColumn, medianOf, ratioOf } from "./figures.ts";

export function formatSection(section: Section): string {
  const columns = [...new Set(section.rows.flatMap(({ cells }) => Object.keys(cells)))];
  const references = section.references.flatMap((name) => section.rows.filter((row) => row.name === name));
  const compared = [mainColumn(section), ...columns.filter((column) => column.startsWith("CPU"))];
  const ratios = references.flatMap((reference) => compared.map((column) => ({ reference, column })));
  const lines = section.rows.map(({ name, cells }) => [
    name,
    ...columns.map((column) => formatCell(cells[column] ?? [])),
    ...ratios.map(({ reference, column }) => (reference.name === name ? "1" : formatNumber(ratioOf(cells[column] ?? [], reference.cells[column] ?? [])))),
  ]);
  const head = ["", ...columns, ...ratios.map(({ reference, column }) => `${column.startsWith("CPU") ? "CPU " : ""}÷ ${reference.name}`)];
  const table = [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...lines].map((cells) => `| ${cells.join(" | ")} |`);
  return `## ${section.title}\n\n${section.about} ${section.better === "up" ? "More" : "Less"} is better.\n\n${table.join("\n")}\n`;
}

/** The machine and the programs, for a reader elsewhere. */
export function describeMachine(): string {
  const versionOf = (file: string): string => {
    try {
      return String((JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as { version?: unknown }).version);
    } catch {
      return "not installed";
    }
  };
  const peers = ["http-mitm-proxy", "mockttp", "@anthropic-ai/sandbox-runtime"].map((name) => `${name} ${versionOf(`./node_modules/${name}/package.json`)}`);
  const said = (command: string, pattern: RegExp, flag = "--version"): string | undefined => pattern.exec(spawnSync(command, [flag], { encoding: "utf8" }).stdout ?? "")?.[1];
  const commands = { mitmproxy: said("mitmdump", /^Mitmproxy: (\S+)/m), varlock: said("varlock", /^(\d\S*)/m), Go: said("go", /^go version go(\S+)/m, "version"), Rust: said("cargo", /^cargo (\S+)/m), hudsucker: hudsuckerVersion() };
  for (const [name, version] of Object.entries(commands)) if (version !== undefined) peers.push(`${name} ${version}`);
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release().split("-")[0] ?? ""} ${arch()}; Node ${process.version}, vault ${versionOf("../package.json")}, ${peers.join(", ")}.`;
}

/** The one that the bare Rust proxy is made of. */
function hudsuckerVersion(): string | undefined {
  return /name = "hudsucker"\nversion = "([^"]+)"/.exec(readFileSync(new URL("./processes/native/rust/Cargo.lock", import.meta.url), "utf8"))?.[1];
}

/** Median, and the least and the most of the rounds. */
function formatCell(figures: readonly number[]): string {
  const values = figures.filter((value) => Number.isFinite(value));
  if (values.length === 0) return "";
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.length === 1 || least === most ? formatNumber(medianOf(values)) : `${formatNumber(medianOf(values))} (${formatNumber(least)}–${formatNumber(most)})`;
}

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 100 ? Math.round(value).toLocaleString("en") : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
