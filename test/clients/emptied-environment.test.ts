// Clients behind the wall with an emptied environment: no proxy variable, none that names a file of roots. Each sends the secret that it does not have, to `localhost` at that.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

interface WalledClient {
  readonly name: string;
  readonly isHere: () => boolean;
  /** In the folder of its programs, outside the wall. */
  readonly prepare?: (folder: string) => void;
  /** A command for `sh`: $URL, $TOKEN, and $P for the folder of programs. */
  readonly command: string;
}

const HERE = fileURLToPath(new URL("../..", import.meta.url));
const succeeds = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;
const build = (folder: string, program: string, ...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env: { ...process.env, GO111MODULE: "off", CGO_ENABLED: "0", GOFLAGS: "" } });
  expect([status, stderr]).toEqual([0, ""]);
};
const script = (name: string, program: string, flags: string, text: string, needs: readonly string[] = ["--version"]): WalledClient => ({
  name,
  isHere: () => succeeds(program, ...needs),
  prepare: (folder) => { writeFileSync(join(folder, name.replace(/\W+/g, "-")), text); },
  command: `${program} ${flags} "$P/${name.replace(/\W+/g, "-")}"`,
});

const JAVA_CLIENT = `import java.net.URI; import java.net.http.*;
public class JavaClient { public static void main(String[] args) throws Exception {
  var request = HttpRequest.newBuilder(URI.create(System.getenv("URL"))).header("authorization", "Bearer " + System.getenv("TOKEN")).build();
  System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body()); } }`;
const JAVA_CONNECTION = `import java.net.URI;
public class JavaConnection { public static void main(String[] args) throws Exception {
  var connection = URI.create(System.getenv("URL")).toURL().openConnection();
  connection.setRequestProperty("authorization", "Bearer " + System.getenv("TOKEN"));
  System.out.println(new String(connection.getInputStream().readAllBytes())); } }`;
const OKHTTP = `import okhttp3.*;
public class OkClient { public static void main(String[] args) throws Exception {
  var request = new Request.Builder().url(System.getenv("URL")).header("authorization", "Bearer " + System.getenv("TOKEN")).build();
  try (var answer = new OkHttpClient().newCall(request).execute()) { System.out.println(answer.body().string()); }
  System.exit(0); } }`;
const OKHTTP_JARS = join(HERE, "node_modules/.cache/okhttp");
const JVMS = [["17", "/usr/lib/jvm/java-17-openjdk-amd64"], ["25", "/usr/lib/jvm/temurin-25-jdk-amd64"]] as const;
const jvm = (line: string, home: string, client: string, text: string, jars?: string): WalledClient => ({
  name: `Java ${line}: ${client}`,
  isHere: () => existsSync(join(home, "bin/java")) && succeeds("javac", "-version") && (jars === undefined || existsSync(jars)),
  prepare: (folder) => {
    if (jars !== undefined) cpSync(jars, join(folder, "jars"), { recursive: true, dereference: true });
    writeFileSync(join(folder, `${client}.java`), text);
    build(folder, "javac", "--release", "17", "-J-XX:TieredStopAtLevel=1", "-cp", `${folder}/jars/*`, `${client}.java`);
  },
  command: `${home}/bin/java -XX:TieredStopAtLevel=1 -cp "$P:$P/jars/*" ${client}`,
});

const GO = `package main
import ("fmt"; "io"; "net/http"; "os")
func main() {
	request, _ := http.NewRequest("GET", os.Getenv("URL"), nil)
	request.Header.Set("authorization", "Bearer "+os.Getenv("TOKEN"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil { fmt.Println(err); os.Exit(1) }
	text, _ := io.ReadAll(answer.Body)
	fmt.Print(string(text))
}`;

const PLAYWRIGHT = `const { chromium } = require(process.env.P + "/playwright-core");
(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ extraHTTPHeaders: { authorization: "Bearer " + process.env.TOKEN } });
  await page.goto(process.env.URL);
  console.log(await page.textContent("body"));
  await browser.close();
})();`;

const CLIENTS: readonly WalledClient[] = [
  { name: "curl", isHere: () => succeeds("curl", "--version"), command: 'curl -sS -H "authorization: Bearer $TOKEN" "$URL"' },
  { name: "wget", isHere: () => succeeds("wget", "--version"), command: 'wget -qO- --header="authorization: Bearer $TOKEN" "$URL"' },
  { name: "git", isHere: () => succeeds("git", "--version"), command: 'git -c http.extraHeader="authorization: Bearer $TOKEN" ls-remote "$URL/one.git"; echo hello from upstream' },
  {
    name: "Go: net/http, linked statically",
    isHere: () => succeeds("go", "version"),
    prepare: (folder) => {
      writeFileSync(join(folder, "client.go"), GO);
      build(folder, "go", "build", "-o", "go-client", "client.go");
    },
    command: '"$P/go-client"',
  },
  ...JVMS.flatMap(([line, home]) => [jvm(line, home, "JavaClient", JAVA_CLIENT), jvm(line, home, "JavaConnection", JAVA_CONNECTION), jvm(line, home, "OkClient", OKHTTP, OKHTTP_JARS)]),
  script("Ruby: Net::HTTP", "ruby", "", 'require "net/http"\nputs Net::HTTP.get(URI(ENV["URL"]), { "authorization" => "Bearer " + ENV["TOKEN"] })'),
  script("Perl: HTTP::Tiny", "perl", "", 'use HTTP::Tiny; my $r = HTTP::Tiny->new(verify_SSL => 1)->get($ENV{URL}, { headers => { authorization => "Bearer $ENV{TOKEN}" } }); print $r->{content};', ["-MIO::Socket::SSL", "-e", "1"]),
  script("Perl: LWP", "perl", "", 'use LWP::UserAgent; my $r = LWP::UserAgent->new->get($ENV{URL}, authorization => "Bearer $ENV{TOKEN}"); print $r->decoded_content;', ["-MLWP::Protocol::https", "-e", "1"]),
  script("PHP: streams", "php", "-n", `<?php echo file_get_contents(getenv("URL"), false, stream_context_create(["http" => ["header" => "authorization: Bearer " . getenv("TOKEN")]]));`, ["-n", "-r", "exit(extension_loaded('openssl') ? 0 : 1);"]),
  script("PHP: curl", "php", "", `<?php $c = curl_init(getenv("URL")); curl_setopt($c, CURLOPT_HTTPHEADER, ["authorization: Bearer " . getenv("TOKEN")]); curl_exec($c); echo curl_error($c);`, ["-r", "exit(function_exists('curl_init') ? 0 : 1);"]),
  {
    ...script("Chromium by Playwright", process.execPath, "", PLAYWRIGHT),
    isHere: () => existsSync("/usr/bin/chromium"),
    prepare: (folder) => {
      cpSync(join(HERE, "node_modules/playwright-core"), join(folder, "playwright-core"), { recursive: true, dereference: true });
      writeFileSync(join(folder, "Chromium-by-Playwright"), PLAYWRIGHT);
    },
  },
  // Its own way to send a header is none; that the page is asked for says that it trusts the run, and the answer is on a picture.
  { name: "Firefox", isHere: () => existsSync("/usr/lib/firefox-esr/distribution"), command: 'timeout 50 firefox-esr --headless --screenshot "$HOME/picture.png" "$URL/firefox" > /dev/null 2>&1; test -s "$HOME/picture.png" && echo hello from upstream' },
];

describe.skipIf(!can.wall)("with an emptied environment, behind the wall (needs bubblewrap)", () => {
  let stage: WallStage;
  let programs: string;
  beforeAll(async () => {
    stage = await openWallStage();
    programs = join(stage.project, "programs");
    mkdirSync(programs);
    chmodSync(programs, 0o755);
  });
  afterAll(() => stage.close());

  for (const { name, isHere, prepare, command } of CLIENTS) {
    test.skipIf(!can.wall || !isHere())(name, async () => {
      prepare?.(programs);
      const before = stage.server.received().length;
      writeFileSync(join(programs, "start.sh"), command);
      const { out, err } = await stage.inside(`exec env -i HOME="$HOME" PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/go/bin P="${programs}" URL="https://${stage.bound}" TOKEN="$API_KEY" sh "${programs}/start.sh"`);
      const received = stage.server.received().slice(before);
      expect(`${out}${err}`).toContain("hello from upstream");
      expect(received).toMatch(name === "Firefox" ? /GET \/firefox / : new RegExp(`^authorization: Bearer ${stage.value.replace(/[^\w-]/g, "\\$&")}\r$`, "im"));
      expect(`${out}${err}`).not.toContain(stage.value);
    }, 120_000);
  }
});
