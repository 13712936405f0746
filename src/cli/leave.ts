// The end of a process that is still waiting for the address of a name. getaddrinfo(3) cannot be called back, and Node waits for the thread that it is on,
// in process.exit() too: half a minute and more where a resolver is silent, with the program of the run long gone.
import { existsSync } from "node:fs";

/** Whatever takes its place has to keep the status; this is on every POSIX system. */
const SHELL = "/bin/sh";
const LOOK_UP = "GetAddrInfoReqWrap";
/** Of what Node tells about itself: writes and files that somebody may count on. */
const UNFINISHED = /Req|Write/;

/** How soon it is looked again whether what else was under way is done. */
const AGAIN_MS = 20;

/**
 * Ends this process with its status as soon as a look-up is all that it waits for, and at once where it waits for nothing: Node would take its heap apart first, which takes as long as a short command. To be called last.
 * What takes no other way out is to become another program. Node can do that from 22.15 on; before, and on Windows, the look-up is waited for.
 */
export function leave(): void {
  const waitsFor = process.getActiveResourcesInfo();
  // Where what was written to a pipe has been written by now, whoever reads it how slowly.
  if (waitsFor.length === 0 && process.platform === "linux") process.exit();
  if (!waitsFor.includes(LOOK_UP)) return;
  if (waitsFor.some((name) => name !== LOOK_UP && UNFINISHED.test(name)) || process.stdout.writableLength + process.stderr.writableLength > 0) {
    setTimeout(leave, AGAIN_MS);
    return;
  }
  const become: unknown = Reflect.get(process, "execve");
  // Where there is no such program, Node would end with a crash.
  if (typeof become !== "function" || !existsSync(SHELL)) return;
  Reflect.apply(become, process, [SHELL, ["sh", "-c", `exit ${Number(process.exitCode ?? 0)}`], {}]);
}
