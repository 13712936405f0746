// What the probes do, in the language of each. No dependency but what is tried; a Python that finds one in the working folder would run a stranger's file.

const NODE = 'console.log("probe started"); const url = process.env.DOCTOR_URL, headers = { authorization: "Bearer " + process.env.DOCTOR_KEY };';
const FETCH = 'fetch(url, { headers }).then((answer) => answer.text(), (error) => { console.error(String(error.cause || error)); });';
const PYTHON = `
import os, sys
sys.path = [path for path in sys.path if path not in ("", os.getcwd())]
url, headers = os.environ["DOCTOR_URL"], {"Authorization": "Bearer " + os.environ["DOCTOR_KEY"]}
def load(name):
    try:
        library = __import__(name)
    except ImportError:
        sys.exit(96)
    print("probe started", flush=True)
    return library
`;
const JAVA = (body: string): string => `import java.net.*; import java.net.http.*;
class Probe {
  public static void main(String[] args) throws Exception {
    System.out.println("probe started");
    String url = System.getenv("DOCTOR_URL"), credential = "Bearer " + System.getenv("DOCTOR_KEY");
    ${body}
  }
}
`;

const SCRIPTS = {
  "node-https.js": `${NODE} require("https").get(url, { headers }, (answer) => answer.resume()).on("error", (error) => console.error(error.message));`,
  "node-agent.js": `${NODE} const https = require("https"); https.get(url, { headers, agent: new https.Agent() }, (answer) => answer.resume()).on("error", (error) => console.error(error.message));`,
  "bun-websocket.js": `${NODE} const socket = new WebSocket(url.replace("https:", "wss:"), { headers }); socket.onerror = ({ message }) => { console.error(message); process.exit(1); };`,
  "node-fetch.js": `if (typeof fetch === "undefined") process.exit(96); ${NODE} ${FETCH}`,
  "deno-fetch.js": 'console.log("probe started"); fetch(Deno.env.get("DOCTOR_URL"), { headers: { authorization: "Bearer " + Deno.env.get("DOCTOR_KEY") } }).then((answer) => answer.text(), (error) => console.error(String(error)));',
  "bun-fetch.js": `${NODE} ${FETCH}`,
  "python-urllib.py": `${PYTHON}
load("urllib.request")
urllib = sys.modules["urllib.request"]
urllib.urlopen(urllib.Request(url, headers=headers), timeout=10).read()
`,
  "python-requests.py": `${PYTHON}
load("requests").get(url, headers=headers, timeout=10)
`,
  "python-httpx.py": `${PYTHON}
load("httpx").get(url, headers=headers, timeout=10)
`,
  "python-aiohttp.py": `${PYTHON}
aiohttp = load("aiohttp")
import asyncio
async def ask():
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers=headers) as answer:
            await answer.read()
asyncio.run(ask())
`,
  "ruby.rb": `
require "net/http"
STDOUT.puts "probe started"; STDOUT.flush
uri = URI(ENV["DOCTOR_URL"])
Net::HTTP.start(uri.host, uri.port, use_ssl: true, open_timeout: 10, read_timeout: 10) { |http| http.get("/", "Authorization" => "Bearer " + ENV["DOCTOR_KEY"]) }
`,
  "php-curl.php": `<?php if (!function_exists("curl_init")) exit(96);
echo "probe started\\n"; flush();
$curl = curl_init(getenv("DOCTOR_URL"));
curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10, CURLOPT_HTTPHEADER => ["Authorization: Bearer " . getenv("DOCTOR_KEY")]]);
if (curl_exec($curl) === false) fwrite(STDERR, curl_error($curl));
`,
  "php-streams.php": `<?php
echo "probe started\\n"; flush();
file_get_contents(getenv("DOCTOR_URL"), false, stream_context_create(["http" => ["timeout" => 10, "header" => "Authorization: Bearer " . getenv("DOCTOR_KEY")]]));
`,
  "perl-lwp.pl": `
eval { require LWP::UserAgent; require LWP::Protocol::https; 1 } or exit 96;
$| = 1; print "probe started\\n";
my $answer = LWP::UserAgent->new(timeout => 10)->get($ENV{DOCTOR_URL}, "Authorization" => "Bearer $ENV{DOCTOR_KEY}");
print STDERR $answer->status_line unless $answer->is_success;
`,
  "perl-tiny.pl": `
eval { require HTTP::Tiny; require IO::Socket::SSL; 1 } or exit 96;
$| = 1; print "probe started\\n";
my $answer = HTTP::Tiny->new(timeout => 10, verify_SSL => 1)->get($ENV{DOCTOR_URL}, { headers => { Authorization => "Bearer $ENV{DOCTOR_KEY}" } });
print STDERR $answer->{status} == 599 ? $answer->{content} : $answer->{reason} unless $answer->{success};
`,
  "r-httr.R": `
if (!requireNamespace("httr", quietly = TRUE)) quit(status = 96)
cat("probe started\\n"); flush(stdout())
invisible(httr::GET(Sys.getenv("DOCTOR_URL"), httr::timeout(10), httr::add_headers(Authorization = paste("Bearer", Sys.getenv("DOCTOR_KEY")))))
`,
  "httpc.exs": `
if Enum.any?([:inets, :ssl], &match?({:error, _}, Application.ensure_all_started(&1))), do: System.halt(96)
IO.puts("probe started")
roots = [ssl: [verify: :verify_peer, cacerts: :public_key.cacerts_get()], timeout: 10_000]
credential = to_charlist("Bearer " <> System.get_env("DOCTOR_KEY"))
IO.inspect(:httpc.request(:get, {to_charlist(System.get_env("DOCTOR_URL")), [{'authorization', credential}]}, roots, []))
`,
  "JavaHttpClient.java": JAVA('HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).header("Authorization", credential).build(), HttpResponse.BodyHandlers.discarding());'),
  "JavaUrlConnection.java": JAVA('URLConnection connection = new URL(url).openConnection(); connection.setRequestProperty("Authorization", credential); connection.getInputStream().readAllBytes();'),
} as const;

export function scriptOf(file: keyof typeof SCRIPTS): string {
  return SCRIPTS[file];
}
