// What a server has answered, as far as a maker needs it.

type Members = Readonly<Record<string, unknown>>;

/** Undefined for what is no object. What JSON.parse says of a text that is none may quote it. */
export function findObject(text: string): Members | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What a server says goes to a terminal: printable ASCII, so long. */
export function visible(value: unknown, lengthMax = 500): string {
  return (textOf(value) ?? "").slice(0, lengthMax).replaceAll(/[^\x20-\x7e]/g, "?");
}
