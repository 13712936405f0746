// Runs one probe to its end, or to the end of its time, and keeps what it said.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { ProbeStart } from "./probe-programs.ts";
import { ABSENT_STATUS, STARTED } from "./probe-programs.ts";

/** `absent`: the library that was to be tried is not there. `ended`: `said` is its last line on standard error. */
export type ProbeOutcome = { readonly kind: "not-started"; readonly reason: string } | { readonly kind: "absent" } | { readonly kind: "ended"; readonly toldStart: boolean; readonly said: string };

/** A JVM that compiles first takes two seconds on a busy machine; a name that no resolver answers for takes ten. */
const PROBE_MS = 20_000;
const OUTPUT_MAX = 65_536;
const SAID_MAX = 200;

/** @throws VaultError `io` where its file cannot be written. */
export async function runProbe(program: string, probe: ProbeStart, environment: Readonly<Record<string, string>>, folder: string): Promise<ProbeOutcome> {
  if (probe.file !== undefined) writeProbe(join(folder, probe.file.name), probe.file.text);
  const { code, exitCode, stdout, stderr } = await execa(program, probe.args, {
    env: { ...environment, ...probe.variables },
    extendEnv: false,
    input: probe.input ?? "",
    timeout: PROBE_MS,
    killSignal: "SIGKILL",
    maxBuffer: OUTPUT_MAX,
    reject: false,
    verbose: "none",
    ...(probe.cwd === undefined ? {} : { cwd: probe.cwd }),
  });
  if (exitCode === ABSENT_STATUS) return { kind: "absent" };
  if (exitCode === undefined && (code === "ENOENT" || code === "EACCES" || code === "ENOEXEC")) return { kind: "not-started", reason: code };
  return { kind: "ended", toldStart: stdout.includes(STARTED), said: lastLine(stderr) };
}

function writeProbe(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}

/** Stack traces say least in their last lines: the last that is not indented, then. */
function lastLine(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return (lines.findLast((line) => !/^\s/.test(line)) ?? "").slice(0, SAID_MAX);
}
