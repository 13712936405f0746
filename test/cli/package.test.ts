// What is published: the packed program, beside what it depends on and nothing else. Whatever is bundled is no dependency.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { NODE } from "../support/program.ts";
import { makeFolder } from "../support/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), "utf8"));
const { dependencies } = readJson("package.json") as { readonly dependencies: Readonly<Record<string, string>> };

/** Of what is downloaded. The programs have it, 0.9 MB, and Argon2id 0.2. What `vault run` and `vault status` use is there twice: from files that have all commands, both would start in half as long again. */
const PACKED_BYTES_MAX = 1_600_000;

/** The packed program in `node_modules` of a folder of its own, as `npm install --omit=dev` would put it there, and without a registry. @returns its `bin/run.js`. */
function install(folder: string): string {
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: ROOT, encoding: "utf8" })) as readonly [{ readonly filename: string; readonly size: number }];
  expect(packed.size).toBeLessThan(PACKED_BYTES_MAX);
  const home = join(folder, "node_modules", "vaultrun");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, packed.filename), "-C", home, "--strip-components=1"]);
  const { packages } = readJson("package-lock.json") as { readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>> };
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (path === "" || dev === true || devOptional === true || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  return join(home, "bin", "run.js");
}

test("the dependencies are those packages that the built program asks for, and no others", () => {
  // oclif asks for these two where a program is TypeScript.
  const never = ["typescript", "ts-node"];
  const asked = readdirSync(join(ROOT, "dist")).filter((name) => /\.c?js$/.test(name)).flatMap((name) => [...readFileSync(join(ROOT, "dist", name), "utf8").matchAll(/\b(?:require|import)\("([\w@][\w@/.-]*)"\)|\bfrom"([\w@][\w@/.-]*)"/g)].map(([, required, imported]) => required ?? imported ?? ""));
  const packages = new Set(asked.filter((name) => !name.startsWith("node:") && !builtinModules.includes(name) && !never.includes(name) && name !== "sqlite"));
  expect([...packages].sort()).toEqual(Object.keys(dependencies).sort());
});

test("the packed program works with them alone", () => {
  const folder = makeFolder();
  const runJs = install(folder);
  const vault = (args: readonly string[], input = ""): string => {
    const { status, stdout, stderr } = spawnSync(NODE, [runJs, ...args], { cwd: folder, env: { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") }, input, encoding: "utf8" });
    expect(stderr + stdout, args.join(" ")).not.toMatch(/Cannot find|unexpected failure/);
    expect(status, `${args.join(" ")}: ${stderr}`).toBe(0);
    return stdout;
  };
  expect(vault(["--version"])).toMatch(/^vaultrun\/\d/);
  expect(vault(["--help"])).toContain("secrets");
  expect(vault(["help", "locked"])).toContain("Exit status 4");
  expect(vault(["help"])).toContain("troubleshooting");
  expect(vault(["skill", "install", "claude"])).toContain(join(folder, ".claude/skills/vault/SKILL.md"));
  expect(readFileSync(join(dirname(runJs), "../man/vault-run.1"), "utf8")).toContain("SYNOPSIS");
  vault(["init", "--provider", "passphrase", "--kdf", "low", "--passphrase-file", "-"], "correct horse battery staple");
  const withPassphrase = (...args: string[]): string[] => [...args, "--passphrase-file", join(folder, "passphrase")];
  execFileSync("sh", ["-c", "umask 077; printf 'correct horse battery staple' > passphrase"], { cwd: folder });
  expect(vault(["status"])).toContain("passphrase");
  vault(withPassphrase("secrets", "create", "GITHUB_TOKEN"), "ghp_0123456789abcdefghijABCDEFGHIJ012345");
  vault(withPassphrase("secrets", "create", "OTHER", "--host", "*.example.com"), "a value of no service");
  expect(vault(["secrets", "list"])).toContain("api.github.com");
  expect(vault([...withPassphrase("run", "-s", "GITHUB_TOKEN"), "--", "sh", "-c", 'echo "$GITHUB_TOKEN"'])).toMatch(/^ghp_(?!0123456789)/);
  execFileSync("sh", ["-c", "printf 'a: secret value\\n' > config.yaml"], { cwd: folder });
  vault(withPassphrase("seal", "config.yaml", "--field", "a"));
  expect(readFileSync(join(folder, "config.yaml"), "utf8")).toMatch(/^a: .*enc:v/);
  expect(vault(withPassphrase("unseal", "config.yaml"))).toBe("a: secret value\n");
  vault(["doctor", "--json"]);
});
