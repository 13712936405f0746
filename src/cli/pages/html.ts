// HTML by a template that escapes whatever is put into it: what has to be trusted is only what stands in this program's own text.
import { visible } from "../output/visible-text.ts";

/** Text that is HTML already. Only `html` makes it. */
export class Html {
  readonly #text: string;

  constructor(strings: TemplateStringsArray, parts: readonly HtmlPart[]) {
    this.#text = strings.map((text, index) => (index === 0 ? text : `${encodePart(parts[index - 1] ?? "")}${text}`)).join("");
  }

  toString(): string {
    return this.#text;
  }
}

export type HtmlPart = string | number | Html | readonly Html[];

/** Parts may stand in content and in quoted attributes; never in a script, a style or a tag's name. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings, parts);
}

function encodePart(part: HtmlPart): string {
  if (part instanceof Html) return part.toString();
  if (typeof part === "object") return part.map(String).join("");
  return escapeHtml(String(part));
}

/** Where a name may be broken on a narrow page: behind what parts it, and within what nothing parts, once in so many characters. */
const SEPARATED = /[^\s_./:@=,+-]{0,20}[_./:@=,+-]*\s*/gu;

/** A name, an address or a command, which is broken where its parts end and not in the middle of a word. */
export function breakable(text: string): Html {
  return html`${(text.match(SEPARATED) ?? []).filter((part) => part !== "").map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`))}`;
}

/** The five that end content or an attribute; and what cannot be seen is shown by its number. */
function escapeHtml(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
