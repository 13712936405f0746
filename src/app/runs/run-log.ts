// A run's own log, for a person or a script (`vault run --log FILE`): one JSON object a line. The audit log is the record; this is a copy without its chain.
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { requireOwned } from "../../disk/private-folder.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { ProxyEvent } from "../../proxy/grants/event.ts";

export interface RunLog {
  /** Appends a line. Never throws: the first failure is warned of, and ends the log. */
  write(event: ProxyEvent): void;
  /** Likewise, a line as `formatLine` has made it elsewhere. */
  append(line: string): void;
  /** Safe to call twice. */
  close(): void;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
// Windows has neither. A named pipe in the file's place would hold up whoever opens it until somebody reads.
const SAFELY = process.platform === "win32" ? 0 : O_NOFOLLOW | O_NONBLOCK;

/**
 * Opens the file for appending, and makes it 0600 where there is none. What an earlier run wrote stays.
 *
 * A line that cannot be written is a warning and refuses nothing, unlike an entry of the audit log: that one is authenticated and what an
 * investigation goes by, while the program can write to this file as well as we can. A full disk here must not stop work that is on record there.
 *
 * @throws VaultError `unsafe-file` for a link of either kind, what is no regular file, another user's, or one open to others; `io`.
 */
export function openRunLog(path: string, now: () => Date, warn: (message: string) => void): RunLog {
  let descriptor: number | undefined = openPrivately(path);
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const append = (text: string): void => {
    if (descriptor === undefined) return;
    try {
      const line = Buffer.from(text);
      // One call a line, so that lines of runs that share the file do not mix. A disk that is almost full takes a part of one.
      if (writeSync(descriptor, line) < line.length) throw new Error("short write");
    } catch (error) {
      warn(`"${path}" gets no more lines: it cannot be written (${systemErrorCode(error) ?? "disk full"}); the audit log has them: vault audit`);
      close();
    }
  };
  return { write: (event) => { append(formatLine(event, now())); }, append, close };
}

/** One line with its end. JSON escapes control characters, so nothing that the program chose can forge a line or move a terminal's cursor. */
export function formatLine(event: ProxyEvent, at: Date): string {
  const line = {
    at: at.toISOString(),
    request: event.request,
    host: event.authority,
    method: "method" in event ? event.method : null,
    decision: event.kind,
    secrets: "secrets" in event ? event.secrets : [],
    ...(event.kind === "refused" ? { code: event.code, reason: event.text, ...(event.remedy === undefined ? {} : { remedy: event.remedy }), ...(event.count === undefined ? {} : { count: event.count }) } : {}),
    ...(event.kind === "inert" ? { spot: event.spot } : {}),
  };
  return `${JSON.stringify(line)}\n`;
}

function openPrivately(path: string): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | SAFELY, 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ELOOP" || code === "EMLINK") throw new VaultError("unsafe-file", `"${path}" is a symbolic link`, "name the file itself: --log FILE");
    // What O_NONBLOCK makes of a named pipe that nobody reads.
    if (code === "ENXIO") throw new VaultError("unsafe-file", `"${path}" is not a regular file`, "--log takes a file of its own");
    throw new VaultError("io", `cannot open "${path}" (${code ?? "unknown error"})`, "--log takes a file in a folder that is there");
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new VaultError("unsafe-file", `"${path}" is not a regular file`, "--log takes a file of its own");
    requireOwned(path, stat.uid);
    // Another name of it may stand where others look for something else, and have it grow by our lines.
    if (stat.nlink > 1) throw new VaultError("unsafe-file", `"${path}" has other names as well (hard links)`, "--log takes a file of its own");
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) throw new VaultError("unsafe-file", `"${path}" is open to other users`, `chmod 600 "${path}"`);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
