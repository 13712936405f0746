// Clients in PHP, Perl, R and Elixir, and kubectl: their roots and their proxy come from settings that a run writes for them.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HttpClient, Tool } from "./programs.ts";
import { ALL_ACTS, succeeds } from "./programs.ts";

const phpActs = (how: string): string => `<?php
[$base, $token] = [getenv("URL"), getenv("TOKEN")];
function show($text) { global $act; echo $act === "download" ? strlen($text) : trim($text), "\\n"; }
foreach (array_slice($argv, 1) as $act) {
echo "\\n== $act\\n";
[$path, $method, $data] = ["GET" => ["/api", "GET", null], "POST" => ["/api", "POST", "hello"], "upload" => ["/upload", "PUT", file_get_contents("upload")], "download" => ["/download", "GET", null], "redirect" => ["/redirect", "GET", null], "Basic" => ["/basic", "GET", null]][$act];
$credential = "Authorization: " . ($act === "Basic" ? "Basic " . base64_encode("me:" . $token) : "Bearer " . $token);
${how}
}
`;

const PHP_CURL = `
$curl = curl_init($base . $path);
curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true, CURLOPT_HTTPHEADER => [$credential], CURLOPT_CUSTOMREQUEST => $method] + ($data === null ? [] : [CURLOPT_POSTFIELDS => $data]));
show(curl_exec($curl));`;

const PHP_STREAMS = `
show(@file_get_contents($base . $path, false, stream_context_create(["http" => ["method" => $method, "header" => $credential, "content" => $data ?? ""]])));`;

const perlActs = (how: string): string => `
use strict; use warnings; use MIME::Base64;
my ($base, $token) = ($ENV{URL}, $ENV{TOKEN});
our $act;
sub show { my $text = shift; chomp $text; print $act eq "download" ? length($text) : $text, "\\n"; }
open(my $file, "<", "upload"); binmode $file; local $/; my $upload = <$file>;
for $act (@ARGV) {
print "\\n== $act\\n";
my ($path, $method, $data) = @{ { GET => ["/api", "GET"], POST => ["/api", "POST", "hello"], upload => ["/upload", "PUT", $upload], download => ["/download", "GET"], redirect => ["/redirect", "GET"], Basic => ["/basic", "GET"] }->{$act} };
my $credential = $act eq "Basic" ? "Basic " . encode_base64("me:$token", "") : "Bearer $token";
eval {${how}
1 } or print $@;
}
`;

const LWP = `
use LWP::UserAgent; use HTTP::Request;
my $request = HTTP::Request->new($method, $base . $path, ["Authorization" => $credential], $data);
show(LWP::UserAgent->new->request($request)->content);`;

const HTTP_TINY = `
use HTTP::Tiny;
show(HTTP::Tiny->new(verify_SSL => 1)->request($method, $base . $path, { headers => { Authorization => $credential }, defined $data ? (content => $data) : () })->{content});`;

const HTTR = (settings = ""): string => `
library(httr)
${settings}
base <- Sys.getenv("URL"); token <- Sys.getenv("TOKEN")
for (act in commandArgs(TRUE)) {
cat("\\n== ", act, "\\n", sep = "")
tryCatch({
path <- c(GET = "/api", POST = "/api", upload = "/upload", download = "/download", redirect = "/redirect", Basic = "/basic")[[act]]
method <- c(GET = "GET", POST = "POST", upload = "PUT", download = "GET", redirect = "GET", Basic = "GET")[[act]]
credential <- if (act == "Basic") authenticate("me", token) else add_headers(Authorization = paste("Bearer", token))
body <- switch(act, POST = "hello", upload = upload_file("upload"), NULL)
answer <- content(VERB(method, paste0(base, path), credential, body = body, encode = "raw"), "raw")
cat(if (act == "download") length(answer) else trimws(rawToChar(answer)), "\\n", sep = "")
}, error = function(error) cat(conditionMessage(error), "\\n"))
}
`;

const HTTPC = `
{:ok, _} = Application.ensure_all_started(:ssl)
{:ok, _} = Application.ensure_all_started(:inets)
[base, token] = [System.get_env("URL"), System.get_env("TOKEN")]
for act <- System.argv() do
IO.puts("\\n== " <> act)
try do
path = %{"GET" => "/api", "POST" => "/api", "upload" => "/upload", "download" => "/download", "redirect" => "/redirect", "Basic" => "/basic"}[act]
credential = if act == "Basic", do: "Basic " <> Base.encode64("me:" <> token), else: "Bearer " <> token
head = {to_charlist(base <> path), [{'authorization', to_charlist(credential)}]}
{method, request} = case act do
  "POST" -> {:post, Tuple.append(Tuple.append(head, 'text/plain'), "hello")}
  "upload" -> {:put, Tuple.append(Tuple.append(head, 'application/octet-stream'), File.read!("upload"))}
  _ -> {:get, head}
end
{:ok, {_, _, body}} = :httpc.request(method, request, [ssl: [verify: :verify_peer, cacerts: :public_key.cacerts_get(), customize_hostname_check: [match_fun: :public_key.pkix_verify_hostname_match_fun(:https)]]], body_format: :binary)
IO.puts(if act == "download", do: byte_size(body), else: String.trim(body))
rescue
  error -> IO.puts(Exception.message(error))
end
end
`;

const php = (name: string, isHere: () => boolean, body: string): HttpClient => ({ name, isHere, script: `cat > client.php <<'END'\n${phpActs(body)}\nEND\nphp client.php ${ALL_ACTS}` });
const perl = (name: string, modules: readonly string[], body: string): HttpClient => ({
  name,
  isHere: () => succeeds("perl", ...modules.map((module) => `-M${module}`), "-e", "1"),
  script: `cat > client.pl <<'END'\n${perlActs(body)}\nEND\nperl client.pl ${ALL_ACTS}`,
});
const r = (name: string, program: string): HttpClient => ({ name, isHere: () => succeeds("Rscript", "-e", "library(httr)"), script: `cat > client.R <<'END'\n${program}\nEND\nRscript client.R ${ALL_ACTS}` });

export const SCRIPT_CLIENTS: readonly HttpClient[] = [
  php("PHP: curl", () => succeeds("php", "-r", "exit(function_exists('curl_init') ? 0 : 1);"), PHP_CURL),
  php("PHP: streams", () => succeeds("php", "--version"), PHP_STREAMS),
  perl("Perl: LWP", ["LWP::Protocol::https"], LWP),
  perl("Perl: HTTP::Tiny", ["HTTP::Tiny", "IO::Socket::SSL"], HTTP_TINY),
  r("R: httr", HTTR()),
  r("R: httr, told of CURL_CA_BUNDLE", HTTR('set_config(config(cainfo = Sys.getenv("CURL_CA_BUNDLE")))')),
  { name: "Elixir: httpc", isHere: () => succeeds("elixir", "-e", "Application.ensure_all_started(:inets); Application.ensure_all_started(:ssl)"), script: `cat > client.exs <<'END'\n${HTTPC}\nEND\nelixir client.exs ${ALL_ACTS}` },
];

/** What stands in `~/.kube/config`, with the cluster's own root as such files have it. @param certificate PEM. */
export function kubeConfig(server: string, certificate: string): string {
  return `apiVersion: v1
kind: Config
current-context: one
contexts: [{ name: one, context: { cluster: one, user: me } }]
clusters: [{ name: one, cluster: { server: "${server}", certificate-authority-data: "${Buffer.from(certificate).toString("base64")}" } }]
users: [{ name: me, user: {} }]
`;
}

export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].find((name) => succeeds(name, "--version"));

/** A browser that is told of the proxy by Playwright has its password as well. */
const PLAYWRIGHT = `
const { chromium } = require("playwright-core");
const { username, password, origin: server } = new URL(process.env.HTTPS_PROXY);
(async () => {
  const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox"], proxy: { server, username, password } });
  const page = await browser.newPage({ ignoreHTTPSErrors: true, extraHTTPHeaders: { authorization: "Bearer " + process.env.TOKEN } });
  const answer = await page.goto(process.env.URL + "/api");
  console.log((await answer.text()).trim() === "GET /api 0" ? "done" : "other");
  await browser.close();
})();`;

/** The same with Puppeteer, which is told of the password by the page. */
const PUPPETEER = `
const puppeteer = require("puppeteer-core");
const { username, password, host } = new URL(process.env.HTTPS_PROXY);
(async () => {
  const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ["--no-sandbox", "--proxy-server=" + host], acceptInsecureCerts: true });
  const page = await browser.newPage();
  await page.authenticate({ username, password });
  await page.setExtraHTTPHeaders({ authorization: "Bearer " + process.env.TOKEN });
  const answer = await page.goto(process.env.URL + "/api");
  console.log((await answer.text()).trim() === "GET /api 0" ? "done" : "other");
  await browser.close();
})();`;

/** A browser that an agent leads by MCP: it is told nothing of a proxy, and opens what no secret is bound to. */
const PLAYWRIGHT_MCP = `
const { Client } = require("@modelcontextprotocol/sdk/client/index.js"), { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
(async () => {
  const client = new Client({ name: "agent", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [require("path").join(require.resolve("@playwright/mcp/package.json"), "../cli.js"), "--headless", "--no-sandbox", "--isolated", "--ignore-https-errors", "--executable-path", process.argv[2]], env: process.env }));
  const { port } = new URL(process.env.URL);
  const { content } = await client.callTool({ name: "browser_navigate", arguments: { url: "https://other.example.test:" + port + "/open" } });
  const shown = await client.callTool({ name: "browser_snapshot", arguments: {} });
  console.log(JSON.stringify([content, shown]).includes("for everybody") ? "done" : JSON.stringify(content));
  await client.close();
})();`;

const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
export const CLIENT_MODULES = `${NODE_MODULES}/.cache/clients/node_modules`;
/** A program for Node that is told where the browser is. */
export const byNode = (program: string, modules = CLIENT_MODULES): string => `cat > page.cjs <<'END'\n${program}\nEND\nNODE_PATH="${modules}" "${process.execPath}" page.cjs "$(command -v ${CHROMIUM ?? "chromium"})"`;

export const SCRIPT_TOOLS: readonly Tool[] = [
  {
    name: "Chromium",
    work: "pages of hosts that no secret is bound to",
    isHere: () => CHROMIUM !== undefined,
    // The server's certificate is its own affair here.
    script: `${CHROMIUM ?? ""} --headless --no-sandbox --disable-gpu --ignore-certificate-errors --user-data-dir="$TMPDIR/chromium" --dump-dom "https://other.example.test:\${URL##*:}/open" 2>/dev/null | grep -q "for everybody" && echo done`,
  },
  {
    name: "Chromium by Playwright, with its `proxy` option",
    work: "a page of a bound host, the token in a header",
    isHere: () => CHROMIUM !== undefined,
    script: byNode(PLAYWRIGHT, NODE_MODULES),
  },
  {
    name: "Chromium by Puppeteer, told of the proxy",
    work: "a page of a bound host, the token in a header",
    isHere: () => CHROMIUM !== undefined && existsSync(`${CLIENT_MODULES}/puppeteer-core`),
    script: byNode(PUPPETEER),
  },
  {
    name: "@playwright/mcp",
    work: "pages of hosts that no secret is bound to",
    isHere: () => CHROMIUM !== undefined && existsSync(`${CLIENT_MODULES}/@playwright/mcp`),
    script: byNode(PLAYWRIGHT_MCP),
  },
  {
    name: "kubectl",
    work: "a request to a cluster whose roots stand in its configuration",
    isHere: () => succeeds("kubectl", "version", "--client"),
    script: `kubectl --token "$TOKEN" get --raw /api/v1/namespaces | grep -q parcel && echo done`,
  },
];
