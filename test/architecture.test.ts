// The picture of the layers, and the other rules of this house, as tests:
//
//   commands → cli → app → { broker  store  keys  agent  audit  services  providers  env-files  project  proxy  run  scan  sealed  wall } → { vault  disk  identity  paths } → engines → { errors  secret  bytes  aws-signature }
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { REVEALERS } from "./support/revealers.ts";
import type { SourceFile } from "./support/source-tree.ts";
import { exportedValues, nodesOf, readSources } from "./support/source-tree.ts";

const sources = readSources("src");
const tests = readSources("test");
const benches = readSources("bench");

/**
 * What each part of `src` may import from another. Whoever adds to this table adds an arrow to the picture: siblings in braces have none between them,
 * and what a part needs of another but must not know (a prompt, a clock, a lookup, an audit sink) reaches it as an argument.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  bytes: [],
  paths: ["engines"],
  secret: ["bytes"],
  // What a signature of AWS's covers: the agent signs its own requests by it, and the proxy those of the program.
  "aws-signature": [],
  disk: ["errors", "bytes"],
  vault: ["errors", "bytes", "secret"],
  // Knows nothing of what it keeps.
  engines: ["errors", "bytes", "secret", "aws-signature"],
  // Who asks of a broker, and the proof of it: knows no vault and no wire.
  identity: ["errors", "secret"],
  // The wire between a run and the broker that keeps its values. What a session is, app knows.
  broker: ["errors", "bytes", "vault", "identity"],
  store: ["errors", "bytes", "paths", "disk", "vault", "engines"],
  keys: ["errors", "bytes", "secret", "disk", "vault"],
  // It makes the values of secrets that are made, and holds them.
  agent: ["errors", "bytes", "secret", "aws-signature", "disk", "vault"],
  audit: ["errors", "bytes", "disk", "vault", "engines"],
  services: ["errors", "vault"],
  // Its tokens are keys of services, which app looks up: neither knows the other.
  providers: ["errors", "vault"],
  "env-files": ["errors", "bytes", "secret"],
  project: ["errors", "bytes", "vault"],
  // Of the vault, its cipher alone, which a test below holds it to: what programs import has to stay small, and knows no vault.
  sealed: ["errors", "bytes", "secret", "vault"],
  scan: ["errors", "disk"],
  proxy: ["errors", "bytes", "secret", "aws-signature", "vault"],
  run: ["errors", "bytes", "secret", "disk", "vault"],
  // Knows no proxy and no run: sockets, files and a program's end reach those two by way of app.
  wall: ["errors", "bytes", "disk", "vault"],
  app: ["errors", "bytes", "secret", "paths", "disk", "vault", "engines", "identity", "broker", "store", "keys", "agent", "audit", "services", "providers", "env-files", "project", "proxy", "run", "scan", "sealed", "wall"],
  // Turns flags into bindings and scopes, secrets in and entries out into text; the work itself is app's.
  cli: ["errors", "bytes", "secret", "paths", "vault", "audit", "services", "providers", "project", "app"],
  // Flags name keyring entries and hold key files' bytes; the rest is cli's to read and app's to do.
  commands: ["errors", "bytes", "secret", "vault", "keys", "project", "app", "cli"],
};

/**
 * The rooms of the halls. Files that stand in the hall itself, and not in a room, are its top floor: they may import from every room, and no room from them.
 * A room may be a single file of the hall, which then stands below the rooms that may import it: `surroundings` of app, and `run-folder` of run.
 */
const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  proxy: {
    grants: [],
    http1: ["grants"],
    scrub: ["grants", "http1"],
    places: ["grants", "http1", "scrub"],
    judge: ["grants", "http1", "scrub", "places"],
    tls: ["grants", "http1"],
    upstream: ["grants", "http1", "tls"],
    // One request and its answer; what a connection becomes; who comes to the port.
    exchange: ["grants", "http1", "scrub", "places", "judge", "tls", "upstream"],
    connection: ["grants", "http1", "judge", "tls", "upstream", "exchange"],
    port: ["grants", "http1", "judge", "upstream", "exchange", "connection"],
  },
  agent: {
    time: [],
    presence: [],
    wire: [],
    sources: ["time"],
    // Who decides on requests that wait, and how often a secret may be used.
    approvals: ["time", "presence", "wire"],
    messages: ["time", "wire", "sources", "approvals"],
    server: ["time", "presence", "wire", "sources", "approvals", "messages"],
    client: ["wire", "sources", "approvals", "messages"],
  },
  run: {
    "run-folder": [],
    // What programs of each kind are told of the proxy and its certificate.
    clients: [],
    roots: ["clients"],
    probe: [],
    child: ["run-folder"],
  },
  wall: {
    presets: [],
    files: ["presets"],
    trust: ["files"],
    macos: ["files"],
    namespaces: ["files"],
    net: ["files"],
  },
  app: {
    surroundings: [],
    services: ["surroundings"],
    keys: ["surroundings", "services"],
    secrets: ["surroundings", "keys", "services"],
    handing: ["surroundings", "keys", "services"],
    imports: ["surroundings", "keys", "services", "secrets"],
    sealing: ["surroundings", "keys", "secrets", "imports"],
    refreshing: ["surroundings", "keys"],
    // Who decides, and who holds what is to be decided on.
    approvals: ["surroundings", "keys"],
    sources: ["surroundings", "keys", "services", "secrets"],
    // Asks of the person through a door of its own, which cli opens.
    logins: ["surroundings", "keys", "sources", "services", "secrets"],
    runs: ["surroundings", "keys", "approvals", "sources", "services", "secrets", "imports", "sealing"],
    broker: ["surroundings", "keys", "runs", "secrets"],
    skills: [],
    scanning: ["surroundings", "keys", "services", "imports", "runs"],
    auditing: ["surroundings", "keys", "runs"],
    stores: ["surroundings", "keys", "auditing"],
    doctor: ["surroundings", "keys", "sources", "runs", "auditing", "stores"],
  },
  cli: {
    output: [],
    pages: ["output"],
    input: ["output", "pages"],
    completion: ["output"],
    mcp: ["output", "input"],
  },
};

/** Arrows that carry types only. */
const TYPES_ONLY = ["cli → audit", "paths → engines"];

/** Which files may import a package. One that is not in this table is not to be depended on. */
const IMPORTERS: Readonly<Record<string, RegExp>> = {
  "libsodium-wrappers-sumo": /^src\/vault\/sodium\.ts$/,
  lowdb: /^src\/store\/vault-(adapter|store)\.ts$/,
  execa: /^src\/run\/(child|probe)\//,
  oauth4webapi: /^src\/(agent\/sources\/token-endpoint|app\/logins\/(code-flow|discover|log-out|obtain-grant|register-client))\.ts$/,
  undici: /^src\/proxy\/upstream\/upstream\.ts$/,
  pg: /^src\/engines\/postgres-session\.ts$/,
  "graphql/language/parser.js": /^src\/proxy\/judge\/rules\/graphql-document\.ts$/,
  tldts: /^src\/app\/services\/suffix-list\.ts$/,
  "@napi-rs/keyring": /^src\/keys\/keyring\.ts$/,
  "@inquirer/password": /^src\/cli\/output\/terminal\.ts$/,
  dotenv: /^src\/env-files\/dotenv-file\.ts$/,
  "jsonc-parser": /^src\/sealed\/documents\/json\.ts$/,
  yaml: /^src\/(sealed\/documents\/yaml|run\/clients\/kube-config)\.ts$/,
  "@oclif/core": /^src\/(cli|commands)\//,
};

const FORBIDDEN_WORDS = ["util", "utils", "helper", "helpers", "common", "misc", "shared", "core", "base", "manager", "service", "handler", "types", "index"];

/** `vault` for `src/vault/host.ts`, `errors` for `src/errors.ts`. */
const partOf = (path: string): string => (path.split("/")[1] ?? "").replace(/\.ts$/, "");
/** `keys` for `src/app/keys/pin.ts`; undefined on the top floor of its hall. */
const roomOf = (path: string): string | undefined => {
  const [, hall = "", room = "", file] = path.split("/");
  return file !== undefined ? room : Object.keys(ROOMS[hall] ?? {}).find((known) => `${known}.ts` === room);
};
const isOurs = (target: string): boolean => target.startsWith("src/");
const places = (files: readonly SourceFile[], isWrong: (node: ts.Node) => boolean): string[] =>
  files.flatMap(({ path, tree }) => nodesOf(tree).filter(isWrong).map((node) => `${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`));

test("the sources are read", () => {
  expect(sources.length).toBeGreaterThan(80);
  expect(sources.find(({ path }) => path === "src/store/vault-store.ts")?.imports).toContainEqual({ specifier: "../disk/file-lock.ts", target: "src/disk/file-lock.ts", isLazy: false, isTypeOnly: false, names: ["acquireLock"] });
  expect(sources.find(({ path }) => path === "src/vault/sodium.ts")?.imports.map(({ specifier }) => specifier)).toContain("libsodium-wrappers-sumo");
});

describe("imports", () => {
  test("point down the layers", () => {
    const wrong = sources.flatMap(({ path, imports }) => imports.flatMap(({ target, isTypeOnly }) => {
      if (target === undefined) return [];
      if (!isOurs(target)) return [`${path} → ${target}: not in src`];
      const [from, to] = [partOf(path), partOf(target)];
      if (from === to) return [];
      const isAllowed = ALLOWED[from]?.includes(to) === true && (isTypeOnly || !TYPES_ONLY.includes(`${from} → ${to}`));
      return isAllowed ? [] : [`${path} → ${target}`];
    }));
    expect(wrong).toEqual([]);
  });

  test("and the table of layers names every part, and has no cycle itself", () => {
    expect(sources.map(({ path }) => partOf(path)).filter((part) => ALLOWED[part] === undefined)).toEqual([]);
    const depthOf = (part: string, above: readonly string[] = []): number => {
      expect(above).not.toContain(part);
      return 1 + Math.max(0, ...(ALLOWED[part] ?? []).map((below) => depthOf(below, [...above, part])));
    };
    for (const part of Object.keys(ALLOWED)) expect(depthOf(part)).toBeLessThan(9);
  });

  test("point down between the rooms of a hall", () => {
    const wrong = sources.flatMap(({ path, imports }) => imports.flatMap(({ target }) => {
      const [rooms, from] = [ROOMS[partOf(path)], roomOf(path)];
      if (rooms === undefined || target === undefined || partOf(target) !== partOf(path) || from === undefined) return [];
      const to = roomOf(target);
      return to === from || (to !== undefined && rooms[from]?.includes(to) === true) ? [] : [`${path} → ${target}`];
    }));
    expect(wrong).toEqual([]);
  });

  test("and every room is in the table, and none is lower than one that it imports", () => {
    for (const [hall, rooms] of Object.entries(ROOMS)) {
      const seen = sources.filter(({ path }) => partOf(path) === hall).flatMap(({ path }) => roomOf(path) ?? []);
      expect([...new Set(seen)].sort()).toEqual(Object.keys(rooms).sort());
      const order = Object.keys(rooms);
      for (const [room, below] of Object.entries(rooms)) expect(below.filter((other) => order.indexOf(other) >= order.indexOf(room))).toEqual([]);
    }
  });

  test("form no cycle, those of types included", () => {
    const targets = new Map(sources.map(({ path, imports }) => [path, imports.map(({ target }) => target ?? "").filter(isOurs)]));
    const done = new Set<string>();
    const findCycle = (path: string, trail: readonly string[]): readonly string[] | undefined => {
      if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
      if (done.has(path)) return undefined;
      for (const target of targets.get(path) ?? []) {
        const cycle = findCycle(target, [...trail, path]);
        if (cycle !== undefined) return cycle;
      }
      done.add(path);
      return undefined;
    };
    expect([...targets.keys()].map((path) => findCycle(path, [])).find((cycle) => cycle !== undefined)).toBeUndefined();
  });

  test("of a package stand in the one place that is to know it", () => {
    const wrong = sources.flatMap(({ path, imports }) => imports.filter(({ specifier, target }) => target === undefined && !specifier.startsWith("node:")).flatMap(({ specifier }) => (IMPORTERS[specifier]?.test(path) === true ? [] : [`${path} → ${specifier}`])));
    expect(wrong).toEqual([]);
  });

  test("of our own end in .ts and lead to a file, in the tests and the bench as well", () => {
    const known = new Set([...sources, ...tests, ...benches].map(({ path }) => path));
    const wrong = [...sources, ...tests, ...benches].flatMap(({ path, imports }) => imports.filter(({ target }) => target !== undefined && !known.has(target)).map(({ specifier }) => `${path} → ${specifier}`));
    expect(wrong.filter((arrow) => !arrow.endsWith(".json"))).toEqual([]);
  });

  test("of types are imports of types, since one inside the braces would stay an import at run time", () => {
    expect(places([...sources, ...tests], (node) => ts.isImportSpecifier(node) && node.isTypeOnly)).toEqual([]);
  });

  test("are not handed on: no barrels", () => {
    expect(places(sources, (node) => ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)).toEqual([]);
  });
});

describe("the vault is pure", () => {
  const vault = sources.filter(({ path }) => path.startsWith("src/vault/"));

  test("of Node it knows hashes, random bytes and the spelling of addresses", () => {
    const allowed: Readonly<Record<string, RegExp>> = { "node:crypto": /./, "node:net": /^isIP(v[46])?$/, "node:url": /^domainTo(ASCII|Unicode)$/ };
    const wrong = vault.flatMap(({ path, imports }) => imports.filter(({ specifier }) => specifier.startsWith("node:")).flatMap(({ specifier, names }) => (names.every((name) => allowed[specifier]?.test(name) === true) ? [] : [`${path} → ${specifier}: ${names.join(", ")}`])));
    expect(wrong).toEqual([]);
  });

  test("it has no clock, no timer, no process, no console and no network", () => {
    const globals = ["process", "console", "fetch", "performance", "setTimeout", "setInterval", "setImmediate"];
    expect(places(vault, (node) => ts.isIdentifier(node) && globals.includes(node.text) && !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node))).toEqual([]);
    expect(places(vault, (node) => (ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments ?? []).length === 0) || (ts.isPropertyAccessExpression(node) && node.getText() === "Date.now"))).toEqual([]);
  });
});

describe("sealed fields are pure", () => {
  const sealed = sources.filter(({ path }) => path.startsWith("src/sealed/"));

  test("of the vault they know its cipher, and of Node hashes, ciphers and random bytes", () => {
    const targets = sealed.flatMap(({ imports }) => imports.map(({ target, specifier }) => target ?? specifier));
    expect([...new Set(targets.filter((target) => target.startsWith("src/vault/")))]).toEqual(["src/vault/xchacha.ts"]);
    expect([...new Set(targets.filter((target) => target.startsWith("node:")))]).toEqual(["node:crypto"]);
  });

  test("the entry for programs brings no reader of documents", () => {
    const reach = (path: string): string[] => [path, ...(sealed.find((file) => file.path === path)?.imports ?? []).flatMap(({ target }) => (target === undefined ? [] : reach(target)))];
    expect(reach("src/sealed/library.ts").filter((path) => path.startsWith("src/sealed/documents/"))).toEqual([]);
  });
});

describe("files", () => {
  test("have at most 400 lines", () => {
    expect([...sources, ...tests].filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  test("export no value that no other file takes, but for what is started", () => {
    const users = [...sources, ...tests, ...benches];
    const isTaken = (from: string, name: string): boolean => users.some(({ imports, text }) => imports.some(({ target, names }) => target === from && (names.includes(name) || (names.includes("*") && new RegExp(`\\b${name}\\b`).test(text)))));
    expect(sources.flatMap(({ path, tree }) => exportedValues(tree).filter((name) => !isTaken(path, name)).map((name) => `${path}: ${name}`))).toEqual(["src/cli/start.ts: start", ...["daily", "main", "run"].map((program) => `src/commands/programs/${program}.ts: main`)]);
  });

  test("are named for what they own, in small letters with dashes", () => {
    const words = (path: string): string[] => path.replace(/\.test\.ts$|\.d\.ts$|\.ts$/, "").split(/[/-]/);
    expect([...sources, ...tests].map(({ path }) => path).filter((path) => words(path).some((word) => FORBIDDEN_WORDS.includes(word)))).toEqual([]);
    expect(sources.map(({ path }) => path).filter((path) => !/^[a-z0-9/-]+\.ts$/.test(path))).toEqual([]);
  });
});

describe("commands", () => {
  test("parse, make one call and print, in under 60 lines", () => {
    const wrong = sources.filter(({ path }) => path.startsWith("src/commands/")).flatMap(({ path, tree }) => nodesOf(tree).filter((node) => ts.isMethodDeclaration(node) && node.name.getText(tree) === "run").map((node) => node.getText(tree).split("\n").length).filter((lines) => lines >= 60).map((lines) => `${path}: ${lines}`));
    expect(wrong).toEqual([]);
  });
});

describe("stdin", () => {
  test("is read in one place, and in the agent, whose order comes there", () => {
    const isStdin = (node: ts.Node): boolean => ts.isPropertyAccessExpression(node) && node.getText() === "process.stdin";
    expect(places(sources, isStdin).map((place) => place.replace(/:\d+$/, ""))).toEqual(["src/agent/main.ts", "src/cli/input/stdin.ts"]);
  });
});

describe("secrets", () => {
  test("are revealed in these files and no others", () => {
    const revealing = places(sources.filter(({ path }) => path !== "src/secret.ts"), (node) => ts.isPropertyAccessExpression(node) && node.name.text === "reveal").map((place) => place.replace(/:\d+$/, ""));
    expect([...new Set(revealing)].sort()).toEqual(REVEALERS);
  });

  test("are not revealed by any other way of spelling it", () => {
    expect(places(sources, (node) => ts.isStringLiteralLike(node) && node.text === "reveal")).toEqual([]);
    expect(places(sources, (node) => ts.isBindingElement(node) && (node.propertyName ?? node.name).getText() === "reveal")).toEqual([]);
  });
});

describe("tests", () => {
  test("judge no time: a busy machine must not fail, and bench/gate is where time counts", () => {
    const clock = /\b(?:performance\.now|Date\.now|process\.hrtime(?:\.bigint)?)\(\)/;
    const upper = ["toBeLessThan", "toBeLessThanOrEqual"];
    expect(places(tests, (node) => ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && upper.includes(node.expression.name.text) && clock.test(node.expression.expression.getText()))).toEqual([]);
  });
});

describe("types", () => {
  test("are not given up: no any, no non-null assertion", () => {
    expect(places(sources, (node) => node.kind === ts.SyntaxKind.AnyKeyword || ts.isNonNullExpression(node))).toEqual([]);
    expect(places(tests, (node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  test("and no rule is switched off", () => {
    const silencer = new RegExp(["@ts-(ignore|nocheck|expect-error)", ["eslint", "disable"].join("-")].join("|"));
    expect([...sources, ...tests].filter(({ text }) => silencer.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

test("the second opinion knows nothing of the first", () => {
  const wrong = tests.filter(({ path }) => path.startsWith("test/second-opinion/")).flatMap(({ path, imports }) => imports.filter(({ target }) => target !== undefined && !target.startsWith("test/second-opinion/")).map(({ specifier }) => `${path} → ${specifier}`));
  expect(wrong).toEqual([]);
});
