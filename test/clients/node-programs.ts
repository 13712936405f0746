// Node's clients that bring agents, sockets or a whole HTTP client of their own, and SDKs that do. `.ci/clients` puts the packages where these look for them.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HttpClient, Tool } from "./programs.ts";
import { ALL_ACTS, nodeProgram } from "./programs.ts";

const CLIENTS = fileURLToPath(new URL("../../node_modules/.cache/clients/", import.meta.url));
const installed = (path: string): string => `${CLIENTS}node_modules/${path}`;
const BUN = installed("@oven/bun-linux-x64/bin/bun");

/** @param how shows an answer's text. Nothing of one act is left for the next one. */
const acts = (how: string): string => `
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import https from "node:https";
const load = createRequire("${CLIENTS}any.js");
const { URL: base, TOKEN } = process.env;
for (const act of process.argv.slice(2)) {
const [path, method = "GET", body] = { GET: ["/api"], POST: ["/api", "POST", "hello"], upload: ["/upload", "PUT", readFileSync("upload")], download: ["/download"], redirect: ["/redirect"], Basic: ["/basic"] }[act];
const headers = { authorization: act === "Basic" ? "Basic " + btoa("me:" + TOKEN) : "Bearer " + TOKEN, "content-type": "text/plain" };
const show = (text) => console.log(act === "download" ? text.length : String(text).trim());
console.log("\\n== " + act);
try {
${how}
} catch (error) {
console.log(String(error));
}
}
`;

/** One that requests as `show(await …)` says. */
const client = (name: string, folder: string, body: string, node = process.execPath): HttpClient => ({
  name,
  isHere: () => existsSync(node) && (folder === "" || existsSync(installed(folder))),
  script: `cat > client.mjs <<'END'\n${acts(body)}\nEND\n"${node}" client.mjs ${ALL_ACTS}`,
});

/** By `https`, with what the options add: follows a redirect as programs do by hand. */
const byHttps = (name: string, options: string, node?: string): HttpClient => client(name, "", `
const options = ${options};
const call = (url) => new Promise((resolve, reject) => https.request(url, { method, headers, ...options }, (answer) => {
  if (answer.statusCode === 302) return answer.resume(), resolve(call(new URL(answer.headers.location, url)));
  const chunks = [];
  answer.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks).toString()));
}).on("error", reject).end(body));
show(await call(base + path));
options.agent?.destroy?.();`, node);

/** undici that opens its connections itself. */
const undici = (line: string, node?: string): HttpClient => client(`Node: undici ${line}, an Agent of its own`, `undici-${line}`, `
const { Agent, request } = load("undici-${line}");
const dispatcher = new Agent({ connections: 1 });
const call = async (url) => {
  const answer = await request(url, { dispatcher, method, headers, body });
  if (answer.statusCode !== 302) return answer.body.text();
  await answer.body.dump();
  return call(new URL(answer.headers.location, url));
};
show(await call(base + path));
await dispatcher.close();`, node);

export const NODE_CLIENTS: readonly HttpClient[] = [
  byHttps("Node: https, an Agent of its own", "{ agent: new https.Agent({ keepAlive: true }) }"),
  byHttps("Node: https, `agent: false`", "{ agent: false }"),
  ...["5", "6", "7"].map((line) => undici(line)),
  undici("8", nodeProgram("26")),
  byHttps("Bun: https", "{}", BUN),
  byHttps("Bun: https, an Agent of its own", "{ agent: new https.Agent({ keepAlive: true }) }", BUN),
  byHttps("Bun: https, an Agent with `proxyEnv`", "{ agent: new https.Agent({ keepAlive: true, proxyEnv: process.env }) }", BUN),
  client("Node: got", "got", `const { default: got } = await import("${installed("got/dist/source/index.js")}"); show(await got(base + path, { method, headers, body, retry: { limit: 0 } }).text());`),
  client("Node: node-fetch 2", "node-fetch-2", `const agent = new https.Agent(); show(await (await load("node-fetch-2")(base + path, { method, headers, body, agent })).text());`),
  client("Node: node-fetch 3", "node-fetch", `const { default: fetch } = await import("${installed("node-fetch/src/index.js")}"); show(await (await fetch(base + path, { method, headers, body })).text());`),
  client("Node: superagent", "superagent", `const answer = await load("superagent")(method, base + path).set(headers).buffer(true).send(body); show(answer.text);`),
];

const tool = (name: string, folder: string, work: string, body: string, node = process.execPath): Tool => ({
  name,
  work,
  isHere: () => existsSync(installed(folder)),
  script: `cat > tool.mjs <<'END'
import { createRequire } from "node:module";
const load = createRequire("${CLIENTS}any.js"), { URL: base, TOKEN, BOT_TOKEN } = process.env, { hostname, port } = new URL(base);
const expect = (text) => { console.log(text === "hello" ? "done" : text); };
${body}
END
"${node}" tool.mjs`,
});

/** What a browser has, and so Bun, and Node from 22 on. There it may send headers. */
const webSocket = (name: string, program: string, options: string): Tool => ({ ...tool(name, "", "a WebSocket, the token in a header", `const socket = new WebSocket(base.replace("https", "wss") + "/socket", { headers: { authorization: "Bearer " + TOKEN }${options} }); socket.onmessage = ({ data }) => expect(data); socket.onerror = ({ message }) => { console.log(message); };`, program), isHere: () => existsSync(program) });

const PROMPT = `model: "any", max_tokens: 9, messages: [{ role: "user", content: "hello" }]`;

export const NODE_TOOLS: readonly Tool[] = [
  tool("Node: stripe", "stripe", "an API call, by an agent of its own", `const Stripe = load("stripe"); const stripe = new Stripe(TOKEN, { host: hostname, port, protocol: "https", maxNetworkRetries: 0 }); expect((await stripe.customers.list()).data.length === 1 ? "hello" : "none");`),
  tool("Node: stripe, by fetch", "stripe", "an API call, whose length it states itself", `const Stripe = load("stripe"); const stripe = new Stripe(TOKEN, { host: hostname, port, protocol: "https", maxNetworkRetries: 0, httpClient: Stripe.createFetchHttpClient() }); await stripe.customers.list(); expect((await stripe.rawRequest("POST", "/v1/customers", { name: "me" })).object === "list" ? "hello" : "none");`),
  tool("Node: openai 4", "openai-4", "an API call, by an agent of its own", `const { OpenAI } = load("openai-4"); expect((await new OpenAI({ apiKey: TOKEN, baseURL: base + "/v1", maxRetries: 0 }).chat.completions.create({ ${PROMPT} })).choices[0].message.content);`),
  tool("Node: openai", "openai", "an API call", `const { OpenAI } = load("openai"); expect((await new OpenAI({ apiKey: TOKEN, baseURL: base + "/v1", maxRetries: 0 }).chat.completions.create({ ${PROMPT} })).choices[0].message.content);`),
  tool("Node: @anthropic-ai/sdk 0.30", "anthropic-0.30", "an API call, by an agent of its own", `const Anthropic = load("anthropic-0.30"); expect((await new Anthropic({ apiKey: TOKEN, baseURL: base, maxRetries: 0 }).messages.create({ ${PROMPT} })).content[0].text);`),
  tool("Node: @anthropic-ai/sdk", "@anthropic-ai/sdk", "an API call", `const { Anthropic } = load("@anthropic-ai/sdk"); expect((await new Anthropic({ apiKey: TOKEN, baseURL: base, maxRetries: 0 }).messages.create({ ${PROMPT} })).content[0].text);`),
  tool("Node: telegraf", "telegraf", "an API call, the token in its path, by an agent of its own", `const { Telegraf } = load("telegraf"); expect((await new Telegraf(BOT_TOKEN, { telegram: { apiRoot: base } }).telegram.getMe()).first_name);`),
  tool("Node: @aws-sdk/client-s3", "@aws-sdk/client-s3", "an object read, by agents of its own, with a credential that is not signed", `const { S3Client, GetObjectCommand } = load("@aws-sdk/client-s3"); const signer = { sign: async (request) => { request.headers.authorization = "Bearer " + TOKEN; return request; } }; const { Body } = await new S3Client({ endpoint: base, region: "any", credentials: { accessKeyId: "none", secretAccessKey: "none" }, forcePathStyle: true, signer, maxAttempts: 1 }).send(new GetObjectCommand({ Bucket: "bucket", Key: "key" })); expect(JSON.parse(await Body.transformToString()));`),
  tool("Node: @octokit/rest", "@octokit/rest", "an API call", `const { Octokit } = await import("${installed("@octokit/rest/dist-src/index.js")}"); expect((await new Octokit({ auth: TOKEN, baseUrl: base }).users.getAuthenticated()).data.login);`),
  tool("Node: @slack/web-api", "@slack/web-api", "an API call", `const { WebClient } = load("@slack/web-api"); expect((await new WebClient(TOKEN, { slackApiUrl: base + "/api/", retryConfig: { retries: 0 } }).auth.test()).user);`),
  tool("Node: twilio", "twilio", "an API call, by an agent of its own", `const client = load("twilio")("AC0", TOKEN); client.api.baseUrl = base; expect((await client.api.v2010.accounts("AC0").fetch()).friendlyName);`),
  tool("Node: ws", "ws", "a WebSocket, the token in a header", `const WebSocket = load("ws"); new WebSocket(base.replace("https", "wss") + "/socket", { headers: { authorization: "Bearer " + TOKEN } }).on("message", (text) => expect(String(text))).on("error", (error) => console.log(error.message));`),
  webSocket("Node 24: WebSocket", nodeProgram("24"), ""),
  webSocket("Bun: WebSocket", BUN, ""),
  webSocket("Bun: WebSocket, with `proxy`", BUN, ", proxy: process.env.HTTPS_PROXY"),
];
