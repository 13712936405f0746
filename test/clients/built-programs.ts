// Clients that are compiled before they are run: once for all tests, and outside of every run.
import { spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { madeOnce } from "../support/made-once.ts";
import { GO, JAVA } from "./programs.ts";

/** Puts there what the client of this name needs, if that is compiled. */
export function layBuilt(name: string, folder: string): void {
  const built = name.startsWith("Go") ? madeOnce("go-client", buildGo) : name.startsWith("Java") ? madeOnce("java-client", buildJava) : undefined;
  if (built !== undefined) cpSync(built, folder, { recursive: true });
}

function buildGo(cwd: string): void {
  writeFileSync(join(cwd, "client.go"), GO);
  build("go", ["build", "-o", "go-client", "client.go"], cwd, { GOFLAGS: "-mod=mod", GO111MODULE: "off", CGO_ENABLED: "0" });
}

function buildJava(cwd: string): void {
  writeFileSync(join(cwd, "Client.java"), JAVA);
  build("javac", ["-J-XX:TieredStopAtLevel=1", "Client.java"], cwd, {});
}

function build(program: string, args: readonly string[], cwd: string, variables: Readonly<Record<string, string>>): void {
  const { status, stderr } = spawnSync(program, args, { cwd, env: { ...process.env, ...variables }, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ended with ${status ?? "a signal"}: ${stderr}`);
}
