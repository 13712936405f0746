// Further clients of the table: those that a machine more rarely has. The three that npm has packages for are put by `.ci/clients` where these look for them.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HttpClient, Tool } from "./programs.ts";
import { ALL_ACTS, succeeds } from "./programs.ts";

const installed = (path: string): string => fileURLToPath(new URL(`../../node_modules/.cache/clients/node_modules/${path}`, import.meta.url));

/** aiohttp heeds proxy variables only when it is told to. */
const AIOHTTP = `
import asyncio, os, sys, aiohttp
token, headers = os.environ["TOKEN"], {"Authorization": "Bearer " + os.environ["TOKEN"]}
acts = {"GET": ("GET", "/api", None), "POST": ("POST", "/api", b"hello"), "upload": ("PUT", "/upload", open("upload", "rb").read()), "download": ("GET", "/download", None), "redirect": ("GET", "/redirect", None), "Basic": ("GET", "/basic", None)}
async def call(method, path, data):
    own = {"auth": aiohttp.BasicAuth("me", token)} if path == "/basic" else {"headers": headers}
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.request(method, os.environ["URL"] + path, data=data, **own) as answer:
            text = await answer.text()
            print(len(text) if path == "/download" else text)
for act in sys.argv[1:]:
    print("\\n== " + act)
    try:
        asyncio.run(call(*acts[act]))
    except Exception as error:
        print(error)`;

const aiohttp: HttpClient = { name: "Python: aiohttp (trust_env)", isHere: () => succeeds("python3", "-c", "import aiohttp"), script: `python3 - ${ALL_ACTS} <<'END'\n${AIOHTTP}\nEND` };

const NET_HTTP = `
require "net/http"
base, token = ENV["URL"], ENV["TOKEN"]
def call(url, act, token)
  uri = URI(url)
  request = { "POST" => Net::HTTP::Post, "upload" => Net::HTTP::Put }.fetch(act, Net::HTTP::Get).new(uri)
  act == "Basic" ? request.basic_auth("me", token) : request["Authorization"] = "Bearer " + token
  request.body = "hello" if act == "POST"
  request.body = File.binread("upload") if act == "upload"
  answer = Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request) }
  answer.is_a?(Net::HTTPRedirection) ? call(URI.join(url, answer["Location"]).to_s, act, token) : answer.body
end
ARGV.each do |act|
  puts "", "== " + act
  text = call(base + { "upload" => "/upload", "download" => "/download", "redirect" => "/redirect", "Basic" => "/basic" }.fetch(act, "/api"), act, token)
  puts act == "download" ? text.length : text
rescue => error
  puts error.message
end`;

const ruby: HttpClient = { name: "Ruby: Net::HTTP", isHere: () => succeeds("ruby", "--version"), script: `ruby - ${ALL_ACTS} <<'END'\n${NET_HTTP}\nEND` };

/** The same requests for all of JavaScript's. @param how shows an answer's text. */
const requests = (how: string): string => `
const { URL: base, TOKEN } = process.env, upload = (await import("node:fs")).readFileSync("upload");
for (const act of process.argv.slice(2)) {
  const [path, method = "GET", data] = { GET: ["/api"], POST: ["/api", "POST", "hello"], upload: ["/upload", "PUT", upload], download: ["/download"], redirect: ["/redirect"], Basic: ["/basic"] }[act];
  const headers = { authorization: act === "Basic" ? "Basic " + btoa("me:" + TOKEN) : "Bearer " + TOKEN, "content-type": "text/plain" };
  const show = (text) => console.log(act === "download" ? text.length : text.trim());
  console.log("\\n== " + act);
  try {
    ${how}
  } catch (error) {
    console.log(String(error));
  }
}
`;
const FETCH = requests("show(await (await fetch(base + path, { method, headers, body: data })).text());");

const axios = (name: string, folder: string): HttpClient => ({
  name,
  isHere: () => existsSync(installed(folder)),
  script: `cat > axios.mjs <<'END'\nimport { createRequire } from "node:module";\nconst axios = createRequire("${installed("any.js")}")("${folder}");\n${requests('show((await axios({ url: base + path, method, headers, data, responseType: "text", maxBodyLength: Infinity })).data);')}\nEND\n"${process.execPath}" axios.mjs ${ALL_ACTS}`,
});

const deno: HttpClient = { name: "Deno: fetch", isHere: () => existsSync(installed("@deno/linux-x64-glibc/deno")), script: `cat > fetch.mjs <<'END'\n${FETCH}\nEND\n"${installed("@deno/linux-x64-glibc/deno")}" run --quiet --allow-all fetch.mjs ${ALL_ACTS}` };
const bun: HttpClient = { name: "Bun: fetch", isHere: () => existsSync(installed("@oven/bun-linux-x64/bin/bun")), script: `cat > fetch.mjs <<'END'\n${FETCH}\nEND\n"${installed("@oven/bun-linux-x64/bin/bun")}" run fetch.mjs ${ALL_ACTS}` };

export const MORE_HTTP_CLIENTS: readonly HttpClient[] = [aiohttp, ruby, axios("Node: axios 1.7", "axios-1.7"), axios("Node: axios", "axios"), deno, bun];

export const MORE_TOOLS: readonly Tool[] = [
  {
    name: "cargo",
    work: "build with a crate of a registry, the token in a variable",
    // Registries that ask for a token are known from 1.74 on, which is later than what Debian 12 has.
    isHere: () => succeeds("sh", "-c", 'minor=$(cargo --version | cut -d. -f2) && test "$minor" -ge 74'),
    script: `set -e
mkdir -p crate/src && cd crate
export CARGO_REGISTRIES_HERE_INDEX="sparse+$URL/cargo/" CARGO_REGISTRIES_HERE_TOKEN="$TOKEN" CARGO_REGISTRIES_HERE_CREDENTIAL_PROVIDER=cargo:token
printf '[package]\\nname = "mine"\\nversion = "1.0.0"\\nedition = "2021"\\n[dependencies]\\nparcel = { version = "1.0.0", registry = "here" }\\n' > Cargo.toml
echo 'pub use parcel;' > src/lib.rs
cargo build --quiet && test -f target/debug/libmine.rlib && echo done`,
  },
  {
    name: "gh",
    work: "an API call, the token in a variable",
    isHere: () => succeeds("gh", "--version"),
    script: `GH_HOST="\${URL#https://}" GH_ENTERPRISE_TOKEN="$TOKEN" GH_PROMPT_DISABLED=1 GH_NO_UPDATE_NOTIFIER=1 gh api things | grep -q '^GET /api/v3/things 0$' && echo done`,
  },
];
