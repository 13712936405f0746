// Patterns of rules, `METHODS PATH`, made ready for matching (FORMAT.md, "Rules"). Pure, and linear in the path but for one `**`, which is tried again at each segment.

/** In a segment: the texts between its stars. Two empty ones around a single star match what is not empty. */
type Segment = { readonly kind: "text"; readonly text: string } | { readonly kind: "glob"; readonly parts: readonly string[] } | { readonly kind: "any" } | { readonly kind: "rest" };

export interface Pattern {
  /** As it was typed. */
  readonly text: string;
  /** Undefined: each. */
  readonly methods: readonly string[] | undefined;
  readonly segments: readonly Segment[];
}

/** @param text of the form that the vault checks. `isFolded`: for `deny` and `ask`, which match what servers may take for the same. */
export function compilePattern(text: string, isFolded: boolean): Pattern {
  const space = text.indexOf(" ");
  const methods = text.slice(0, space);
  const path = text.slice(space + 2).split("/");
  const segments = isFolded ? foldPath(path) : path;
  return { text, methods: methods === "*" ? undefined : methods.split(","), segments: segments.map(compileSegment) };
}

/** Segments of a path as `allow` has them: that of `/a/` has a last one that is empty. */
export function matches({ methods, segments }: Pattern, method: string, path: readonly string[]): boolean {
  return (methods === undefined || methods.includes(method)) && matchesSegments(segments, path);
}

/** As `deny` and `ask` have it. @param folded by `foldPath`. */
export function matchesLoosely({ methods, segments }: Pattern, method: string, folded: readonly string[]): boolean {
  return (methods === undefined || methods.includes(method) || (method === "HEAD" && methods.includes("GET"))) && matchesSegments(segments, folded);
}

/** Brought to one spelling of those that servers may take for the same, without a last segment that is empty. */
export function foldPath(path: readonly string[]): readonly string[] {
  const folded = withoutLast(path);
  return PLAIN.test(folded.join("/")) ? folded : folded.map(fold);
}

const PLAIN = /^[\x20-\x40\x5b-\x7e]*$/;

/** Case, compatibility forms and composition do not count. */
function fold(text: string): string {
  return PLAIN.test(text) ? text : text.normalize("NFKC").toLowerCase().normalize("NFC");
}

function withoutLast(segments: readonly string[]): readonly string[] {
  return segments.at(-1) === "" ? segments.slice(0, -1) : segments;
}

function compileSegment(text: string): Segment {
  if (text === "**") return { kind: "rest" };
  if (text === "*") return { kind: "any" };
  return text.includes("*") ? { kind: "glob", parts: text.split("*") } : { kind: "text", text };
}

/** Of several `**`, only the last that was met has to be tried again: what an earlier one could take more, it can take as well. */
function matchesSegments(wanted: readonly Segment[], given: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let resumeAt = -1;
  let resumeNext = 0;
  while (next < given.length) {
    const segment = wanted[at];
    if (segment?.kind === "rest") {
      resumeAt = at;
      resumeNext = next;
      at += 1;
    } else if (segment !== undefined && matchesSegment(segment, given[next] ?? "")) {
      at += 1;
      next += 1;
    } else if (resumeAt >= 0) {
      resumeNext += 1;
      at = resumeAt + 1;
      next = resumeNext;
    } else return false;
  }
  while (wanted[at]?.kind === "rest") at += 1;
  return at === wanted.length;
}

function matchesSegment(segment: Segment, text: string): boolean {
  switch (segment.kind) {
    case "text":
      return segment.text === text;
    case "any":
      return text !== "";
    case "glob":
      return matchesGlob(segment.parts, text);
    case "rest":
      return false;
  }
}

function matchesGlob(parts: readonly string[], text: string): boolean {
  const [first = "", last = ""] = [parts[0], parts.at(-1)];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
