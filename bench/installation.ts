// A copy of the built program in a folder of its own, and vaults for it: nothing of this machine's user is read or written.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE } from "../test/support/program.ts";
import type { Command } from "./cost.ts";

export interface Installation {
  /** A command of the program's on the vault in this folder. */
  vault(folder: string, args: readonly string[], variables?: Readonly<Record<string, string>>): Command;
  /** A new folder with a vault in it that holds one secret. */
  makeVault(name: string, initArgs: readonly string[], variables?: Readonly<Record<string, string>>): string;
  /** An empty folder for a vault. */
  makeFolder(name: string): string;
  /** Takes away what V8 has compiled, as before the first start. */
  forgetCompiled(): void;
  close(): void;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export function openInstallation(): Installation {
  const root = mkdtempSync(join(tmpdir(), "vault-bench-"));
  for (const part of ["bin", "dist", "package.json", "oclif.manifest.json"]) cpSync(join(ROOT, part), join(root, part), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));

  const vault: Installation["vault"] = (folder, args, variables = {}) => ({
    command: NODE,
    args: [join(root, "bin", "run.js"), ...args],
    env: { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault"), ...variables },
  });
  const makeFolder = (name: string): string => {
    const folder = join(root, name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  };
  return {
    vault,
    makeFolder,
    makeVault(name, initArgs, variables) {
      const folder = makeFolder(name);
      run(vault(folder, ["init", ...initArgs], variables));
      run(vault(folder, ["secrets", "create", "API_KEY", "--host", "api.example.com"], variables), "sk-live-Zx81qT7hN3vWc0pLrK2mY5bD");
      return folder;
    },
    forgetCompiled() {
      for (const file of readdirSync(join(root, "dist"))) if (file.endsWith(".cache")) rmSync(join(root, "dist", file));
    },
    close() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** @throws Error where it fails. */
export function run({ command, args, env }: Command, input = ""): void {
  const { status, stderr } = spawnSync(command, args, { env, input, encoding: "utf8" });
  if (status !== 0) throw new Error(`vault ${args.slice(1).join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
}
