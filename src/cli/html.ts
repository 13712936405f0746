// HTML by a template that escapes whatever is put into it: what has to be trusted is only what stands in this program's own text.

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

/** The five that end content or an attribute; and what cannot be seen or turns text round is shown as its number, since a name could otherwise pass for another. */
function escapeHtml(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
