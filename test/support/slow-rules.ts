// What rules say of a request, the slow and obvious way: no expressions, nothing kept, one case after the other. It shares nothing with src, and what src says is held against it.

export interface SlowRules {
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
  readonly ask: readonly string[];
}

/** `by` is the pattern that decided, as it was written: the first one of its list. */
export type SlowVerdict =
  | { readonly kind: "allowed"; readonly by: string | undefined }
  | { readonly kind: "denied"; readonly by: string }
  | { readonly kind: "asked"; readonly by: string }
  | { readonly kind: "unlisted" };

/**
 * What is denied is denied, whatever else is said. What a person is asked for need not stand in `allow`.
 * @param path decoded: it begins with a slash, and has no `.`, `..` or empty segments but perhaps the last.
 */
export function slowVerdict(rules: SlowRules, method: string, path: string): SlowVerdict {
  for (const pattern of rules.deny) if (slowMatchLoosely(pattern, method, path)) return { kind: "denied", by: pattern };
  for (const pattern of rules.ask) if (slowMatchLoosely(pattern, method, path)) return { kind: "asked", by: pattern };
  if (rules.allow === null) return { kind: "allowed", by: undefined };
  for (const pattern of rules.allow) if (slowMatch(pattern, method, path)) return { kind: "allowed", by: pattern };
  return { kind: "unlisted" };
}

/** @param pattern `METHODS PATH`. */
export function slowMatch(pattern: string, method: string, path: string): boolean {
  const [methods = "", ...rest] = pattern.split(" ");
  const wanted = rest.join(" ");
  return (methods === "*" || methods.split(",").includes(method)) && matchSegments(wanted.split("/").slice(1), path.split("/").slice(1));
}

/** What servers may take for the same is the same: letters in another case or another form, a slash at the end, HEAD for GET. */
function slowMatchLoosely(pattern: string, method: string, path: string): boolean {
  const [methods = "", ...rest] = pattern.split(" ");
  const [wanted, found] = [fold(rest.join(" ")), fold(path)];
  return slowMatch(`${methods} ${wanted}`, method, found) || (method === "HEAD" && slowMatch(`${methods} ${wanted}`, "GET", found));
}

/** The path of no segments is the empty text. */
function fold(path: string): string {
  const same = path.normalize("NFKC").toLowerCase().normalize("NFC");
  return same.endsWith("/") ? same.slice(0, -1) : same;
}

/** `**` is no segment, or one and then perhaps more. The empty text behind a last slash is a segment. */
function matchSegments(wanted: readonly string[], found: readonly string[]): boolean {
  const [first, ...others] = wanted;
  if (first === undefined) return found.length === 0;
  if (first === "**") return matchSegments(others, found) || (found.length > 0 && matchSegments(wanted, found.slice(1)));
  const [segment, ...rest] = found;
  return segment !== undefined && matchSegment(first, segment) && matchSegments(others, rest);
}

/** `*` alone is at least one character; beside others it is any number of them. */
function matchSegment(wanted: string, found: string): boolean {
  return wanted === "*" ? found !== "" : matchText(wanted, found);
}

function matchText(wanted: string, found: string): boolean {
  if (wanted === "") return found === "";
  if (wanted.startsWith("*")) return matchText(wanted.slice(1), found) || (found !== "" && matchText(wanted, found.slice(1)));
  return found !== "" && wanted.charAt(0) === found.charAt(0) && matchText(wanted.slice(1), found.slice(1));
}
