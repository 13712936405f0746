// How packages and Node's own modules come into the bundles: the parts that are used, when they are used.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** In a source, these packages mean the parts of them that are used. */
export const usedParts = {
  name: "used-parts",
  setup: ({ onResolve }) => {
    // Its main file is UMD, whose requires no bundler follows.
    onResolve({ filter: /^jsonc-parser$/ }, () => ({ path: `${root}/node_modules/jsonc-parser/lib/esm/main.js` }));
    onResolve({ filter: /^@oclif\/core$/ }, () => ({ path: `${root}/.config/oclif-core.cjs` }));
  },
};

/**
 * What of Node is not there before a program begins, and takes time to be loaded; and undici. The sources import it as ever, and it is loaded when something of it is first used:
 * what a source imports is an object whose members are looked up then.
 */
const LATE = ["./undici.cjs", ...["child_process", "dns/promises", "http", "https", "net", "os", "readline", "stream", "timers/promises", "tls", "tty", "v8", "worker_threads", "zlib"].map((name) => `node:${name}`)];
const NAMES_OF_UNDICI = ["Pool", "errors"];

/** @param code of a bundle. @returns the same, with late imports. */
export async function importLate(code) {
  const used = LATE.filter((name) => code.includes(`require("${name}")`));
  const names = await Promise.all(used.map(async (name) => [name, name === "./undici.cjs" ? NAMES_OF_UNDICI : Object.keys(await import(name)).filter((member) => member !== "default")]));
  // As esbuild writes an import; a text in a source, such as a worker's, has blanks before it.
  const importing = used.reduce((text, name) => text.replaceAll(`=require("${name}")`, `=lateImport("${name}")`), code);
  const objectOf = ([name, members]) => `"${name}": () => { let it; const load = () => (it ??= require("${name}")); return { ${members.map((member) => `get ${member}() { return load().${member}; }`).join(", ")} }; }`;
  return `const lateObjects = {}, lateMakers = { ${names.map(objectOf).join(", ")} }, lateImport = (name) => (lateObjects[name] ??= lateMakers[name]());\n${importing}`;
}

/** What execa has for synchronous calls, for tables of signals and for telling of what it does: not asked for, and evaluated at once. By the file's path in it: what is in its place. */
const NOT_ASKED_OF_EXECA = {
  "execa/lib/methods/main-sync.js": "export const execaCoreSync = undefined;",
  "execa/lib/verbose/log.js": "export const verboseLog = undefined, serializeVerboseMessage = String;",
  "execa/lib/arguments/escape.js": 'export const joinCommand = (file, args) => ({ command: [file, ...args].join(" "), escapedCommand: file });\nexport const escapeLines = String;',
  "human-signals/build/src/main.js": "export const signalsByName = new Proxy({}, { get: (_, name) => ({ name, description: name }) }), signalsByNumber = undefined;",
  // Its list of the standard streams would open all three; and stdin, once opened here, is no longer the child's alone. Node gives each of them its descriptor's number.
  "execa/lib/utils/standard-stream.js": `
    const open = (fd) => [() => process.stdin, () => process.stdout, () => process.stderr][fd]?.();
    export const isStandardStream = (stream) => STANDARD_STREAMS.includes(stream);
    export const STANDARD_STREAMS = { get 0() { return open(0); }, get 1() { return open(1); }, get 2() { return open(2); }, includes: (stream) => STANDARD_STREAMS.indexOf(stream) >= 0, indexOf: (stream) => (open(stream?.fd) === stream ? (stream?.fd ?? -1) : -1) };
    export const STANDARD_STREAMS_ALIASES = ["stdin", "stdout", "stderr"];
    export const getStreamName = (fd) => STANDARD_STREAMS_ALIASES[fd] ?? \`stdio[\${fd}]\`;`,
};
/** Of execa what starts one program that it waits for. */
export const childOnly = {
  name: "child-only",
  setup: ({ onResolve, onLoad }) => {
    // A file by another name would be taken as it is, and nobody would notice.
    for (const name of Object.keys(NOT_ASKED_OF_EXECA)) if (!existsSync(`${root}/node_modules/${name}`)) throw new Error(`there is no ${name} any more`);
    onResolve({ filter: /^execa$/ }, () => ({ path: `${root}/.config/execa-child.mjs` }));
    onLoad({ filter: /\/node_modules\/(execa|human-signals)\// }, ({ path }) => {
      const contents = NOT_ASKED_OF_EXECA[path.slice(path.lastIndexOf("/node_modules/") + "/node_modules/".length)];
      return contents === undefined ? undefined : { contents };
    });
  },
};

/** What of the framework a command that is named in full uses. All else of it is for help, other names and mistakes. */
const USED_AT_ONCE = /\/@oclif\/core\/lib\/((command|args|flags|cache|logger)|config\/(index|config|util)|parser\/(index|parse|validate)|util\/(util|aggregate-flags|ids))\.js$/;
const LATE_FOR_FRAMEWORK = new Set(["node:child_process", "node:os", "node:readline"]);
/** The files that `framework.cjs` is to hand out, by what they are called in the bundles: known when these are built. */
const rest = new Map();

/** The framework requires at once what it uses rarely. Of its files, and of what they require, each is evaluated when something of it is first used, and the most part of them is in a bundle of its own. */
export const lazyFramework = {
  name: "lazy-framework",
  setup: ({ onResolve, onLoad, resolve }) => {
    onResolve({ filter: /^[^@]/ }, async ({ path, kind, namespace, resolveDir, importer, pluginData }) => {
      if (pluginData === "itself" || namespace !== "file" || kind !== "require-call" || !importer.includes("/@oclif/core/lib/")) return undefined;
      if (isBuiltin(path)) return LATE_FOR_FRAMEWORK.has(path) ? { path, namespace: "lazily" } : undefined;
      const itself = await resolve(path, { kind, resolveDir, importer, pluginData: "itself" });
      return itself.errors.length > 0 ? undefined : { path: itself.path, namespace: "lazily" };
    });
    onResolve({ filter: /^\.\/framework\.cjs$/ }, ({ path }) => ({ path, external: true }));
    // `__esModule` is asked for at once, by what TypeScript has made of an import.
    onLoad({ filter: /.*/, namespace: "lazily" }, ({ path }) => ({ resolveDir: root, contents: `module.exports = new Proxy({}, { get: (_, name) => { if (name === "__esModule") return true; const it = ${wayTo(path)}; return name === "default" && it.__esModule !== true ? it : it[name]; } });` }));
    // The framework opens stdout for any command, in case that the reader of it goes away. That is seen to where something is written: see src/cli/output/terminal.ts.
    onLoad({ filter: /\/@oclif\/core\/lib\/command\.js$/ }, async ({ path }) => {
      const [before, after, ...more] = (await readFile(path, "utf8")).split(/^process\.stdout\.on\('error', \(err\) => \{[^}]*\}\);$/m);
      if (after === undefined || more.length > 0) throw new Error(`${path} has another form than the one that is known`);
      return { contents: before + after };
    });
    // Whose name and version are looked at.
    onLoad({ filter: /\/@oclif\/core\/package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, "utf8"));
      return { contents: JSON.stringify({ name, version }), loader: "json" };
    });
  },
};

function wayTo(path) {
  if (isBuiltin(path) || USED_AT_ONCE.test(path)) return `require(${JSON.stringify(path)})`;
  const name = nameOf(path);
  rest.set(name, path);
  return `require("./framework.cjs")[${JSON.stringify(name)}]`;
}

/** `@oclif/core/help`, as the sources ask for it, is the same file under another name. */
export const frameworkPart = {
  name: "framework-part",
  setup: ({ onResolve, onLoad, resolve }) => {
    onResolve({ filter: /^@oclif\/core\/(help|run)$/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === "itself") return undefined;
      const itself = await resolve(path, { kind, resolveDir, pluginData: "itself" });
      return { path: itself.path, namespace: "framework" };
    });
    onLoad({ filter: /.*/, namespace: "framework" }, ({ path }) => ({ contents: `module.exports = ${wayTo(path)};` }));
  },
};

function nameOf(path) {
  return path.slice(path.lastIndexOf("/node_modules/") + "/node_modules/".length);
}

/** The source of `framework.cjs`. Call it behind the bundles that use it. */
export function frameworkSource() {
  return `module.exports = { ${[...rest].sort().map(([name, path]) => `get ${JSON.stringify(name)}() { return require(${JSON.stringify(path)}); }`).join(",\n")} };`;
}

/** What is large, and loaded when it is used, is a file beside: these are made on their own. */
const OWN_FILES = { undici: "./undici.cjs", "libsodium-wrappers-sumo": "./libsodium.cjs", pg: "./pg.cjs", "graphql/language/parser.js": "./graphql.cjs", "@inquirer/password": "./prompt.cjs" };
export const ownFiles = {
  name: "own-files",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^(libsodium-wrappers-sumo|pg|graphql\/language\/parser\.js|@inquirer\/password|undici)$/ }, ({ path }) => ({ path: OWN_FILES[path], external: true }));
  },
};
/** The same for what is written as modules, which have their own way with libsodium. */
export const ownDriver = { name: "own-driver", setup: ({ onResolve }) => { onResolve({ filter: /^pg$/ }, () => ({ path: OWN_FILES.pg, external: true })); } };

/** What the driver asks for elsewhere, or where nobody has given a password: then there is none, wherever a file has one. */
export const leftOut = {
  name: "left-out",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(pgpass|pg-native|pg-cloudflare)$/ }, ({ path }) => ({ path, namespace: "left-out" }));
    onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({ contents: path === "pgpass" ? "module.exports = (_, answer) => { answer(undefined); };" : "module.exports = {};" }));
  },
};

/** HTTP/2 is never spoken upstream, and brings in Node's own. */
export const withoutHttp2 = { name: "without-http2", setup: ({ onResolve }) => { onResolve({ filter: /\/client-h2\.js$/ }, () => ({ path: `${root}/.config/no-h2.cjs` })); } };
