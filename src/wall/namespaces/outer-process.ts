// The process that makes the outer namespace, and the pipes between it and this one.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { delimiter, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { coverInheritedDescriptors } from "./inherited-descriptors.ts";
import { DESCRIPTORS, formatOuterScript, INNER_SCRIPT, RELAY_SCRIPT } from "./outer-script.ts";
import { sendmsgNumber } from "./perl-listener.ts";
import { openSafeStdin } from "./standard-streams.ts";

export type OutputEnd = "inherit" | "pipe" | Socket;

export interface OuterCommand {
  /** The path of a bubblewrap that was judged. */
  readonly bubblewrap: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What the program and bubblewrap have for their own: ours if left out. */
  readonly outputs?: { readonly stdout: OutputEnd; readonly stderr: OutputEnd } | undefined;
  /** Without an outer bubblewrap, where the powers that one lends are refused: the program's own space has the network, and its listeners come when it has been made. */
  readonly isAlone?: boolean | undefined;
}

/** What the wall's own processes stand on. Tests name others. */
export interface Ground {
  readonly path: string;
  readonly node: string;
}

/** `DESCRIPTORS` says what each pipe is for. */
export interface OuterProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{ readonly status: number | undefined; readonly signal: NodeJS.Signals | null }>;
  readonly signs: Readable;
  readonly orders: Writable;
  readonly words: Writable;
  readonly gate: Writable;
  readonly guard: Writable;
  readonly status: Readable;
}

/** Beside this program's own file, where it is built into one. */
const LISTENER_PROGRAM = fileURLToPath(new URL("./wall-listener.cjs", import.meta.url));

/** @throws VaultError as `openSafeStdin`. */
export function spawnOuter(outer: OuterCommand, ground: Ground): OuterProcess {
  const stdin = openSafeStdin();
  const own = [stdin.input, outer.outputs?.stdout ?? "inherit", outer.outputs?.stderr ?? "inherit", "pipe", "pipe", "pipe", "pipe", "ipc", "ignore", "pipe"] as const;
  const covered = coverInheritedDescriptors(own.length);
  const child = spawn("/bin/sh", ["-c", formatOuterScript(outer.isAlone === true), "vault-wall", ...formatMaker(outer, ground)], { env: { PATH: ground.path }, stdio: [...own, ...covered.stdio] });
  covered.close();
  stdin.close();
  const exited = once(child, "exit").then(
    ([status, signal]: unknown[]) => ({ status: typeof status === "number" ? status : undefined, signal: signal as NodeJS.Signals | null }),
    () => ({ status: undefined, signal: null }),
  );
  return {
    child,
    exited,
    signs: readEnd(child, DESCRIPTORS.signs),
    orders: writeEnd(child, DESCRIPTORS.signs),
    words: writeEnd(child, DESCRIPTORS.words),
    gate: writeEnd(child, DESCRIPTORS.filter),
    guard: writeEnd(child, DESCRIPTORS.guard),
    status: readEnd(child, DESCRIPTORS.status),
  };
}

/** The command line of the bubblewrap that the outer script starts. */
function formatMaker({ bubblewrap, command, args, isAlone }: OuterCommand, { path, node }: Ground): string[] {
  const tools = ["perl", "env"].map((name) => findTool(name, path) ?? "");
  const program = [node, LISTENER_PROGRAM, sendmsgNumber(process.arch)?.toString() ?? "", ...tools, command, ...args];
  if (isAlone === true) return [bubblewrap, "--args", String(DESCRIPTORS.words), "--", "/bin/sh", "-c", RELAY_SCRIPT, "vault-wall", ...program];
  return [bubblewrap, "--unshare-user", "--uid", "0", "--gid", "0", "--unshare-net", "--cap-add", "ALL", "--die-with-parent", "--dev-bind", "/", "/", "--", "/bin/sh", "-c", INNER_SCRIPT, "vault-wall", bubblewrap, ...program];
}

/** Before there is a shell that would look: each look of a shell's costs a process. */
function findTool(name: string, path: string): string | undefined {
  return path.split(delimiter).map((folder) => join(folder, name)).find((file) => existsSync(file));
}

function readEnd(child: ChildProcess, descriptor: number): Readable {
  const stream = child.stdio[descriptor];
  if (stream instanceof Readable) return stream;
  throw new TypeError("a pipe was asked for");
}

/** What is written to a process that has ended goes nowhere. */
function writeEnd(child: ChildProcess, descriptor: number): Writable {
  const stream = child.stdio[descriptor];
  if (!(stream instanceof Writable)) throw new TypeError("a pipe was asked for");
  return stream.on("error", () => undefined);
}
