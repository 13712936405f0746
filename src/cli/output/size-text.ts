// Numbers of bytes as they are typed: `64K` where nothing is lost by it.

export function formatSize(bytes: number): string {
  for (const [power, unit] of [[3, "G"], [2, "M"], [1, "K"]] as const) if (bytes > 0 && bytes % 1024 ** power === 0) return `${bytes / 1024 ** power}${unit}`;
  return String(bytes);
}
