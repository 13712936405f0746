// Real programs, each led to the doctor's own server. Those that do it wrong are real ones too, with a variable or setting taken away.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../../src/app/doctor/finding.ts";
import { examineProgram } from "../../../src/app/doctor/program.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { worstStatus } from "../../../src/cli/output/doctor-lines.ts";
import { makeHome } from "../../support/home.ts";
import { makeFolder } from "../../support/temporary.ts";

const has = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;
const inherited = Object.fromEntries(["PATH", "PYENV_ROOT"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

function surround(more: Readonly<Record<string, string>> = {}): Surroundings {
  return makeHome({ HOME: makeFolder(), ...inherited, ...more }).surroundings;
}

/** A folder for the PATH with one program in it, a shell's line. */
function standIn(name: string, line: string): string {
  const folder = makeFolder();
  writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`, { mode: 0o700 });
  return `${folder}:${process.env["PATH"] ?? ""}`;
}

function pathOf(program: string): string {
  return spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();
}

const linesOf = (findings: readonly Finding[]): string[] => findings.map(({ level, check, message }) => `${level} ${check} ${message}`);
const WORKS = /^ok requests .*gets a secret put in$/;

describe("requests that work are told of:", () => {
  for (const [program, argument] of [["curl", "--version"], ["git", "--version"], ["wget", "--version"], ["go", "version"]] as const) {
    test.skipIf(!has(program, argument))(program, async () => {
      const findings = await examineProgram(surround(), [program]);
      expect(linesOf(findings).filter((line) => WORKS.test(line)), linesOf(findings).join("\n")).toHaveLength(1);
      expect(worstStatus(findings)).toBe(0);
    });
  }

  test("Node, by https, by an agent of its own and by fetch, found behind npm; the run's folder is gone afterwards", async () => {
    const surroundings = surround({ NO_PROXY: "*", NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    const findings = await examineProgram(surroundings, ["npm"]);
    // The preload stands in the built program only, so that from here an old Node goes past the proxy.
    expect(linesOf(findings).filter((line) => line.includes("requests node, by "))).toHaveLength(3);
    expect(linesOf(findings).filter((line) => line.startsWith("note environment"))).toHaveLength(2);
    expect(readdirSync(join(surroundings.paths.runtimeFolder, "runs"))).toEqual([]);
  });

  test.skipIf(!has("python3", "--version"))("Python, by each library that is there", async () => {
    const findings = await examineProgram(surround(), ["python3"]);
    expect(linesOf(findings)).toContainEqual(expect.stringMatching(/^ok requests python, by urllib:.*gets a secret put in$/));
    expect(worstStatus(findings)).toBe(0);
  });
});

describe("requests that would not work are, with the reason and a fix:", () => {
  test.skipIf(!has("curl", "--version"))("a setting that leads past the proxy", async () => {
    const surroundings = surround();
    writeFileSync(join(surroundings.variables["HOME"] ?? "", ".curlrc"), 'noproxy = "*"\n');
    const findings = await examineProgram(surroundings, ["curl"]);
    expect(findings.at(-1)).toMatchObject({ level: "problem", message: expect.stringMatching(/^curl: goes past the proxy/) as string, fix: expect.stringContaining(".curlrc") as string });
    expect(worstStatus(findings)).toBe(2);
  });

  test.skipIf(!has("curl", "--version") || !existsSync("/etc/ssl/certs/ca-certificates.crt"))("a setting by which the run's certificate is not trusted", async () => {
    const roots = "/etc/ssl/certs/ca-certificates.crt";
    const findings = await examineProgram(surround({ PATH: standIn("curl", `CURL_CA_BUNDLE=${roots} SSL_CERT_FILE=${roots} exec ${pathOf("curl")} "$@"`) }), ["curl"]);
    expect(findings.at(-1)).toMatchObject({ level: "problem", message: expect.stringMatching(/^curl: arrives at the proxy, and does not trust its certificate; it said: /) as string });
  });

  test.skipIf(!has("curl", "--version"))("a proxy that is asked without its password", async () => {
    const findings = await examineProgram(surround({ PATH: standIn("curl", `https_proxy="http://\${HTTPS_PROXY#*@}" exec ${pathOf("curl")} "$@"`) }), ["curl"]);
    expect(findings.at(-1)).toMatchObject({ level: "problem", message: expect.stringMatching(/^curl: arrives at the proxy without its password/) as string });
  });

  test.skipIf(!has("Rscript", "-e", "library(httr)"))("R, whose httr reads no variable for its roots", { timeout: 60_000 }, async () => {
    const [, finding] = await examineProgram(surround(), ["Rscript", "agent.R"]);
    expect(finding).toMatchObject({ level: "note", message: expect.stringContaining("r, by httr: arrives at the proxy, and does not trust its certificate"), fix: expect.stringContaining("CURL_CA_BUNDLE") });
  });

  test.skipIf(!has("elixir", "-e", "{:ok, _} = Application.ensure_all_started(:inets); {:ok, _} = Application.ensure_all_started(:ssl)"))("Elixir, whose httpc reads no variable", { timeout: 60_000 }, async () => {
    const [, finding] = await examineProgram(surround(), ["mix", "run"]);
    expect(finding).toMatchObject({ level: "note", message: expect.stringContaining("elixir, by httpc: goes past the proxy"), fix: expect.stringContaining("proxy_auth") });
  });

  test.skipIf(!has("javac", "-version"))("Java, which reads no variable", { timeout: 60_000 }, async () => {
    const findings = await examineProgram(surround(), ["java"]);
    const problems = findings.filter(({ level }) => level === "problem");
    expect(linesOf(problems)).toEqual([expect.stringContaining("java, by HttpClient: goes past the proxy"), expect.stringContaining("java, by HttpsURLConnection: goes past the proxy")]);
    expect(problems.every((finding) => finding.level === "problem" && finding.fix.includes("Authenticator"))).toBe(true);
  });

  test("a program that is not there, and a proxy of the user's that no run would use", async () => {
    expect(worstStatus(await examineProgram(surround(), ["no-such-program"]))).toBe(2);
    const findings = await examineProgram(surround({ HTTPS_PROXY: "socks5://user:pw-of-socks@127.0.0.1:1" }), ["curl"]);
    expect(worstStatus(findings)).toBe(2);
    expect(linesOf(findings).join("\n")).not.toContain("pw-of-socks");
  });
});

test("what could not be tried is said, and is no problem", async () => {
  for (const command of ["sh", "true"]) {
    const findings = await examineProgram(surround(), [command]);
    expect(findings).toMatchObject([{ level: "note", check: "program", fix: expect.stringContaining(`vault run --summary -- ${command}`) as string }]);
  }
  const findings = await examineProgram(surround({ PATH: standIn("ruby", "echo broken >&2; exit 1") }), ["ruby"]);
  expect(findings.at(-1)).toMatchObject({ level: "note", message: "ruby, by Net::HTTP: could not be tried; it said: broken" });
});

test.skipIf(!has("python3", "--version"))("a Python probe imports nothing from the working folder", async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, "requests"));
  writeFileSync(join(folder, "requests", "__init__.py"), `open(${JSON.stringify(join(folder, "ran"))}, "w")\n`);
  const before = process.cwd();
  process.chdir(folder);
  try {
    await examineProgram(surround(), ["python3"]);
  } finally {
    process.chdir(before);
  }
  expect(readdirSync(folder)).toEqual(["requests"]);
});
