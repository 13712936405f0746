// The built program with a vault of its own, one secret for an HTTPS server on this machine, and its runs as processes.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layVaultWith } from "./empty-vault.ts";
import { NODE, RUN_JS } from "./program.ts";

export interface BuiltVault {
  /** Everything that the program writes is below it. */
  readonly folder: string;
  /** @throws where its status is not 0. */
  vault(args: readonly string[], input?: string): string;
  /** `vault run -- sh -c SCRIPT`. @param more variables beside the few that every run has. */
  run(script: string, more?: Readonly<Record<string, string>>, options?: readonly string[]): VaultRun;
  /** Another program in the same environment, npm say. @param cwd where it starts. */
  start(program: string, args: readonly string[], cwd: string): VaultRun;
  close(): void;
}

export interface VaultRun {
  readonly process: ChildProcess;
  /** What the run and its program have said so far, on both streams. */
  output(): string;
  /** Resolves once the output has this; rejects when it has ended without. */
  said(text: string): Promise<void>;
  /** With its status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** @param certificate what the run trusts beside the system's roots, PEM. @param host what the secret API_KEY is bound to. */
export function openBuiltVault(host: string, value: string, certificate: string): BuiltVault {
  const folder = mkdtempSync(join(tmpdir(), "vault-built-"));
  const variables = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault") };
  const caFile = join(folder, "server.pem");
  writeFileSync(caFile, certificate);
  const vault = (args: readonly string[], input = ""): string => {
    const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env: variables, input, encoding: "utf8" });
    if (status !== 0) throw new Error(`vault ${args[0] ?? ""} ended with ${status ?? "a signal"}: ${stderr}`);
    return stdout + stderr;
  };
  layVaultWith("API_KEY", host, value, variables.VAULT_DIR);
  const running = new Set<ChildProcess>();
  const keep = (child: ChildProcess): VaultRun => {
    running.add(child);
    return watch(child, () => running.delete(child));
  };
  return {
    folder,
    vault,
    run(script, more = {}, options = []) {
      return keep(spawn(NODE, [RUN_JS, "run", "--upstream-ca", caFile, ...options, "--", "sh", "-c", script], { env: { ...variables, ...more }, stdio: ["pipe", "pipe", "pipe"] }));
    },
    start(program, args, cwd) {
      return keep(spawn(program, args, { env: variables, cwd, stdio: ["pipe", "pipe", "pipe"] }));
    },
    close() {
      for (const child of running) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param onEnd called when it has ended. */
export function watch(child: ChildProcess, onEnd: () => void): VaultRun {
  let output = "";
  let wake = (): void => undefined;
  let isOver = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      wake();
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (status, signal) => {
      onEnd();
      resolve(status ?? signal);
    });
  });
  child.once("close", () => {
    isOver = true;
    wake();
  });
  return {
    process: child,
    output: () => output,
    async said(text) {
      while (!output.includes(text)) {
        if (isOver) throw new Error(`it ended without "${text}": ${output}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    ended,
  };
}
