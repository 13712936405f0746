// The release's workflow and its bill of materials: what can be held here without GitHub and npm.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { makeFolder } from "../support/temporary.ts";
import { ROOT } from "./deploy-files.ts";

interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly name?: string; readonly uses?: string; readonly run?: string }[];
}
interface Bill {
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string; readonly hashes?: readonly unknown[]; readonly licenses?: readonly unknown[] }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const text = readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8");
const { jobs, permissions } = parse(text) as { readonly jobs: Readonly<Record<"build" | "publish", Job>>; readonly permissions: Readonly<Record<string, string>> };
const { scripts, files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly scripts: Readonly<Record<string, string>>; readonly files: readonly string[] };
const lines = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = "" }) => run.split("\n")));

test("whoever builds may sign nothing, and whoever signs builds nothing", () => {
  expect(permissions).toEqual({});
  expect(jobs.build.permissions).toEqual({ contents: "read" });
  expect(jobs.publish.permissions).toEqual({ contents: "write", "id-token": "write" });
  expect(jobs.publish.steps.some(({ uses = "", run = "" }) => uses.includes("checkout") || /npm (?:ci|install|run|test)/.test(run))).toBe(false);
  expect(lines.find((line) => line.startsWith("npm publish"))).toContain("--provenance");
  expect(text).not.toContain("secrets.");
});

test("each script that it runs is there", () => {
  const run = lines.flatMap((line) => [...line.matchAll(/npm (?:run (?:--silent )?(\w+)|(test))/g)].map(([, name, short]) => name ?? short ?? ""));
  expect(run).toContain("sbom");
  expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
  expect(files.some((name) => name.startsWith(".github"))).toBe(false);
});

test("its packing makes the package, the bill and their sums", () => {
  const folder = makeFolder();
  const pack = jobs.build.steps.find(({ name }) => name === "Pack")?.run ?? "";
  execFileSync("bash", ["-eo", "pipefail", "-c", pack.replace("mkdir out\n", "").replaceAll(/\bout\b/g, folder)], { cwd: ROOT, env: { ...process.env, npm_config_ignore_scripts: "true" }, stdio: "pipe" });
  expect(readdirSync(folder).sort()).toEqual(["SHA256SUMS", expect.stringMatching(/^vaultrun-\d.*\.tgz$/), "vaultrun.cdx.json"]);
  const { components, dependencies } = JSON.parse(readFileSync(join(folder, "vaultrun.cdx.json"), "utf8")) as Bill;
  const names = components.map(({ name }) => name);
  for (const name of ["@oclif/core", "execa", "undici", "libsodium-sumo", "tldts-core", "yaml", "pg-protocol", "oauth4webapi", "@napi-rs/keyring-linux-x64-gnu"]) expect(names).toContain(name);
  // What only tests and builds need is not in the package.
  for (const name of ["vitest", "esbuild", "typescript", "playwright-core"]) expect(names).not.toContain(name);
  expect(components.filter(({ hashes, licenses }) => hashes === undefined || licenses === undefined)).toEqual([]);
  const known = new Set(components.map(({ purl }) => purl));
  expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((purl) => !known.has(purl))).toEqual([]);
  // The bundle says whose comments it carries, and so whose code.
  const bundled = readdirSync(join(ROOT, "dist")).filter((name) => name.endsWith(".LEGAL.txt")).flatMap((name) => [...readFileSync(join(ROOT, "dist", name), "utf8").matchAll(/node_modules\/((?:@[^/]+\/)?[^/:\s]+)\/[^\n]*:$|^((?:@[\w.-]+\/)?[\w.-]+)\/[^\n]*:$/gm)].map(([, first, second]) => first ?? second ?? ""));
  expect([...new Set(bundled)].filter((name) => !names.includes(name))).toEqual([]);
});
