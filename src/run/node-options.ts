/**
 * NODE_OPTIONS with further words behind the user's own, quoted as Node reads them: words end at a space, double quotes hold one together,
 * and a backslash protects the next character inside quotes only.
 */
export function appendNodeOptions(current: string, words: readonly string[]): string {
  return [current, ...words.map(quote)].filter((part) => part !== "").join(" ");
}

function quote(word: string): string {
  return /^[^\s"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}
