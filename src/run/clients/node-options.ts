// NODE_OPTIONS, as a run writes it and as its Nodes read it. Of all variables it is the one that a Node must have to load anything of ours, so the way to the run's folder stands in it too (preload-words.ts).

/** A path that goes through a run's folder and out of it again. */
const OVER_A_RUN = /^(?:--require=)?(.*[/\\]run-[0-9]+-[0-9a-f]{16})[/\\]\.\.[/\\]/;

/**
 * NODE_OPTIONS with further words behind the user's own, quoted as Node reads them: words end at a space, double quotes hold one together,
 * and a backslash protects the next character inside quotes only.
 */
export function appendNodeOptions(current: string, words: readonly string[]): string {
  return [current, ...words.map(quote)].filter((part) => part !== "").join(" ");
}

/** The folder of the run that these options are of: the innermost, where one is inside another. */
export function findRunFolder(nodeOptions: string): string | undefined {
  return wordsOf(nodeOptions).flatMap((word) => OVER_A_RUN.exec(plain(word))?.[1] ?? []).pop();
}

/** The options without what a run has added to them. */
export function withoutPreload(nodeOptions: string): string {
  const words = wordsOf(nodeOptions);
  const isOurs = words.map((word, at) => OVER_A_RUN.test(plain(word)) || (word === "--require" && OVER_A_RUN.test(plain(words[at + 1] ?? ""))));
  return isOurs.includes(true) ? words.filter((_word, at) => isOurs[at] !== true).join(" ") : nodeOptions;
}

function wordsOf(nodeOptions: string): readonly string[] {
  return nodeOptions.match(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g) ?? [];
}

function plain(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"/g, (_quoted, text: string) => text.replace(/\\(.)/g, "$1"));
}

function quote(word: string): string {
  return /^[^\s"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}
