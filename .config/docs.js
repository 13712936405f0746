// `npm run docs`: writes what is made from the commands and from the sources, and removes what no longer is.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FOLDERS, listFolders, makePages } from "./written-pages.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = makePages();
for (const path of listFolders().filter((one) => !pages.has(one))) rmSync(`${root}/${path}`);
for (const folder of FOLDERS) mkdirSync(`${root}/${folder}`, { recursive: true });
for (const [path, text] of pages) writeFileSync(`${root}/${path}`, text);
