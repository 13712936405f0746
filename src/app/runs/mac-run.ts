// A run behind macOS's own wall. Written for a system that it has not been run on: what is decided is tested as text, and the start is one command.
import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { ChildOptions } from "../../run/child/child.ts";
import { startChild } from "../../run/child/child.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import { disk } from "../../wall/files/disk-view.ts";
import { planMacWall } from "../../wall/macos/mac-wall.ts";
import { formatProfile } from "../../wall/macos/profile.ts";
import { findCommandTrouble } from "../../wall/namespaces/command-search.ts";
import { wallEnvironment } from "../../wall/walled-environment.ts";
import type { Surroundings } from "../surroundings.ts";
import type { WallChoice } from "./run-options.ts";
import { writeShownEnvFiles } from "./shown-env-files.ts";
import type { WalledDisk } from "./walled-files.ts";
import { openWalledFiles } from "./walled-files.ts";

const SANDBOX_EXEC = "/usr/bin/sandbox-exec";

export interface MacProgram extends WalledDisk, ChildOptions {
  /** The run's own. */
  readonly folder: string;
  /** The proxy's, which listens on this machine's loopback and asks for the run's token. */
  readonly proxyUrl: string;
}

/** Before anything is opened. @throws VaultError `io` where this macOS has no sandbox-exec. */
export function requireSandboxExec(): void {
  if (!existsSync(SANDBOX_EXEC)) throw new VaultError("io", `no wall can be made: there is no ${SANDBOX_EXEC}`, "run without --sandbox");
}

/** @throws VaultError as `openWalledFiles`; `usage` for a path that no profile can spell; `io`. */
export async function runOnMac(surroundings: Surroundings, choice: WallChoice, program: MacProgram): Promise<ExitOutcome> {
  const { command, args, environment, folder } = program;
  const trouble = findCommandTrouble(command, environment["PATH"]);
  if (trouble !== undefined) return trouble;
  // Nothing is mounted: no file is shown in the place of another, and the home folder is the real one.
  const files = openWalledFiles(surroundings, choice, { ...program, folder: undefined });
  const withValues = writeShownEnvFiles(program.hidden, folder, choice.writable).map(({ path }) => path);
  try {
    const inside = realpathSync(folder);
    const temporary = join(inside, "tmp");
    const plan = planMacWall({ listing: files.listing, replaced: (files.preset?.replaced ?? []).map(({ path }) => path), home: disk.realOf(homedir()) ?? homedir(), folder: inside, temporary, withValues, proxyUrl: program.proxyUrl, hostPorts: choice.hostPorts });
    const profile = writeProfile(inside, temporary, formatProfile(plan));
    return await startChild({ ...program, command: SANDBOX_EXEC, args: ["-f", profile, "--", command, ...args], environment: { ...wallEnvironment(environment, temporary), TMPDIR: temporary } }).ended;
  } finally {
    for (const line of files.close()) surroundings.warn(line);
  }
}

function writeProfile(folder: string, temporary: string, text: string): string {
  const path = join(folder, "wall.sb");
  try {
    mkdirSync(temporary, { mode: 0o700 });
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    return path;
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`, "check that the disk is not full");
  }
}
