// A page of docs/, as a terminal shows it. Pure: Markdown in, lines out. The pages are ours, and written in what is taken apart here.

export interface HelpPage {
  readonly title: string;
  /** What it is about, up to the first command or section that has one. */
  readonly short: string;
  readonly whole: string;
  /** Headings of its sections. */
  readonly sections: readonly string[];
}

/** @param markdown a page that begins with its title. */
export function parseHelpPage(markdown: string): HelpPage {
  const text = markdown.replaceAll(/<!--[^]*?-->\n?/g, "");
  const [head = "", ...sections] = splitSections(text);
  const short = head.includes("```") ? head : [head, ...sections.slice(0, 1)].join("\n");
  return {
    title: plain(/^# (.*)$/m.exec(text)?.[1] ?? ""),
    short: show(short),
    whole: show(text),
    sections: sections.map((section) => plain(/^## (.*)$/m.exec(section)?.[1] ?? "")),
  };
}

/** The sections of the page of messages that are about a code, for requests and for commands. */
export function findCodeSections(markdown: string, code: string): string[] {
  return markdown.split(/^(?=#{2,3} )/m).filter((section) => new RegExp(`^### (?:Refused|Error): \`${code}\`\n`).test(section)).map(show);
}

/** Codes that have a section there. */
export function listCodes(markdown: string): string[] {
  return [...new Set([...markdown.matchAll(/^### (?:Refused|Error): `([a-z-]+)`$/gm)].map(([, code = ""]) => code))];
}

/** At headings that are no lines of a block. */
function splitSections(text: string): string[] {
  const parts = [""];
  let isBlock = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) isBlock = !isBlock;
    if (!isBlock && line.startsWith("## ")) parts.push("");
    parts.push(`${parts.pop() ?? ""}${line}\n`);
  }
  return parts;
}

function show(text: string): string {
  const lines: string[] = [];
  let isBlock = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) isBlock = !isBlock;
    else if (isBlock) lines.push(`    ${line}`);
    else if (!/^!\[|^\|[-|]+\|$/.test(line)) lines.push(plain(line.replace(/^#+ /, "")));
  }
  return lines.join("\n").replaceAll(/\n{3,}/g, "\n\n").trim();
}

/** Of a link to another page, what shows that page here; of one to elsewhere, its address. */
function plain(line: string): string {
  return line
    .replaceAll(/\[([^\]]*)\]\(([^)]*)\)/g, (_, words: string, target: string) => {
      const page = /^([A-Za-z-]+)\.md/.exec(target)?.[1];
      return page !== undefined ? `${words} (vault help ${page.toLowerCase()})` : target.startsWith("https:") ? `${words} (${target})` : words;
    })
    .replaceAll("**", "")
    .replaceAll(/\*(\w+)\*/g, "$1");
}
