// docs/reference: a page for each first word of the commands, from oclif.manifest.json.

/** `vault secrets create`. */
export const nameOf = (id) => `vault ${id.replaceAll(":", " ")}`;
export const visibleFlags = ({ flags }) => Object.values(flags).filter(({ hidden }) => hidden !== true).sort((one, other) => (one.name < other.name ? -1 : 1));

/** `-s, --secret=NAME`, as it is typed. */
export function spellFlag({ name, char, type, helpValue, options, allowNo, multiple }) {
  const value = type === "boolean" ? "" : `=${helpValue ?? options?.join("|") ?? "VALUE"}`;
  return `${char === undefined ? "" : `-${char}, `}--${allowNo === true ? "[no-]" : ""}${name}${value}${multiple === true ? " …" : ""}`;
}

/** `NAME [ORIGIN…]`. */
export function spellArguments({ args }) {
  return Object.values(args).map(({ name, required, multiple }) => {
    const word = `${name.toUpperCase()}${multiple === true ? "…" : ""}`;
    return required === true ? word : `[${word}]`;
  }).join(" ");
}

export function spellUsage(id, command) {
  const own = typeof command.usage === "string" ? command.usage.split(" | ").map((line) => `vault ${line}`) : undefined;
  return own ?? [[nameOf(id), spellArguments(command), "[FLAGS]"].filter((part) => part !== "").join(" ")];
}

export const exampleOf = (example) => {
  const { description, command } = typeof example === "string" ? { description: undefined, command: example } : example;
  return { description, command: command.replaceAll("<%= config.bin %>", "vault") };
};

/** What stands behind a flag's description: its options and default, where the description has them not. */
export function describeFlag({ description = "", options, default: usual, helpValue }) {
  const more = [options !== undefined && helpValue !== undefined ? `one of ${options.join(", ")}` : undefined, typeof usual === "string" && !description.includes(`default: ${usual}`) ? `default: ${usual}` : undefined];
  return [description, ...more.filter((part) => part !== undefined)].join("; ");
}

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function formatCommand(id, command) {
  const parts = [`## ${nameOf(id)}`, `${command.summary ?? ""}.`, `\`\`\`\n${spellUsage(id, command).join("\n")}\n\`\`\``];
  if (command.description !== undefined) parts.push(command.description);
  const args = Object.values(command.args);
  if (args.length > 0) parts.push(["| argument | |", "|---|---|", ...args.map(({ name, description = "" }) => `| \`${name.toUpperCase()}\` | ${cell(description)} |`)].join("\n"));
  const flags = visibleFlags(command).filter(({ name }) => name !== "json");
  if (flags.length > 0) parts.push(["| flag | |", "|---|---|", ...flags.map((flag) => `| \`${cell(spellFlag(flag))}\` | ${cell(describeFlag(flag))} |`)].join("\n"));
  const examples = (command.examples ?? []).map(exampleOf).map(({ description, command: line }) => `${description === undefined ? "" : `# ${description}\n`}${line}`);
  if (examples.length > 0) parts.push(`\`\`\`\n${examples.join("\n")}\n\`\`\``);
  return parts.join("\n\n");
}

/** @returns texts by their paths below docs/reference. */
export function formatReference(commands) {
  const ids = Object.keys(commands).sort();
  const words = [...new Set(ids.map((id) => id.split(":")[0]))];
  const pages = words.map((word) => {
    const own = ids.filter((id) => id.split(":")[0] === word);
    return [`${word}.md`, `# vault ${word}\n\n${own.map((id) => formatCommand(id, commands[id])).join("\n\n")}\n`];
  });
  const rows = ids.map((id) => `| [\`${nameOf(id)}\`](${id.split(":")[0]}.md${id.includes(":") ? `#${nameOf(id).replaceAll(" ", "-")}` : ""}) | ${cell(commands[id].summary ?? "")} |`);
  const about = "Written from the commands themselves (`npm run docs`). `vault COMMAND --help` says the same, and `man vault-run` where the package is installed with its pages. Each command has `--json`: one JSON object with stable keys. Its examples are run by a test.";
  return Object.fromEntries([["README.md", `# Commands\n\n${about}\n\n| command | |\n|---|---|\n${rows.join("\n")}\n`], ...pages]);
}
