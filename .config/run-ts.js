// Runs a TypeScript file of this repository: node .config/run-ts.js FILE ARGS… (Node 20 does not run TypeScript by itself).
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const [file, ...args] = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}/node_modules/.cache/run-ts`;
mkdirSync(folder, { recursive: true });
const outfile = `${folder}/${basename(file).replace(/\.ts$/, "")}-${process.pid}.js`;
/** Each file's own address, as if it were not bundled. */
const ownUrls = {
  name: "own-urls",
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({ loader: "ts", contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)) }));
  },
};
await build({
  absWorkingDir: process.cwd(),
  entryPoints: [file],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "esm",
  packages: "external",
  plugins: [ownUrls],
});
const { status, signal } = spawnSync(process.execPath, [outfile, ...args], { stdio: "inherit" });
process.exitCode = signal === null ? (status ?? 1) : 1;
