// Tells a live process from a dead one whose pid was given to another.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemErrorCode } from "../errors.ts";

/** A process on some machine. `boot` and `start` are empty where the platform does not tell; then the pid alone has to do. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque text that changes when the pid is given to another process. */
  readonly start: string;
  /** Opaque text that changes with each boot. */
  readonly boot: string;
  /** The host's name; on Linux, behind spaces, also which machine has that name, and the pid namespace: two containers that share a folder count as two hosts. */
  readonly host: string;
}

export function identifyThisProcess(): ProcessIdentity {
  return { pid: process.pid, start: findProcess(process.pid)?.start ?? "", boot: findBoot(), host: findHost() };
}

export type Liveness = "alive" | "dead" | "unknown";

/** `unknown` is a process of another host, which nobody here can judge. */
export function judgeLiveness(identity: ProcessIdentity): Liveness {
  if (identity.host !== findHost()) return "unknown";
  if (identity.boot !== "" && identity.boot !== findBoot()) return "dead";
  if (!isPidTaken(identity.pid)) return "dead";
  const found = findProcess(identity.pid);
  if (found === undefined) return "alive";
  return found.isZombie || (identity.start !== "" && found.start !== identity.start) ? "dead" : "alive";
}

/** By any process, of any user, dead ones whose parent has not noticed included. */
export function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

/** The parent of this process, its parent, and so on up to the first; none where the platform does not tell. One whose parent has ended belongs to the first process from then on. */
export function listAncestors(): number[] {
  return listUpFrom(process.ppid);
}

/** The same, of another process. */
export function findAncestors(pid: number): number[] {
  return listUpFrom(findProcess(pid)?.parent ?? 0);
}

function listUpFrom(first: number): number[] {
  const ancestors: number[] = [];
  for (let pid = first; pid > 0 && !ancestors.includes(pid); pid = findProcess(pid)?.parent ?? 0) ancestors.push(pid);
  return process.platform === "linux" ? ancestors : [];
}

/** Whether this process and that one have the same controlling terminal; false where one has none, or the platform does not tell. A program can make a terminal of its own, but not put its children on somebody else's. */
export function sharesTerminal(pid: number): boolean {
  const [own, other] = [findProcess(process.pid)?.terminal, findProcess(pid)?.terminal];
  return own !== undefined && own === other;
}

interface FoundProcess {
  /** What the kernel noted at the start, so that a clock set meanwhile makes no live process look dead. */
  readonly start: string;
  /** It has ended, and its parent has not asked for its status yet; in a container whose first process is no init, it never will. */
  readonly isZombie: boolean;
  /** Undefined where that is not told. */
  readonly parent: number | undefined;
  /** The device of its controlling terminal; undefined where it has none, or that is not told. */
  readonly terminal: string | undefined;
}

/** Undefined where the platform does not tell. */
function findProcess(pid: number): FoundProcess | undefined {
  try {
    if (process.platform === "linux") {
      // proc(5): fields 3, 4, 7 and 22, counted behind the command's name, which may itself hold spaces and parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return { start: fields[19] ?? "", isZombie: fields[0] === "Z" || fields[0] === "X", parent: Number(fields[1]), terminal: fields[4] === "0" ? undefined : fields[4] };
    }
    if (process.platform === "win32") return undefined;
    const line = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"], env: { PATH: "/bin:/usr/bin", LC_ALL: "C" } }).trim();
    return { start: line.replace(/^\S+\s+/, ""), isZombie: line.startsWith("Z"), parent: undefined, terminal: undefined };
  } catch {
    return undefined;
  }
}

let boot: string | undefined;

function findBoot(): string {
  boot ??= readBoot();
  return boot;
}

function readBoot(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    if (process.platform === "darwin") return execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"], env: { PATH: "/usr/sbin:/sbin" } }).trim();
  } catch {
    // Then the pid and its start have to do.
  }
  return "";
}

let host: string | undefined;

function findHost(): string {
  host ??= [hostname(), findMachine(), findPidNamespace()].filter((part) => part !== "").join(" ");
  return host;
}

/** machine-id(5) asks that the id itself be shown to nobody. Without it, two machines of one name would each take the other for itself, started anew. */
function findMachine(): string {
  try {
    return createHash("sha256").update("vault lock").update(readFileSync("/etc/machine-id")).digest("hex").slice(0, 16);
  } catch {
    return "";
  }
}

function findPidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
