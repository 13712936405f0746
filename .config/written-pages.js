// What is made from the commands and from the sources: docs/reference, man/, docs/layers.svg and the table in docs/architecture.md.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawLayers, formatLayers } from "./layers.js";
import { formatManPages } from "./man-pages.js";
import { formatReference } from "./reference.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => {
  try {
    return readFileSync(`${root}/${path}`, "utf8");
  } catch {
    return undefined;
  }
};
const within = (folder, texts) => Object.entries(texts).map(([name, text]) => [`${folder}/${name}`, text]);
const [BEGIN, END] = ["<!-- layers -->\n", "<!-- /layers -->"];

/** Folders in which nothing else stands. */
export const FOLDERS = ["docs/reference", "man"];

/** Texts by path, as the committed manifest and the sources have them now. */
export function makePages() {
  const { commands } = JSON.parse(read("oclif.manifest.json"));
  const { version } = JSON.parse(read("package.json"));
  const architecture = read("docs/architecture.md");
  const table = `| part | imports from |\n|---|---|\n${formatLayers(root).join("\n")}\n`;
  return new Map([
    ...within("docs/reference", formatReference(commands)),
    ...within("man", formatManPages(commands, version)),
    ["docs/layers.svg", drawLayers(root)],
    ["docs/architecture.md", `${architecture.slice(0, architecture.indexOf(BEGIN) + BEGIN.length)}${table}${architecture.slice(architecture.indexOf(END))}`],
  ]);
}

/** What stands in those folders. */
export function listFolders() {
  return FOLDERS.flatMap((folder) => {
    try {
      return readdirSync(`${root}/${folder}`).map((name) => `${folder}/${name}`);
    } catch {
      return [];
    }
  });
}

/** Paths of pages that are not what they would be, or that nothing makes any more. */
export function findStalePages() {
  const pages = makePages();
  return [...[...pages].filter(([path, text]) => read(path) !== text).map(([path]) => path), ...listFolders().filter((path) => !pages.has(path))];
}
