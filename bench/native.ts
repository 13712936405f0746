// The bare proxies that are written in Go and in Rust: built here by the toolchains that are here.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface NativeProxy {
  /** As its row is called: with what it leaves out. */
  readonly name: string;
  /** A program that takes CERTIFICATE KEY PLACEHOLDER VALUE and prints its port. */
  readonly program: string;
}

export interface NativeProxies {
  readonly built: readonly NativeProxy[];
  /** For each other one, why it is not there. */
  readonly missing: readonly string[];
}

export const BARE_GO = "bare Go (no rules, scrub or audit)";
export const BARE_RUST = "bare Rust (no rules, scrub or audit)";

const SOURCES = fileURLToPath(new URL("./processes/native/", import.meta.url));
const BUILT = fileURLToPath(new URL("../node_modules/.cache/native/", import.meta.url));
const GO = join(BUILT, "bare-go");
const CARGO_TARGET = join(BUILT, "rust");
const BUILD_SECONDS = 1_800;

const WAYS = [
  { name: BARE_GO, folder: "go", command: "go", args: ["build", "-trimpath", "-o", GO, "."], program: GO },
  { name: BARE_RUST, folder: "rust", command: "cargo", args: ["build", "--release", "--locked", "--quiet", "--target-dir", CARGO_TARGET], program: join(CARGO_TARGET, "release", "bare-rust") },
];

let known: NativeProxies | undefined;

/** Builds what is not built yet, once in a process: the first time takes some minutes, since hudsucker has many parts. They are of the registry's own, at the versions of the lock file. */
export function buildNativeProxies(): NativeProxies {
  known ??= build();
  return known;
}

function build(): NativeProxies {
  mkdirSync(BUILT, { recursive: true });
  const outcomes = WAYS.map(({ name, folder, command, args, program }) => {
    const { status, error, stderr } = spawnSync(command, args, { cwd: join(SOURCES, folder), encoding: "utf8", timeout: BUILD_SECONDS * 1000 });
    const reason = error !== undefined ? `${command} is not here (${error.message})` : `${command} ended with ${status ?? "a signal"}: ${stderr.trim().split("\n")[0] ?? ""}`;
    return { proxy: { name, program }, missing: status === 0 ? undefined : `without ${name}: ${reason}` };
  });
  return {
    built: outcomes.flatMap(({ proxy, missing }) => (missing === undefined ? [proxy] : [])),
    missing: outcomes.flatMap(({ missing }) => missing ?? []),
  };
}
