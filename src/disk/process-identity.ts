// Tells a live process from a dead one whose pid was given to another.
import { execFileSync } from "node:child_process";
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
  /** Host and, on Linux, the pid namespace: two containers that share a folder count as two hosts. */
  readonly host: string;
}

export function identifyThisProcess(): ProcessIdentity {
  return { pid: process.pid, start: findStart(process.pid) ?? "", boot: findBoot(), host: findHost() };
}

export type Liveness = "alive" | "dead" | "unknown";

/** `unknown` is a process of another host, which nobody here can judge. */
export function judgeLiveness(identity: ProcessIdentity): Liveness {
  if (identity.host !== findHost()) return "unknown";
  if (identity.boot !== "" && identity.boot !== findBoot()) return "dead";
  if (!isPidTaken(identity.pid)) return "dead";
  const start = findStart(identity.pid);
  return identity.start !== "" && start !== undefined && start !== identity.start ? "dead" : "alive";
}

function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

/** Both are what the kernel noted at the start, so that a clock set meanwhile makes no live process look dead. */
function findStart(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // proc(5): field 22, counted behind the command's name, which may itself hold spaces and parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    }
    if (process.platform === "win32") return undefined;
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"], env: { PATH: "/bin:/usr/bin", LC_ALL: "C" } }).trim();
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
  host ??= `${hostname()}${findPidNamespace()}`;
  return host;
}

function findPidNamespace(): string {
  try {
    return ` ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}
