// An ordinary user with a home, a project and a vault, and programs behind the wall of his runs. Where the tests run as root, this user has no account and owns nothing else; root's own runs are walled in the same way.
import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { it, onTestFinished } from "vitest";
import { can, WITHOUT_LOW_PORTS } from "./machine.ts";
import { knownOnce } from "./made-once.ts";
import { NODE } from "./program.ts";
import { findProgram } from "./readable-program.ts";
import { removeFolder } from "./remove-folder.ts";
import type { TestTerminal } from "./terminal.ts";
import { openTerminal } from "./terminal.ts";

const isRoot = process.getuid?.() === 0;
/** Nobody's. */
const STRANGER = 61_234;
export const VALUE = "real-value-behind-the-wall-7Qx2";

export type Who = "an ordinary user" | "root";

export interface Told {
  readonly status: number | NodeJS.Signals | null;
  /** On both streams, in its order. */
  readonly said: string;
}

/** What `spawn` takes for the standard streams. */
type Streams = readonly ["pipe" | "ignore" | number | Socket, "pipe" | number, "pipe" | number];

export interface Walled {
  readonly home: string;
  /** In the home; where programs start. */
  readonly project: string;
  /** XDG_RUNTIME_DIR. */
  readonly runtime: string;
  /** Writes a file of the user's, and the folders that it needs. @param path from the home on, or absolute. @returns the whole path. */
  put(path: string, text: string, mode?: number): string;
  /** `vault run --sandbox -- sh -c SCRIPT`, to its end. @param streams stdin, stdout and stderr; pipes if left out, of which the latter two are one. */
  run(script: string, options?: readonly string[], streams?: Streams): Promise<Told>;
  /** The same without the wall, to show that the attempt works there. */
  openly(script: string, options?: readonly string[]): Promise<Told>;
  /** The same as `run`, as a process that goes on. @param cwd the project if left out. */
  start(script: string, options?: readonly string[], cwd?: string): ChildProcess;
  /** The same on a terminal. */
  onTerminal(script: string): TestTerminal;
  /** A program of the user's own, outside. @throws where its status is not 0. */
  outside(command: readonly string[], input?: string): string;
  vault(args: readonly string[], input?: string): string;
  /** What else the environment of each run has. */
  set(name: string, value: string): void;
}

/**
 * A story behind the wall. It is left out, by name, where the machine has no bubblewrap that makes namespaces.
 *
 * @param who who plays it, one after the other. @param inRelay the first of them once more, where nobody may listen on low ports.
 */
export function story(name: string, play: (wall: Walled) => Promise<void>, who: readonly Who[] = ["an ordinary user"], isPlayable = true, inRelay = false): void {
  for (const one of who) {
    if (one === "root" && !isRoot) continue;
    it.skipIf(!isPlayable || !hasWalls(one))(`${one}: ${name} (needs bubblewrap)`, async () => play(openWalled(one, [])));
  }
  if (inRelay) it.skipIf(!isPlayable || !hasWalls("an ordinary user") || !can.refusePorts)(`in relay mode: ${name} (needs bubblewrap, python3 and Landlock)`, async () => play(openWalled("an ordinary user", WITHOUT_LOW_PORTS)));
}

/** Whether the user could run this program. */
export function has(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$0"', program], { env: { PATH }, stdio: "ignore" }).status === 0;
}

/** Of two pipes, nobody knows which line came first, and what is read of one may end in the midst of a line. */
const ON_ONE_PIPE = ["sh", "-c", 'exec "$@" 2>&1', "sh"];

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function hasWalls(who: Who): boolean {
  const words = ["--unshare-user", "--uid", "0", "--gid", "0", "--unshare-net", "--cap-add", "ALL", "--dev-bind", "/", "/", NODE, "-e", ""];
  return process.platform === "linux" && knownOnce(`walls of ${who}`, () => spawnSync("bwrap", words, { env: { PATH }, cwd: "/", stdio: "ignore", ...identityOf(who) }).status === 0);
}

function identityOf(who: Who): { readonly uid?: number; readonly gid?: number } {
  return isRoot && who !== "root" ? { uid: STRANGER, gid: STRANGER } : {};
}

/** @param before words that stand before those of vault. */
function openWalled(who: Who, before: readonly string[]): Walled {
  const identity = identityOf(who);
  // Not in /tmp, which a walled run has of its own.
  const root = isRoot ? "/home" : join(homedir(), ".cache");
  mkdirSync(root, { recursive: true });
  const base = realpathSync(mkdtempSync(join(root, "vault-walls-")));
  const own = (path: string): void => { if (identity.uid !== undefined) chownSync(path, identity.uid, identity.uid); };
  const makeFolders = (path: string): void => {
    if (existsSync(path)) return;
    makeFolders(dirname(path));
    mkdirSync(path, { mode: 0o700 });
    own(path);
  };
  own(base);
  const [home, project, runtime] = [join(base, "home"), join(base, "home", "project"), join(base, "runtime")];
  for (const folder of [project, runtime]) makeFolders(folder);
  const program = findProgram(base, identity);
  const variables: Record<string, string> = { PATH, HOME: home, XDG_RUNTIME_DIR: runtime, TERM: "xterm" };
  const running = new Set<ChildProcess>();
  const launch = (command: readonly string[], cwd = project, streams?: Streams): ChildProcess => {
    const [file = "", ...args] = streams === undefined ? [...ON_ONE_PIPE, ...command] : command;
    const child = spawn(file, args, { env: variables, cwd, stdio: [...(streams ?? ["pipe", "pipe", "pipe"])], ...identity });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  };
  const outside = (command: readonly string[], input = ""): string => {
    const [file = "", ...args] = command;
    const { status, stdout, stderr } = spawnSync(file, args, { env: variables, cwd: project, input, encoding: "utf8", ...identity });
    if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status ?? "a signal"}: ${stderr}`);
    return stdout;
  };
  const vault = (args: readonly string[], input = ""): string => outside([NODE, program, ...args], input);
  // As from a shell or an editor that has left descriptors open.
  const leaky = has("bash") ? ["bash", "-c", 'exec 9</etc/passwd 60</etc/passwd 61<. "$@"', "bash"] : ["sh", "-c", 'exec 9</etc/passwd "$@"', "sh"];
  const runWords = (wall: readonly string[], script: string, options: readonly string[] = []): string[] => [...leaky, ...before, NODE, program, "run", ...wall, ...options, "--", "sh", "-c", script];
  onTestFinished(async () => {
    for (const child of running) child.kill("SIGKILL");
    await removeFolder(base);
  });
  // Makes the vault as well, with its key in a file: there is no keyring in these variables.
  vault(["secrets", "create", "API_KEY", "--host", "api.example.com"], VALUE);
  return {
    home,
    project,
    runtime,
    put(path, text, mode = 0o600) {
      const whole = path.startsWith("/") ? path : join(home, path);
      makeFolders(dirname(whole));
      writeFileSync(whole, text, { mode });
      own(whole);
      return whole;
    },
    run: (script, options, streams) => listen(launch(runWords(["--sandbox"], script, options), project, streams)),
    openly: (script, options) => listen(launch(runWords([], script, options))),
    start: (script, options, cwd) => launch(runWords(["--sandbox"], script, options), cwd),
    onTerminal(script) {
      const words = runWords(["--sandbox"], script);
      const become = identity.uid === undefined ? [] : ["setpriv", `--reuid=${identity.uid}`, `--regid=${identity.uid}`, "--clear-groups"];
      const terminal = openTerminal([...become, "env", "-i", "-C", project, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...words]);
      onTestFinished(() => { terminal.close(); });
      return terminal;
    },
    outside,
    vault,
    set(name, value) {
      variables[name] = value;
    },
  };
}

/** Everything that it says, and how it ends. */
export async function listen(child: ChildProcess): Promise<Told> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin?.on("error", () => undefined).end();
  return new Promise((resolve) => child.once("close", (status, signal) => { resolve({ status: status ?? signal, said }); }));
}

/** Resolves once the child's output has this. */
export function says(child: ChildProcess, text: string): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        said += chunk;
        if (said.includes(text)) resolve(said);
      });
    }
    child.once("close", () => { reject(new Error(`it ended without "${text}": ${said}`)); });
  });
}
