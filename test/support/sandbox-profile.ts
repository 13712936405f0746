// A profile of sandbox-exec, read as macOS reads it: by a small reader of its language, and by its rule that of two rules the later counts. No Mac has run one here.

/** A list is a rule or a filter; a text stands behind a quote, to tell it from a word. */
export type Form = string | readonly Form[];

/** @throws where the text is not whole. */
export function parseForms(text: string): Form[] {
  const stack: Form[][] = [[]];
  const put = (form: Form): void => { stack.at(-1)?.push(form); };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    if (letter === "(") stack.push([]);
    else if (letter === ")") {
      const list = stack.pop() ?? [];
      if (stack.length === 0) throw new Error("one parenthesis too many");
      put(list);
    } else if (letter === '"') {
      let string = "";
      for (at += 1; text[at] !== '"'; at += 1) {
        if (at >= text.length) throw new Error("a string without an end");
        if (text[at] === "\\") at += 1;
        string += text[at - 1] === "\\" ? ({ n: "\n", r: "\r", t: "\t" }[text[at] ?? ""] ?? text[at] ?? "") : (text[at] ?? "");
      }
      put(`"${string}`);
    } else if (/\S/.test(letter)) {
      const [word = letter] = /^[^\s()"]+/.exec(text.slice(at)) ?? [];
      put(word);
      at += word.length - 1;
    }
  }
  if (stack.length !== 1) throw new Error("one parenthesis too few");
  return stack[0] ?? [];
}

/** What the profile says of an act on a path, or on an address. */
export function decide(profile: string, operation: string, on: string): string {
  let verdict = "undecided";
  for (const form of parseForms(profile)) {
    const [kind, ...rest] = Array.isArray(form) ? form as readonly Form[] : [];
    const operations = rest.filter((part): part is string => typeof part === "string");
    const filters = rest.filter((part): part is readonly Form[] => Array.isArray(part));
    if (!operations.some((one) => one === "default" || one === operation || (one.endsWith("*") && operation.startsWith(one.slice(0, -1))))) continue;
    if (filters.length === 0 || filters.some((filter) => fits(filter, on))) verdict = String(kind);
  }
  return verdict;
}

function fits([name, first = "", second = ""]: readonly Form[], on: string): boolean {
  const path = String(first).slice(1);
  if (name === "subpath") return on === path || on.startsWith(`${path}/`);
  if (name === "literal") return on === path;
  if (name === "prefix") return on.startsWith(path);
  return name === "remote" && on === String(second).slice(1);
}
