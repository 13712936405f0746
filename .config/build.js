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
