// Real programs with no environment at all, in a real file system of bubblewrap's, against a real server whose certificate the run's own root has signed.
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:https";
import { createServer } from "node:https";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRunCa } from "../../../src/proxy/tls/run-ca.ts";
import { collectRoots, writeCaFile } from "../../../src/run/roots/ca-file.ts";
import type { Mount } from "../../../src/wall/files/mount.ts";
import { formatMounts } from "../../../src/wall/files/mount.ts";
import { layTrust } from "../../../src/wall/trust/lay-trust.ts";
import { parseHostBinding } from "../../../src/vault/host.ts";

const HOME = homedir();
const JAVA = `import java.net.URI; import java.net.http.*;
public class Get { public static void main(String[] args) throws Exception {
  System.out.print(HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(args[0])).build(), HttpResponse.BodyHandlers.ofString()).body()); } }`;
const JVMS = ["/usr/bin/java", "/usr/lib/jvm/temurin-25-jdk-amd64/bin/java"];

const PROGRAMS: readonly (readonly [string, string, readonly string[]])[] = [
  ["curl", "/usr/bin/curl", ["-sS", "URL"]],
  ["curl, by the folder of hashes", "/usr/bin/curl", ["-sS", "--cacert", "FOLDER/empty.pem", "--capath", "/etc/ssl/certs", "URL"]],
  ["wget (GnuTLS)", "/usr/bin/wget", ["-qO-", "URL"]],
  ["OpenSSL", "/usr/bin/openssl", ["s_client", "-connect", "localhost:PORT", "-servername", "localhost", "-verify_return_error", "-brief"]],
  ["Python's urllib", "/usr/bin/python3", ["-c", "import urllib.request as r; print(r.urlopen('URL').read().decode())"]],
  ["pip's own requests", "/usr/bin/python3", ["-c", "import pip._vendor.requests as r; print(r.get('URL').text)"]],
  ["Perl's HTTP::Tiny", "/usr/bin/perl", ["-MHTTP::Tiny", "-e", "print HTTP::Tiny->new(verify_SSL => 1)->get('URL')->{content}"]],
  ["Ruby's Net::HTTP", "/usr/bin/ruby", ["-rnet/http", "-e", "print Net::HTTP.get(URI('URL'))"]],
  ["PHP's streams", "/usr/bin/php", ["-r", "print file_get_contents('URL');"]],
  ["PHP's curl", "/usr/bin/php", ["-r", "$c = curl_init('URL'); curl_exec($c); print curl_error($c);"]],
  ...JVMS.map((java) => [`Java's HttpClient by ${java}`, java, ["-XX:TieredStopAtLevel=1", "FOLDER/Get.java", "URL"]] as const),
  ["Chromium", "/usr/bin/chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "URL"]],
];

let folder = "";
let port = 0;
let server: Server | undefined;
let mounts: readonly Mount[] = [];

async function runWith(laid: readonly Mount[], program: string, args: readonly string[]): Promise<string> {
  const files: Mount[] = [{ kind: "read-only", source: "/", path: "/" }, { kind: "empty", path: "/tmp" }, { kind: "empty", path: HOME }, { kind: "read-only", source: folder, path: folder }];
  const filled = args.map((arg) => arg.replaceAll("URL", `https://localhost:${port}/`).replaceAll("FOLDER", folder).replaceAll("PORT", String(port)));
  // Of the environment, what Chromium does not start without.
  const environment = program.includes("chromium") ? ["--setenv", "HOME", HOME, "--setenv", "PATH", "/usr/bin:/bin"] : [];
  const done = promisify(execFile)("bwrap", [...formatMounts(files), "--proc", "/proc", "--dev", "/dev", ...formatMounts(laid), "--clearenv", ...environment, "--", program, ...filled], { timeout: 50_000 });
  done.child.stdin?.end();
  const { stdout, stderr } = await done.catch((error: unknown) => (error instanceof Error && "stderr" in error ? { stdout: "", stderr: String(error.stderr) } : { stdout: "", stderr: String(error) }));
  return `${stdout}${stderr}`;
}

describe.skipIf(process.platform !== "linux" || spawnSync("bwrap", ["--ro-bind", "/", "/", "true"]).status !== 0)("behind bubblewrap", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vault-test-"));
    const ca = makeRunCa([parseHostBinding("localhost")]);
    const bundle = writeCaFile(folder, collectRoots({}).child, ca.certificate);
    writeFileSync(join(folder, "Get.java"), JAVA);
    writeFileSync(join(folder, "empty.pem"), `${readFileSync(bundle, "latin1").split("-----END CERTIFICATE-----\n")[1] ?? ""}-----END CERTIFICATE-----\n`);
    ({ mounts } = layTrust({ bundle, runCa: ca.certificate, folder, home: HOME, project: join(folder, "project"), variables: { PATH: "/usr/bin" }, files: [{ kind: "read-only", source: "/", path: "/" }, { kind: "empty", path: HOME }] }));
    server = createServer({ SNICallback: (name, done) => { done(null, ca.contextFor(name)); } }, (_request, response) => { response.end("it is trusted"); });
    port = await new Promise((resolve) => { server?.listen(0, "127.0.0.1", () => { const address = server?.address(); resolve(typeof address === "object" && address !== null ? address.port : 0); }); });
  });
  afterAll(() => {
    server?.close();
    server?.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, program, args] of PROGRAMS) {
    test.skipIf(!existsSync(program) || (name === "PHP's curl" && spawnSync(program, ["-r", "exit(function_exists('curl_init') ? 0 : 1);"]).status !== 0))(`${name} trusts the run`, async () => {
      const wanted = name === "OpenSSL" ? "Verification: OK" : "it is trusted";
      expect(await runWith(mounts, program, args)).toContain(wanted);
      if (program.includes("java") || program.includes("chromium")) return;
      expect(await runWith([], program, args)).not.toContain(wanted);
    });
  }

  test("the folder that is covered keeps what was in it, and takes nothing new", async () => {
    const list = "cd /etc/ssl/certs && for name in *; do [ -d \"$name\" ] || cat \"$name\" > /dev/null && echo \"$name\"; done";
    const before = spawnSync("sh", ["-c", list], { encoding: "utf8" }).stdout.split("\n");
    const inside = (await runWith(mounts, "/bin/sh", ["-c", list])).split("\n");
    expect(inside.filter((name) => !before.includes(name))).toEqual([expect.stringMatching(/^[0-9a-f]{8}\.0$/)]);
    expect(before.filter((name) => !inside.includes(name))).toEqual([]);
    expect(await runWith(mounts, "/bin/sh", ["-c", "echo > /etc/ssl/certs/new"])).toMatch(/read-only/i);
  });
});
