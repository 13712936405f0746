// The compiled code beside the program: used where it can be trusted, and never needed.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Installed {
  readonly dist: string;
  /** The caches that are there. */
  caches(): string[];
  /** Runs a command, `--version` where none is given. */
  run(options?: { readonly args?: readonly string[]; readonly nodeOptions?: string; readonly switches?: readonly string[] }): { readonly status: number | null; readonly output: string };
  /** Whether V8 takes the code of such a cache, in a new Node. */
  isTaken(cache: string, nodeOptions?: string): boolean;
}

/** The program in a folder of its own, as a user would install it. */
function install(): Installed {
  const folder = makeFolder();
  for (const name of ["package.json", "oclif.manifest.json", "bin"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true, filter: (path) => !path.endsWith(".cache") });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const dist = join(folder, "dist");
  return {
    dist,
    caches: () => readdirSync(dist).filter((name) => name.endsWith(".cache")).map((name) => join(dist, name)),
    isTaken: (cache, nodeOptions = "") => {
      const look = `const { Script } = require("node:vm"); const { readFileSync } = require("node:fs");
        const source = require("node:module").wrap(readFileSync(process.argv[1], "latin1"));
        process.exitCode = new Script(source, { filename: process.argv[1], cachedData: readFileSync(process.argv[2]).subarray(0, -32) }).cachedDataRejected ? 1 : 0;`;
      return spawnSync(NODE, ["-e", look, cache.replace(/\.cjs\..*$/, ".cjs"), cache], { env: { PATH: process.env["PATH"], NODE_OPTIONS: nodeOptions } }).status === 0;
    },
    run: ({ args = ["--version"], nodeOptions = "", switches = [] } = {}) => {
      const { status, stdout, stderr } = spawnSync(NODE, [...switches, join(folder, "bin", "run.js"), ...args], { env: { PATH: process.env["PATH"], VAULT_DIR: join(folder, "vault"), NODE_OPTIONS: nodeOptions }, encoding: "utf8" });
      return { status, output: `${stdout}${stderr}` };
    },
  };
}

/** A run's program that makes a server, and asks it through the run's proxy. */
const ASK_UPSTREAM = `const { createServer, get } = require("node:http"); const { hostname, port, username, password } = new URL(process.env.HTTP_PROXY);
  const server = createServer((_, response) => response.end("told")).listen(0, "127.0.0.1", () => {
    const host = "127.0.0.1:" + server.address().port;
    get({ hostname, port, path: "http://" + host + "/", agent: false, headers: { host, "proxy-authorization": "Basic " + btoa(username + ":" + password) } }, (response) => response.on("data", (data) => { console.log(String(data)); process.exit(); }));
  });`;

/** Whether the Node under test has this switch of V8's. */
const knows = (name: string): boolean => spawnSync(NODE, ["--v8-options"], { encoding: "utf8" }).stdout.includes(` ${name} `);

/** Puts compiled code that is no part of the program into a cache: V8 compares the length of the source, and not the source. */
function plantForeignCode(main: string, cache: string): void {
  const plant = `const { Script } = require("node:vm"); const { createHash } = require("node:crypto"); const { readFileSync, writeFileSync } = require("node:fs");
    const [, main, cache] = process.argv;
    const code = 'exports.main = () => { console.log("somebody else\\'s code"); };';
    const source = require("node:module").wrap(code.padEnd(readFileSync(main, "latin1").length));
    const script = new Script(source, { filename: main });
    const exports = {};
    script.runInThisContext()(exports);
    const { log } = console;
    console.log = () => undefined;
    exports.main();
    console.log = log;
    const bytes = script.createCachedData();
    writeFileSync(cache, Buffer.concat([bytes, createHash("sha256").update(bytes).digest()]));`;
  const { status, stderr } = spawnSync(NODE, ["-e", plant, main, cache], { env: { PATH: process.env["PATH"], NODE_OPTIONS: "" }, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

const version = expect.stringMatching(/^vaultrun\/\d/) as string;

describe("compiled code", () => {
  test("is left by the first command, and taken by the next one as it stands", () => {
    const program = install();
    expect(program.run()).toMatchObject({ status: 0, output: version });
    const [cache = "", ...others] = program.caches();
    expect(others).toEqual([]);
    const before = readFileSync(cache);
    expect(program.run()).toMatchObject({ status: 0, output: version });
    expect(program.caches()).toEqual([cache]);
    expect(readFileSync(cache).equals(before)).toBe(true);
  });

  test("of a run whose proxy was used is taken by the next one", () => {
    const program = install();
    expect(program.run({ args: ["init", "--provider", "file"] })).toMatchObject({ status: 0 });
    const ask = 'require("node:http").get(process.env.HTTP_PROXY, ({ statusCode }) => { console.log(statusCode); process.exit(); })';
    expect(program.run({ args: ["run", "--", NODE, "-e", ask] })).toEqual({ status: 0, output: expect.stringMatching(/^4\d\d$/m) as string });
    const [cache = ""] = program.caches().filter((name) => name.endsWith("-run.cache"));
    expect(program.isTaken(cache)).toBe(true);
  });

  test("is kept for each of the programs that were started, and of the way upstream with a run that has used it", () => {
    const program = install();
    const kept = (): string[] => program.caches().map((name) => /([a-z]+)\.cjs\..*-([a-z]+)\.cache$/.exec(name)?.slice(1).join(" ") ?? name).sort();
    program.run({ args: ["init", "--provider", "file"] });
    expect(kept()).toEqual(["main main"]);
    program.run({ args: ["status"] });
    expect(kept()).toEqual(["daily daily", "main main"]);
    program.run({ args: ["run", "--", "true"] });
    expect(kept()).toEqual(["daily daily", "main main", "run run"]);
    expect(program.run({ args: ["run", "--", NODE, "-e", ASK_UPSTREAM] })).toEqual({ status: 0, output: "told\n" });
    expect(kept()).toEqual(["daily daily", "main main", "run run", "undici run"]);
  });

  test.skipIf(!knows("--profile-deserialization"))("is taken by a run that goes upstream: that of Node's own modules and of the way upstream, too (needs V8's switch --profile-deserialization)", () => {
    const program = install();
    const switches = ["--profile-deserialization"];
    program.run({ args: ["init", "--provider", "file"] });
    const ask = (): string => program.run({ args: ["run", "--", NODE, "-e", ASK_UPSTREAM], switches }).output;
    ask();
    expect(program.caches().join()).toContain("undici.cjs");
    const said = ask();
    expect(said).toContain("told\n");
    expect(said).toContain("[Deserializing from ");
    expect(said).not.toContain("[Cached code failed check");
  });

  test.skipIf(!knows("--trace-wasm-compilation-times"))("of the HTTP parser is the quick compiler's for as long as few requests are made (needs V8's switch --trace-wasm-compilation-times)", () => {
    const program = install();
    program.run({ args: ["init", "--provider", "file"] });
    const said = program.run({ args: ["run", "--", NODE, "-e", ASK_UPSTREAM], switches: ["--trace-wasm-compilation-times"] }).output;
    expect(said).toContain("told\n");
    expect(said).toContain("using Liftoff");
    expect(said).not.toContain("using TurboFan");
  });

  test("that is damaged anywhere is made anew", () => {
    const program = install();
    program.run();
    const [cache = ""] = program.caches();
    const good = readFileSync(cache);
    const damages = [
      Buffer.alloc(0),
      good.subarray(0, 100),
      good.subarray(0, good.length / 2),
      Buffer.concat([good.subarray(0, good.length / 2), Buffer.alloc(good.length / 2)]),
      Buffer.from(good).fill(0xff, 4096, 8192),
    ];
    for (const damage of damages) {
      writeFileSync(cache, damage);
      expect(program.run()).toMatchObject({ status: 0, output: version });
      expect(readFileSync(cache).equals(damage)).toBe(false);
    }
  });

  test("that others may write is not taken", () => {
    const program = install();
    program.run();
    const [cache = ""] = program.caches();
    chmodSync(cache, 0o666);
    expect(program.run()).toMatchObject({ status: 0, output: version });
    // What stands there now was written by this program, for its user alone to write.
    rmSync(cache);
    program.run();
    expect(existsSync(cache)).toBe(true);
  });

  test.skipIf(!can.root)("of another user is not taken, though it is whole and fits (needs root)", () => {
    const program = install();
    program.run();
    const [cache = ""] = program.caches();
    plantForeignCode(join(program.dist, "main.cjs"), cache);
    // Taken where it is this user's own: what stands there is a fit, and speaks for itself.
    expect(program.run().output).toBe("somebody else's code\n");
    spawnSync("chown", ["nobody", cache]);
    expect(program.run()).toMatchObject({ status: 0, output: version });
  });

  test.each(["--jitless", "--max-old-space-size=4096"])("of a Node with other switches (%s) is left alone, and that Node has its own", (nodeOptions) => {
    const program = install();
    program.run();
    const [cache = ""] = program.caches();
    const before = readFileSync(cache);
    expect(program.run({ nodeOptions })).toMatchObject({ status: 0, output: version });
    expect(readFileSync(cache).equals(before)).toBe(true);
    const [own = "", ...others] = program.caches().filter((name) => name !== cache);
    expect(others).toEqual([]);
    expect(program.isTaken(own, nodeOptions)).toBe(true);
    expect(program.run({ nodeOptions: `--no-warnings ${nodeOptions}` })).toMatchObject({ status: 0, output: version });
    expect(program.caches().sort()).toEqual([cache, own].sort());
  });

  test.skipIf(!can.root)("is not left where the program belongs to somebody else (needs root)", () => {
    const program = install();
    spawnSync("chown", ["-R", "nobody", program.dist]);
    expect(program.run()).toMatchObject({ status: 0, output: version });
    expect(program.caches()).toEqual([]);
  });
});
