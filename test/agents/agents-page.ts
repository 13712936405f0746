// docs/agents.md's part that tells of agents, made from what was run.
import type { Agent } from "./agent-programs.ts";

const BEGIN = "<!-- agents -->";
const END = "<!-- /agents -->";

/** @param date when it was measured, as in 2026-01-31. */
export function formatSection({ name, packageName, typed, notes, script, variables = {} }: Agent, version: string, date: string): string {
  const setting = Object.entries(variables).map(([variable, value]) => `\`${variable}=${value}\``);
  return `## ${name}

\`\`\`
${typed}
\`\`\`

${notes}

Measured on ${date} with ${packageName} ${version}: \`${script.replaceAll('"$AGENT"', name.replace(/,.*/, "")).replaceAll("$AGENT", name).replaceAll('"$NODE" ', "")}\`${setting.length === 0 ? "" : `, with ${setting.join(" and ")}`}. It answered the prompt, its shell reached a bound host with the placeholder, and a second run went on with what the first had stored.
`;
}

/** The section of an agent, or undefined. */
export function findSection(page: string, name: string): string | undefined {
  return sectionsOf(page).find((section) => section.startsWith(`## ${name}\n`));
}

/** A new one stands last. @throws Error where the page has no markers. */
export function putSection(page: string, name: string, section: string): string {
  const sections = sectionsOf(page);
  const at = sections.findIndex((old) => old.startsWith(`## ${name}\n`));
  const all = at < 0 ? [...sections, section] : sections.with(at, section);
  return `${page.slice(0, page.indexOf(BEGIN) + BEGIN.length)}\n${all.join("\n")}${page.slice(page.indexOf(END))}`;
}

function sectionsOf(page: string): string[] {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/agents.md has no ${BEGIN} … ${END}`);
  return page.slice(begin + BEGIN.length + 1, end).split(/\n(?=## )/).filter((section) => section !== "").map((section) => (section.endsWith("\n") ? section : `${section}\n`));
}
