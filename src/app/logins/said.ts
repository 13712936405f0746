// What a server has said.

/** Where a person is to see it: short, and of characters that move no cursor. */
export function visibleAscii(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replaceAll(/[^\x20-\x7e]/g, "?");
}

/** The members of a JSON object; none for anything else. What JSON.parse says of a text that is none may quote it. */
export function findObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
