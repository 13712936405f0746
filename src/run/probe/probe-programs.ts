// The probes: for each runtime, the ways in which its programs make requests, each as a small program that makes one.
// It gets DOCTOR_URL and, as a placeholder, DOCTOR_KEY. What cannot be taken for an answer (a library that is not there) ends with status 96.
import { scriptOf } from "./probe-scripts.ts";
import type { Runtime } from "./runtime.ts";

export const PROBE_URL = "DOCTOR_URL";
export const PROBE_KEY = "DOCTOR_KEY";
/** A script ends with it where the machine lacks the library that it was to try. */
export const ABSENT_STATUS = 96;
/** A script prints it before its request: without it, the script itself could not run. */
export const STARTED = "probe started";

/** What is tried, and what to do where it fails. */
export interface Way {
  /** As in "node, by fetch"; empty where there is only one. */
  readonly name: string;
  /** Whether it says `STARTED`. Programs that are no interpreters do not. */
  readonly tellsStart: boolean;
  /** A library that is there, and that the program may not use at all. */
  readonly isLibrary?: boolean;
  readonly start: (target: ProbeTarget) => ProbeStart;
  /** What to do where it goes past the proxy, does not trust the certificate, or comes without the proxy's password. */
  readonly fixes: { readonly proxy: string; readonly trust: string; readonly password: string };
}

export interface ProbeTarget {
  /** `https://host:port/`. */
  readonly url: string;
  readonly placeholder: string;
  /** Private to the run; the probe may put files into it. */
  readonly folder: string;
}

export interface ProbeStart {
  readonly args: readonly string[];
  readonly input?: string;
  /** Written into the folder beforehand. */
  readonly file?: { readonly name: string; readonly text: string };
  /** Undefined: the user's own, whose settings count. */
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

const PASSWORD = "HTTPS_PROXY is a URL with user and password; have the program read it whole";

const NODE_OPTIONS = "in a run, NODE_OPTIONS holds what leads a Node from 18.18 on to the proxy: add to it, and do not replace it; where a program is started with a few variables only, put `vault run -s NAME --` before it";

const BUN_TRUST = "bun reads NODE_EXTRA_CA_CERTS from 1.1.22 on: update it";

export const WAYS: Readonly<Record<Runtime, readonly Way[]>> = {
  node: [
    script("https", ["-"], "node-https.js", NODE_OPTIONS, "leave out `ca`, or put the file into it that NODE_EXTRA_CA_CERTS names"),
    { ...script("https, with an agent of its own", ["-"], "node-agent.js", NODE_OPTIONS, "leave out `ca`, or put the file into it that NODE_EXTRA_CA_CERTS names"), isLibrary: true },
    script("fetch", ["-"], "node-fetch.js", NODE_OPTIONS, "leave out `ca`, or put the file into it that NODE_EXTRA_CA_CERTS names"),
  ],
  deno: [script("fetch", ["run", "--quiet", "--allow-net", "--allow-env", "-"], "deno-fetch.js", "deno reads HTTPS_PROXY by itself: set no `client` of its own", "deno reads DENO_CERT: leave out `caCerts`")],
  bun: [
    script("fetch", ["run", "-"], "bun-fetch.js", "bun reads HTTPS_PROXY by itself from 1.0 on: set no `proxy` of its own", BUN_TRUST),
    { ...script("https, with an agent of its own", ["run", "-"], "node-agent.js", "make it one that reads HTTPS_PROXY: new https.Agent({ proxyEnv: process.env })", BUN_TRUST), isLibrary: true },
    { ...script("WebSocket", ["run", "-"], "bun-websocket.js", "say where the proxy is: new WebSocket(url, { proxy: process.env.HTTPS_PROXY })", BUN_TRUST), isLibrary: true },
  ],
  python: [
    script("urllib", ["-"], "python-urllib.py", "let urllib build its openers itself, without a ProxyHandler", "leave out `context`, or make it with ssl.create_default_context()"),
    library("requests", "python-requests.py", "leave `trust_env` of its sessions on", "leave out `verify`: requests reads REQUESTS_CA_BUNDLE"),
    library("httpx", "python-httpx.py", "leave `trust_env` of its clients on", "leave out `verify`, and leave `trust_env` on: httpx reads SSL_CERT_FILE"),
    library("aiohttp", "python-aiohttp.py", "leave out resolvers and event loops of its own (aiodns, uvloop), or use ClientSession(trust_env=True)", "leave out `ssl`: aiohttp reads SSL_CERT_FILE by way of Python"),
  ],
  ruby: [script("Net::HTTP", ["-"], "ruby.rb", "Net::HTTP reads http_proxy by itself: pass no proxy, and no nil", "leave out `ca_file` and `cert_store`: OpenSSL reads SSL_CERT_FILE")],
  php: [
    script("curl", ["--"], "php-curl.php", "set no CURLOPT_PROXY and no CURLOPT_NOPROXY", "set no CURLOPT_CAINFO: a run's configuration names its roots"),
    { ...script("streams", ["--"], "php-streams.php", "PHP's streams know no proxy: use its curl extension, or Guzzle with it", "set no `cafile`: a run's configuration names its roots"), isLibrary: true },
  ],
  perl: [
    library("LWP", "perl-lwp.pl", "call env_proxy, or leave it to PERL_LWP_ENV_PROXY", "set no SSL_ca_file: LWP reads PERL_LWP_SSL_CA_FILE"),
    library("HTTP::Tiny", "perl-tiny.pl", "pass no proxy: HTTP::Tiny reads https_proxy", "set no SSL_ca_file: HTTP::Tiny reads SSL_CERT_FILE"),
  ],
  r: [
    {
      ...script("httr", ["--vanilla", "-"], "r-httr.R", "call no httr::use_proxy", 'httr trusts the system alone until it is told: httr::set_config(httr::config(cainfo = Sys.getenv("CURL_CA_BUNDLE")))'),
      isLibrary: true,
    },
  ],
  elixir: [
    {
      name: "httpc",
      tellsStart: true,
      isLibrary: true,
      start: ({ folder }) => ({ args: [`${folder}/httpc.exs`], file: { name: "httpc.exs", text: scriptOf("httpc.exs") } }),
      fixes: { proxy: "httpc reads no proxy variables: give it HTTPS_PROXY's host and port by :httpc.set_options, and user and password by `proxy_auth`", trust: 'give it the run\'s roots: cacertfile: System.get_env("SSL_CERT_FILE")', password: "give it HTTPS_PROXY's user and password by `proxy_auth`" },
    },
  ],
  java: [java("HttpClient", "JavaHttpClient.java"), java("HttpsURLConnection", "JavaUrlConnection.java")],
  go: [
    {
      name: "net/http",
      tellsStart: false,
      // The toolchain's own downloads are net/http with its default transport, as in most programs; nothing has to be compiled.
      start: ({ url, placeholder, folder }) => ({
        args: ["list", "-m", "doctor.invalid/probe@v1.0.0"],
        cwd: folder,
        variables: { GOPROXY: withCredential(url, placeholder).replace(/\/$/, ""), GO111MODULE: "on", GOWORK: "off", GOFLAGS: "", GOTOOLCHAIN: "local", GOSUMDB: "off", GOPRIVATE: "none", GONOPROXY: "none", GONOSUMDB: "none", GOINSECURE: "none", GOAUTH: "off" },
      }),
      fixes: { proxy: "give its http.Transport `Proxy: http.ProxyFromEnvironment`", trust: "leave out `RootCAs`: Go on Linux reads SSL_CERT_FILE; on macOS and Windows it asks the system alone, and needs `GODEBUG=x509usefallbackroots=1` or roots of its own", password: PASSWORD },
    },
  ],
  curl: [
    {
      name: "",
      tellsStart: false,
      // Headers by standard input: no argument list tells even a placeholder.
      start: ({ url, placeholder }) => ({ args: ["-sS", "--max-time", "10", "-o", "-", "-H", "@-", url], input: `Authorization: Bearer ${placeholder}\n` }),
      fixes: { proxy: "see ~/.curlrc for `noproxy` and `proxy`", trust: "see ~/.curlrc for `cacert` and `capath`; curl built on Schannel or Secure Transport reads no CURL_CA_BUNDLE: use one built on OpenSSL", password: "see ~/.curlrc for `proxy` and `proxy-user`" },
    },
  ],
  wget: [
    {
      name: "",
      tellsStart: false,
      start: ({ url, placeholder }) => ({ args: ["-q", "-O", "-", "--tries=1", "--timeout=10", `--header=Authorization: Bearer ${placeholder}`, url] }),
      fixes: { proxy: "see ~/.wgetrc for `use_proxy` and `https_proxy`", trust: "see ~/.wgetrc for `ca_certificate`: it is read after the run's", password: "see ~/.wgetrc for `https_proxy` and `proxy_user`" },
    },
  ],
  git: [
    {
      name: "",
      tellsStart: false,
      start: ({ url, placeholder }) => ({ args: ["-c", "credential.helper=", "ls-remote", withCredential(url, placeholder)], variables: { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "" } }),
      fixes: { proxy: "git config --show-origin --get-regexp 'http.*proxy' shows where git is told of another; take it out", trust: "git config --show-origin --get-regexp 'http.*ssl' shows where git is told of other roots; take it out", password: "git config --show-origin --get-regexp 'http.*proxy' shows where git is told of a proxy; take it out" },
    },
  ],
};

function script(name: string, args: readonly string[], file: Parameters<typeof scriptOf>[0], proxy: string, trust: string): Way {
  return { name, tellsStart: true, start: () => ({ args, input: scriptOf(file) }), fixes: { proxy, trust, password: PASSWORD } };
}

function library(name: string, file: Parameters<typeof scriptOf>[0], proxy: string, trust: string): Way {
  return { ...script(name, ["-"], file, proxy, trust), isLibrary: true };
}

/** Java compiles and runs a single file (JEP 330), where it has a compiler. */
function java(name: string, file: "JavaHttpClient.java" | "JavaUrlConnection.java"): Way {
  return {
    name,
    tellsStart: true,
    start: ({ folder }) => ({ args: ["-Xshare:auto", "-XX:TieredStopAtLevel=1", `${folder}/${file}`], file: { name: file, text: scriptOf(file) } }),
    fixes: {
      proxy: "Java reads no proxy variables; a program has to take HTTPS_PROXY apart itself, and bring an Authenticator with the password in it and -Djdk.http.auth.tunneling.disabledSchemes=",
      trust: "make a trust store of the file that SSL_CERT_FILE names in a run, and name it by -Djavax.net.ssl.trustStore",
      password: "Java sends a proxy's password only from an Authenticator that the program brings (HttpClient: from that of its own builder), and with -Djdk.http.auth.tunneling.disabledSchemes=",
    },
  };
}

/** Both ask without it first, and again once they are told to. */
function withCredential(url: string, placeholder: string): string {
  return url.replace("https://", `https://doctor:${placeholder}@`);
}
