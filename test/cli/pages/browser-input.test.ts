// `vault secrets create --browser`, as it is shipped: from the link to the value in the vault.
import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeFolder } from "../../support/temporary.ts";

const VALUE = "sk-entered-elsewhere-0123456789";

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly said: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<number | null>;
}

function makeVariables(): Record<string, string> {
  const folder = makeFolder();
  mkdirSync(join(folder, "tmp"));
  return { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: join(folder, "tmp"), VAULT_DIR: join(folder, "vault") };
}

function start(variables: Readonly<Record<string, string>>, ...args: readonly string[]): Started {
  expect(spawnSync(NODE, [RUN_JS, "init", "--provider", "file"], { env: { ...variables } }).status).toBe(0);
  const child = spawn(NODE, [RUN_JS, ...args], { env: { ...variables }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => { output += chunk.toString(); });
  const said = async (pattern: RegExp): Promise<string> => {
    for (let found = pattern.exec(output); ; found = pattern.exec(output)) {
      if (found !== null) return found[1] ?? found[0];
      if (child.exitCode !== null) throw new Error(`it ended without ${String(pattern)}: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, output: () => output, said, ended };
}

/** As the page's script does. */
async function enter(link: string): Promise<number> {
  const { origin, hash } = new URL(link);
  const { status } = await fetch(`${origin}/value`, { method: "POST", body: Buffer.from(VALUE), headers: { origin, "x-vault-token": hash.slice(1), "content-type": "application/octet-stream" } });
  return status;
}

describe("secrets create --browser", () => {
  it("prints the link where there is no screen, waits for the value, and repeats it nowhere", async () => {
    const variables = makeVariables();
    const { child, said, ended, output } = start(variables, "secrets", "create", "OPENAI_API_KEY", "--browser");
    const link = await said(/enter the value of OPENAI_API_KEY there: (http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43})\n/);
    expect(readFileSync(`/proc/${String(child.pid)}/cmdline`, "latin1")).not.toContain(new URL(link).hash.slice(1));
    expect(await enter(link)).toBe(200);
    expect(await ended).toBe(0);
    expect(output()).toContain("created OPENAI_API_KEY for api.openai.com:443");
    expect(output()).not.toContain(VALUE);
    const run = spawnSync(NODE, [RUN_JS, "run", "--", "sh", "-c", 'echo "$OPENAI_API_KEY"'], { env: { ...variables, OTHER: VALUE }, encoding: "utf8" });
    expect(run.stdout).toMatch(/^sk-/);
    expect(run.stdout).not.toContain(VALUE);
  });

  it("shows openers no token: they get the name of a private file that leads to the page, and is gone afterwards", async () => {
    const variables = makeVariables();
    const bin = join(variables["HOME"] ?? "", "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "xdg-open"), '#!/bin/sh\nprintf %s "$1" > "$HOME/opened.part"; mv "$HOME/opened.part" "$HOME/opened"\n');
    chmodSync(join(bin, "xdg-open"), 0o755);
    const { said, ended, output } = start({ ...variables, PATH: `${bin}:${variables["PATH"] ?? ""}`, DISPLAY: ":0" }, "secrets", "create", "API_KEY", "--host", "api.example.com", "--browser");
    await said(/a page in your browser asks for the value of API_KEY\n/);
    const file = fileURLToPath(readFileSync(join(variables["HOME"] ?? "", "opened"), "utf8"));
    const [, link = ""] = /content="0;url=([^"]*)"/.exec(readFileSync(file, "utf8")) ?? [];
    expect(spawnSync("stat", ["-c", "%a", file], { encoding: "utf8" }).stdout.trim()).toBe("600");
    expect(output()).not.toContain(new URL(link).hash);
    expect(await enter(link)).toBe(200);
    expect(await ended).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it("prints the link where the opener fails, and ends with 2 when it is interrupted, leaving nothing", async () => {
    const variables = makeVariables();
    const bin = join(variables["HOME"] ?? "", "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "xdg-open"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
    const { child, said, ended } = start({ ...variables, PATH: `${bin}:${variables["PATH"] ?? ""}`, WAYLAND_DISPLAY: "wayland-0" }, "secrets", "create", "API_KEY", "--host", "api.example.com", "--browser");
    await said(/http:\/\/127\.0\.0\.1:\d+\/#/);
    child.kill("SIGINT");
    expect(await ended).toBe(2);
    expect(spawnSync("ls", ["-A", variables["TMPDIR"] ?? ""], { encoding: "utf8" }).stdout).toBe("");
    expect(spawnSync(NODE, [RUN_JS, "secrets", "list"], { env: variables, encoding: "utf8" }).stdout).toBe("no secrets yet\n");
  });
});
