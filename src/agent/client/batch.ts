/** Cuts a batch into parts, in order: none with more items or, unless a single item has them, more bytes than allowed. */
export function splitBatch<T>(items: readonly T[], bytesOf: (item: T) => number, itemsMax: number, bytesMax: number): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const itemBytes = bytesOf(item);
    if (part.length > 0 && (part.length === itemsMax || bytes + itemBytes > bytesMax)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += itemBytes;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
