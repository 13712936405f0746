// Whether rules let no more through than others. Where that is not plain to see, the answer is no: whoever widens by mistake has not said so.
import type { Rules } from "./rules.ts";

/** @param next undefined for none: all is let through. What a person is asked for is not let through by itself. */
export function isNarrowing(before: Rules | undefined, next: Rules | undefined): boolean {
  if (before === undefined) return true;
  if (next === undefined) return false;
  const [wall, asked] = [[...next.deny], [...next.deny, ...next.ask]];
  const { allow } = before;
  return (
    (allow === null || (next.allow?.every((pattern) => allow.some((wide) => covers(wide, pattern))) === true))
    && before.deny.every((pattern) => wall.some((wide) => covers(wide, pattern, true)))
    && before.ask.every((pattern) => asked.some((wide) => covers(wide, pattern, true)))
    && atMost(next.rate?.perMinute, before.rate?.perMinute) && atMost(next.rate?.burst, before.rate?.burst)
    && atMost(next.uses, before.uses) && atMost(next.maxBodyBytes, before.maxBodyBytes)
    && (before.until === null || (next.until !== null && next.until <= before.until))
    && isNarrowerGraphql(before.graphql, next.graphql)
  );
}

function atMost(next: number | null | undefined, before: number | null | undefined): boolean {
  return before == null || (next != null && next <= before);
}

function isNarrowerGraphql(before: Rules["graphql"], next: Rules["graphql"]): boolean {
  if (before === null) return true;
  if (next === null) return false;
  const { fields } = before;
  return next.operations.every((operation) => before.operations.includes(operation)) && (fields === null || next.fields?.every((field) => fields.includes(field)) === true);
}

/** Whether a pattern matches all that another does. Sound, and not complete. @param isLoose as `deny` and `ask` match. */
function covers(wide: string, narrow: string, isLoose = false): boolean {
  const [one, other] = [partsOf(wide, isLoose), partsOf(narrow, isLoose)];
  return (one.methods === "*" || (other.methods !== "*" && other.methods.split(",").every((method) => one.methods.split(",").includes(method)))) && coversSegments(one.segments, other.segments);
}

function partsOf(pattern: string, isLoose: boolean): { readonly methods: string; readonly segments: readonly string[] } {
  const space = pattern.indexOf(" ");
  const segments = pattern.slice(space + 2).split("/");
  return { methods: pattern.slice(0, space), segments: isLoose && segments.at(-1) === "" ? segments.slice(0, -1) : segments };
}

/** By a table from the end: how much of the one covers how much of the other. */
function coversSegments(wide: readonly string[], narrow: readonly string[]): boolean {
  let later = [...narrow.map(() => false), true];
  for (let at = wide.length - 1; at >= 0; at -= 1) {
    const row = narrow.map(() => false).concat(wide[at] === "**" ? later.at(-1) === true : false);
    for (let next = narrow.length - 1; next >= 0; next -= 1) {
      row[next] = wide[at] === "**" ? later[next] === true || row[next + 1] === true : coversSegment(wide[at] ?? "", narrow[next] ?? "") && later[next + 1] === true;
    }
    later = row;
  }
  return later[0] === true;
}

function coversSegment(wide: string, narrow: string): boolean {
  if (narrow === "**") return false;
  if (wide === narrow) return true;
  if (wide === "*") return narrow !== "" && narrow.replaceAll("*", "") !== "";
  return !narrow.includes("*") && wide.includes("*") && matchesStars(wide.split("*"), narrow);
}

function matchesStars(parts: readonly string[], text: string): boolean {
  const [first = "", last = ""] = [parts[0], parts.at(-1)];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    from = found + part.length;
  }
  return true;
}
