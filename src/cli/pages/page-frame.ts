// What all pages of this program share: no script and no resource from elsewhere, one style sheet by its hash, light and dark as the reader has it.
import { createHash } from "node:crypto";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

const COLOURS = `
:root{color-scheme:light dark;--page:#fbfbf9;--text:#1c1e21;--faint:#5c6168;--line:#d9dadd;--card:#fff;--used:#1565a8;--refused:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--text:#e8e9eb;--faint:#a3a9b1;--line:#363b42;--card:#1c2026;--used:#7db8f0;--refused:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.25rem;max-width:70rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.5rem 0}
.faint{color:var(--faint)}code{font:.92em ui-monospace,monospace}
`;

/** The CSP source that allows exactly this style sheet or script. */
function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

export interface Page {
  readonly title: string;
  /** Beside what all pages share. Of this program's own text only, as the script is. */
  readonly style: string;
  readonly script?: string;
  readonly body: Html;
}

/** What a browser lets a page do: its own style sheet and, where it has one, its own script, which speaks to nobody but the server that it came from. */
export function policyOf({ style, script }: Pick<Page, "style" | "script">): string {
  const scripts = script === undefined ? [] : [`script-src ${hashSource(script)}`, "connect-src 'self'", "require-trusted-types-for 'script'"];
  return ["default-src 'none'", `style-src ${hashSource(COLOURS + style)}`, ...scripts, "base-uri 'none'", "form-action 'none'"].join("; ");
}

/** The whole document. The policy stands in it, since a file has no headers. */
export function framePage(page: Page): string {
  const { title, style, script, body } = page;
  const head = html`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policyOf(page)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${title}</title>`;
  return `<!doctype html>\n<html lang="en"><head>${head.toString()}<style>${COLOURS}${style}</style></head>\n<body>${body.toString()}${script === undefined ? "" : `<script>${script}</script>`}</body></html>\n`;
}
