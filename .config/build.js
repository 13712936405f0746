// Bundles src/ into dist/: unbundled, oclif alone costs 60 ms to import.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

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

const bundle = { absWorkingDir: root, bundle: true, minifySyntax: true, minifyWhitespace: true, minifyIdentifiers: true, legalComments: "linked", platform: "node", target: "node20.19" };
const commonJs = {
  ...bundle,
  format: "cjs",
  define: { "import.meta.url": "ownUrl" },
  banner: { js: 'const ownUrl = require("node:url").pathToFileURL(__filename).href;' },
  // An import() of a part of the bundle is evaluated when it is reached, and costs nothing until then. Of a package, it is a require().
  supported: { "dynamic-import": false },
};

/** In a source, these packages mean the parts of them that are used. */
const usedParts = {
  name: "used-parts",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^undici$/ }, () => ({ path: `${root}/.config/undici-client.cjs` }));
    // Never spoken upstream, and it brings in Node's own HTTP/2.
    onResolve({ filter: /\/client-h2\.js$/ }, () => ({ path: `${root}/.config/no-h2.cjs` }));
    // Its main file is UMD, whose requires no bundler follows.
    onResolve({ filter: /^jsonc-parser$/ }, () => ({ path: `${root}/node_modules/jsonc-parser/lib/esm/main.js` }));
    onResolve({ filter: /^@oclif\/core$/ }, () => ({ path: `${root}/.config/oclif-core.cjs` }));
  },
};

/** What the framework requires at once, and uses for help, plugins and errors alone, is evaluated when it is first used. */
const RARELY_USED = /^(minimatch|semver|tinyglobby|\.\.?\/util\/fs)$/;
const lazily = {
  name: "lazily",
  setup: ({ onResolve, onLoad, resolve }) => {
    onResolve({ filter: RARELY_USED }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === "itself" || kind !== "require-call" || !importer.includes("/@oclif/core/")) return undefined;
      const itself = await resolve(path, { kind, resolveDir, pluginData: "itself" });
      return { path: itself.path, namespace: "lazily" };
    });
    onLoad({ filter: /.*/, namespace: "lazily" }, ({ path }) => ({
      resolveDir: root,
      contents: `module.exports = new Proxy({}, { get: (_, name) => require(${JSON.stringify(path)})[name] });`,
    }));
  },
};

/** What is large, and loaded when it is used, is a file beside: these are made below. */
const OWN_FILES = { "libsodium-wrappers-sumo": "./libsodium.cjs", pg: "./pg.cjs", "graphql/language/parser.js": "./graphql.cjs" };
const ownFiles = {
  name: "own-files",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^(libsodium-wrappers-sumo|pg|graphql\/language\/parser\.js)$/ }, ({ path }) => ({ path: OWN_FILES[path], external: true }));
  },
};
/** The same for what is written as modules, which have their own way with libsodium. */
const ownDriver = { name: "own-driver", setup: ({ onResolve }) => { onResolve({ filter: /^pg$/ }, () => ({ path: OWN_FILES.pg, external: true })); } };

/** What the driver asks for elsewhere, or where nobody has given a password: then there is none, wherever a file has one. */
const leftOut = {
  name: "left-out",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(pgpass|pg-native|pg-cloudflare)$/ }, ({ path }) => ({ path, namespace: "left-out" }));
    onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({ contents: path === "pgpass" ? "module.exports = (_, answer) => { answer(undefined); };" : "module.exports = {};" }));
  },
};

// The program, in one file that V8 can keep compiled: see src/cli/start.ts.
await build({
  ...commonJs,
  entryPoints: ["src/commands/program.ts"],
  outfile: "dist/main.cjs",
  // typescript and ts-node: oclif loads these two only to run TypeScript sources, which the shipped program never does. tldts: a list that is updated more often than this program. yaml: a third of a megabyte, for files in YAML alone.
  external: ["typescript", "ts-node", "@napi-rs/keyring", "tldts", "yaml"],
  plugins: [usedParts, lazily, ownFiles],
});
// Half a megabyte of WebAssembly in text, for Argon2id alone. The package as CommonJS has the same once more as JavaScript, which no Node needs and which takes 20 ms to be read over.
await build({ ...bundle, format: "cjs", stdin: { contents: 'export { default } from "libsodium-wrappers-sumo"', resolveDir: root }, outfile: "dist/libsodium.cjs", footer: { js: "module.exports = module.exports.default;" } });
// PostgreSQL's driver, for vaults that are kept there: its client alone, without pools, passwords from files and what is not JavaScript.
await build({ ...bundle, format: "cjs", stdin: { contents: 'module.exports = { Client: require("pg/lib/client.js") };', resolveDir: root }, outfile: "dist/pg.cjs", plugins: [leftOut] });
// The parser of GraphQL, for secrets with rules of it.
await build({ ...bundle, format: "cjs", stdin: { contents: 'export { parse } from "graphql/language/parser.mjs"', resolveDir: root }, outfile: "dist/graphql.cjs" });
await build({ ...commonJs, entryPoints: ["src/cli/start.ts"], outfile: "dist/start.cjs" });
// Where the framework finds the commands.
await writeFile(`${root}/dist/commands.cjs`, 'module.exports = require("./main.cjs");\n');
await build({ ...bundle, entryPoints: { agent: "src/app/agent-program.ts" }, outdir: "dist", format: "esm", plugins: [ownDriver] });

// Listens within a walled program's network: a Node of its own, which nothing is to be loaded for that it does not use.
await build({ ...bundle, format: "cjs", entryPoints: { "wall-listener": "src/wall/namespaces/listener-program.ts" }, outdir: "dist", outExtension: { ".js": ".cjs" } });

// For programs: `vaultrun/sealed`, with its types. It needs no package, and nothing of the program above.
await build({ ...bundle, entryPoints: { sealed: "src/sealed/library.ts" }, outdir: "dist", format: "esm" });
await writeDeclarations(["sealed/library", "sealed/sealed-adapter", "sealed/sealed-store", "sealed/sealing-key", "errors"]);

// What each Node of a run loads before its own program: CommonJS, since that is what `--require` takes, and for old Nodes too.
const preload = { ...bundle, target: "node12", format: "cjs" };
await build({ ...preload, entryPoints: ["src/run/node-preload.ts"], outdir: "dist", outExtension: { ".js": ".cjs" } });
