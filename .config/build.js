// Bundles src/ into dist/: unbundled, oclif alone costs 60 ms to import.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { childOnly, frameworkPart, frameworkSource, importLate, lazyFramework, leftOut, ownDriver, ownFiles, usedParts, withoutHttp2 } from "./build-plugins.js";

/** Types for programs that import a part of this one: those of each file, from its own text alone. */
async function writeDeclarations(names) {
  const { default: ts } = await import("typescript");
  for (const name of names) {
    const { outputText } = ts.transpileDeclaration(await readFile(`${root}/src/${name}.ts`, "utf8"), { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, strict: true, verbatimModuleSyntax: true } });
    await mkdir(dirname(`${root}/dist/types/${name}`), { recursive: true });
    await writeFile(`${root}/dist/types/${name}.d.ts`, outputText.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

const root = fileURLToPath(new URL("..", import.meta.url));
await rm(`${root}/dist`, { recursive: true, force: true });
await mkdir(`${root}/dist`);

const bundle = { absWorkingDir: root, bundle: true, minifySyntax: true, minifyWhitespace: true, minifyIdentifiers: true, legalComments: "linked", platform: "node", target: "node20.19" };
const commonJs = {
  ...bundle,
  format: "cjs",
  // The global `performance` has Node load eight modules of its own, which takes a millisecond; only its clock is asked.
  define: { "import.meta.url": "ownUrl", "performance.now": "ownNow" },
  banner: { js: 'const ownUrl = require("node:url").pathToFileURL(__filename).href, ownNow = () => { const [seconds, nanoseconds] = process.hrtime(); return seconds * 1000 + nanoseconds / 1e6; };' },
  // An import() of a part of the bundle is evaluated when it is reached, and costs nothing until then. Of a package, it is a require().
  supported: { "dynamic-import": false },
};

// The program: see src/cli/start.ts. What is started most often is a file of its own each, that has nothing else in it; the whole program has all commands.
for (const program of ["run", "daily", "main"]) {
  const { outputFiles } = await build({
    ...commonJs,
    write: false,
    entryPoints: [`src/commands/programs/${program}.ts`],
    outfile: `dist/${program}.cjs`,
    // typescript and ts-node: oclif loads these two only to run TypeScript sources, which the shipped program never does. tldts: a list that is updated more often than this program. yaml: a third of a megabyte, for files in YAML alone.
    external: ["typescript", "ts-node", "@napi-rs/keyring", "tldts", "yaml"],
    plugins: [usedParts, childOnly, lazyFramework, frameworkPart, ownFiles],
  });
  for (const { path, text } of outputFiles) await writeFile(path, path.endsWith(".cjs") ? await importLate(text) : text);
}
// What the framework has for help, other names and mistakes.
await build({ ...commonJs, supported: {}, stdin: { contents: frameworkSource(), resolveDir: root }, outfile: "dist/framework.cjs", external: ["typescript", "ts-node"] });
// The way upstream, for runs that make a connection. The index of the package would bring in a fetch, a cache, a WebSocket and a dispatcher that is put into effect.
await build({ ...commonJs, stdin: { contents: 'module.exports = { Pool: require("undici/lib/dispatcher/pool.js"), errors: require("undici/lib/core/errors.js") };', resolveDir: root }, outfile: "dist/undici.cjs", plugins: [withoutHttp2] });
// Half a megabyte of WebAssembly in text, for Argon2id alone. The package as CommonJS has the same once more as JavaScript, which no Node needs and which takes 20 ms to be read over.
await build({ ...bundle, format: "cjs", stdin: { contents: 'export { default } from "libsodium-wrappers-sumo"', resolveDir: root }, outfile: "dist/libsodium.cjs", footer: { js: "module.exports = module.exports.default;" } });
// PostgreSQL's driver, for vaults that are kept there: its client alone, without pools, passwords from files and what is not JavaScript.
await build({ ...bundle, format: "cjs", stdin: { contents: 'module.exports = { Client: require("pg/lib/client.js") };', resolveDir: root }, outfile: "dist/pg.cjs", plugins: [leftOut] });
// The parser of GraphQL, for secrets with rules of it.
await build({ ...bundle, format: "cjs", stdin: { contents: 'export { parse } from "graphql/language/parser.mjs"', resolveDir: root }, outfile: "dist/graphql.cjs" });
// The question for a passphrase.
await build({ ...commonJs, stdin: { contents: 'export { default } from "@inquirer/password"', resolveDir: root }, outfile: "dist/prompt.cjs", footer: { js: "module.exports = module.exports.default;" } });
await build({ ...commonJs, entryPoints: ["src/cli/start.ts"], outfile: "dist/start.cjs" });
// Where the framework finds the commands.
await writeFile(`${root}/dist/commands.mjs`, 'import { createRequire } from "node:module";\nexport const COMMANDS = await createRequire(import.meta.url)("./main.cjs").loadCommands();\n');
await build({ ...bundle, entryPoints: { agent: "src/app/agent-program.ts" }, outdir: "dist", format: "esm", plugins: [ownDriver] });

// Listens within a walled program's network: a Node of its own, which nothing is to be loaded for that it does not use.
await build({ ...bundle, format: "cjs", entryPoints: { "wall-listener": "src/wall/namespaces/listener-program.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } });

// For programs: `vaultrun/sealed`, with its types. It needs no package, and nothing of the program above.
await build({ ...bundle, entryPoints: { sealed: "src/sealed/library.ts" }, outdir: "dist", format: "esm" });
await writeDeclarations(["sealed/library", "sealed/sealed-adapter", "sealed/sealed-store", "sealed/sealing-key", "errors"]);

// What each Node of a run loads before its own program: CommonJS, since that is what `--require` takes, and for old Nodes too.
const preload = { ...bundle, target: "node12", format: "cjs" };
await build({ ...preload, entryPoints: ["src/run/clients/node-preload.ts"], outdir: "dist", outExtension: { ".js": ".cjs" } });
