// Bundles src/ into dist/, split so that a command loads only its own part: unbundled, oclif alone costs 60 ms to import.
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
await rm(`${root}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { main: "src/cli/main.ts", commands: "src/commands/table.ts", agent: "src/agent/main.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: "linked",
  platform: "node",
  target: "node20.19",
  format: "esm",
  // CommonJS dependencies call require() for Node's own modules.
  banner: { js: 'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);' },
  // oclif loads these two only to run TypeScript sources, which the shipped program never does: 3.7 MB and 170 ms otherwise.
  external: ["typescript", "ts-node", "@napi-rs/keyring"],
});

// What each Node of a run loads before its own program: CommonJS, since that is what `--require` takes, and for old Nodes too.
const preload = { absWorkingDir: root, bundle: true, minifySyntax: true, minifyWhitespace: true, legalComments: "linked", platform: "node", target: "node12", format: "cjs" };
await build({ ...preload, entryPoints: ["src/run/node-preload.ts", "src/run/node-proxy.ts"], outdir: "dist", outExtension: { ".js": ".cjs" } });
// A file of its own, read only when something is fetched. undici's index would do as well, and would bring in a fetch, a cache and a dispatcher that is put into effect.
const fetchAgent = `
  Object.assign(require("undici/lib/dispatcher/dispatcher.js").prototype, require("undici/lib/api/index.js"));
  module.exports = require("undici/lib/dispatcher/env-http-proxy-agent.js");
`;
await build({ ...preload, stdin: { contents: fetchAgent, resolveDir: root }, outfile: "dist/fetch-agent.cjs" });
