// FORMAT.md, "Placeholders".

/** Each class, and how many characters of it are drawn from. `-` and `_` separate, and are not drawn. */
const CLASSES: Readonly<Record<string, number>> = { "0-9": 10, "0-9a-f": 16, "0-9A-F": 16, "a-z": 26, "A-Z": 26, "a-z0-9": 36, "A-Z0-9": 36, "A-Za-z": 52, "A-Za-z0-9": 62, "A-Za-z0-9_-": 62 };

export function isTemplate(candidate: string): boolean {
  if (!/^(?:[A-Za-z0-9_.:-]|\[[A-Za-z0-9_-]+\]\{[1-9][0-9]{0,2}\})+$/.test(candidate) || candidate.startsWith("-")) return false;
  const parts = [...candidate.matchAll(/\[([^\]]*)\]\{([0-9]+)\}|[^[]+/g)].map(([literal, name, count]) => ({ literal, name, count: Number(count) }));
  if (parts.some(({ name }) => name !== undefined && !Object.hasOwn(CLASSES, name))) return false;
  if (parts.reduce((length, { literal, name, count }) => length + (name === undefined ? literal.length : count), 0) > 512) return false;

  // Text behind the last class is nothing to count.
  const behind = parts.at(-1)?.name === undefined ? parts.pop() : undefined;
  const last = parts.at(-1);
  if (last?.name === undefined || (behind !== undefined && /^[A-Za-z0-9]/.test(behind.literal))) return false;
  const drawnFrom = (name: string): string => (name === "A-Za-z0-9_-" ? "A-Za-z0-9" : name);
  let drawn = 0;
  for (const { literal, name, count } of parts.reverse()) {
    if (name === undefined ? /[A-Za-z0-9]/.test(literal) : drawnFrom(name) !== drawnFrom(last.name)) break;
    drawn += name === undefined ? 0 : count;
  }
  return BigInt(CLASSES[last.name] ?? 0) ** BigInt(drawn) >= 2n ** 128n;
}
