import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

let server: RawServer;
let run: TestRun;
let grant: Grant;
let folder: string;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vault-clients-"));
  const ca = makeTestCa();
  server = await openRawServer(ca.identityFor("localhost"), (request) => {
    const credential = /^authorization: (.*)\r$/im.exec(request)?.[1] ?? "none";
    return plainAnswer(`you sent ${credential}\n`);
  });
  grant = makeGrant("API_KEY", [`localhost:${server.port}`]);
  run = await openTestRun([grant], { roots: [ca.certificate] });
  url = `https://localhost:${server.port}/`;
  writeFileSync(join(folder, "ca.pem"), run.proxy.caCertificate);
});

afterAll(async () => {
  await run.proxy.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Runs a program as the run's child would be. */
function runClient(command: string, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const caFile = join(folder, "ca.pem");
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      KEY: grant.placeholder,
      HTTPS_PROXY: run.proxy.url,
      https_proxy: run.proxy.url,
      HTTP_PROXY: run.proxy.url,
      http_proxy: run.proxy.url,
      CURL_CA_BUNDLE: caFile,
      SSL_CERT_FILE: caFile,
      GIT_SSL_CAINFO: caFile,
      REQUESTS_CA_BUNDLE: caFile,
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) =>
    child.once("close", (status) => {
      resolve({ status, output });
    }),
  );
}

const has = (command: string): boolean => spawnSync(command, ["--version"]).error === undefined;

describe("real clients", () => {
  const expectServed = (output: string, before: number): void => {
    expect(output).toContain("you sent");
    expect(output).not.toContain(VALUE);
    expect(server.received().slice(before)).not.toContain(grant.placeholder);
    const credentials = [`Bearer ${VALUE}`, `Basic ${Buffer.from(`user:${VALUE}`).toString("base64")}`];
    expect(credentials.some((credential) => server.received().slice(before).includes(`Authorization: ${credential}\r\n`))).toBe(true);
  };

  it.skipIf(!has("curl"))("curl, with a header and with -u", async () => {
    let before = server.received().length;
    expectServed((await runClient("curl", ["-sS", "-H", `Authorization: Bearer ${grant.placeholder}`, url])).output, before);
    before = server.received().length;
    expectServed((await runClient("curl", ["-sS", "-u", `user:${grant.placeholder}`, "--compressed", url])).output, before);
  });

  it.skipIf(!has("curl"))("curl, posting a file that needs 100 Continue", async () => {
    const body = "x".repeat(3_000_000);
    writeFileSync(join(folder, "body.txt"), body);
    const before = server.received().length;
    const { output } = await runClient("curl", ["-sS", "-H", `Authorization: Bearer ${grant.placeholder}`, "--data-binary", "@body.txt", url]);
    expectServed(output, before);
    expect(server.received().slice(before).length).toBeGreaterThan(body.length);
  });

  it.skipIf(!has("wget"))("wget", async () => {
    const before = server.received().length;
    const { output } = await runClient("wget", ["-qO-", "--ca-certificate=ca.pem", `--header=Authorization: Bearer ${grant.placeholder}`, url]);
    expectServed(output, before);
  });

  it.skipIf(!has("python3"))("Python's urllib", async () => {
    const before = server.received().length;
    const script = `import os, urllib.request\nr = urllib.request.Request("${url}", headers={"Authorization": "Bearer " + os.environ["KEY"]})\nprint(urllib.request.urlopen(r).read().decode())`;
    expectServed((await runClient("python3", ["-c", script])).output, before);
  });

  it.skipIf(spawnSync("python3", ["-c", "import requests"]).status !== 0)("Python's requests", async () => {
    const before = server.received().length;
    const script = `import os, requests\ns = requests.Session()\nfor i in range(2): print(s.get("${url}", headers={"Authorization": "Bearer " + os.environ["KEY"]}).text)`;
    expectServed((await runClient("python3", ["-c", script])).output, before);
  });

  it.skipIf(!has("git"))("git, with credentials in Basic", async () => {
    const before = server.received().length;
    const { output } = await runClient("git", ["-c", `http.extraHeader=Authorization: Basic ${Buffer.from(`user:${grant.placeholder}`).toString("base64")}`, "ls-remote", `${url}repository.git`]);
    expect(output).not.toContain("certificate");
    expectServed(`you sent${output}`, before);
  });

  it("reads a refusal that helps", async () => {
    const { output } = await runClient("curl", ["-sS", "-H", `Authorization: Bearer ${grant.placeholder}`, `http://localhost:${server.port}/`]);
    expect(output).toContain("API_KEY was not sent to localhost:");
    expect(output).toContain("use https://");
    expect(readFileSync(join(folder, "ca.pem"), "utf8")).toBe(run.proxy.caCertificate);
  });
});
