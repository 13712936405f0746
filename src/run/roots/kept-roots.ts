// The roots of Node and the system as one text, kept from one run to the next: to gather them takes a quarter of the time in which a run starts.
// For children alone. Whom connections outwards trust is gathered anew each time.
import { createHash } from "node:crypto";
import { readdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { readPrivateFile, replaceLosableFile } from "../../disk/durable-file.ts";

export interface KeptRoots {
  /** PEM. */
  readonly text: string;
  /** The system's bundle that is in it; undefined where there was none. */
  readonly system: string | undefined;
}

const NAME = /^roots-[0-9a-f]{32}\.pem$/;
const BYTES_MAX = 16 * 1024 * 1024;

/**
 * The text that was kept under the same name, if it is whole; else what is gathered now, which is kept then.
 * A folder that cannot be written to, and a file there that is not private, only cost time.
 *
 * @param folder the user's own, closed to others.
 * @param bundles the system's possible ones: a name stands for what they are like now, whether they are there or not, and for this Node.
 */
export function keepRoots(folder: string, bundles: readonly string[], gather: () => KeptRoots): KeptRoots {
  const name = `roots-${sha256(JSON.stringify([process.version, process.versions.openssl, looksOf(process.execPath), ...bundles.map(looksOf)])).slice(0, 32)}.pem`;
  const kept = readKept(join(folder, name));
  if (kept !== undefined) return kept;
  const gathered = gather();
  try {
    replaceLosableFile(join(folder, name), Buffer.from(format(gathered)));
    for (const old of readdirSync(folder)) if (NAME.test(old) && old !== name) unlinkSync(join(folder, old));
  } catch {
    // The next run gathers them, too.
  }
  return gathered;
}

/** What changes when the file does: its change time is nobody's to set. */
function looksOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : [path, stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(" ");
}

/** Two lines, then the text: its hash, since a power cut may leave a part of it; and the system's bundle. */
function format({ text, system }: KeptRoots): string {
  const rest = `${system ?? ""}\n${text}`;
  return `${sha256(rest)}\n${rest}`;
}

function readKept(path: string): KeptRoots | undefined {
  try {
    const bytes = readPrivateFile(path, BYTES_MAX);
    if (bytes === undefined) return undefined;
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const rest = all.slice(65);
    if (all.slice(0, 65) !== `${sha256(rest)}\n`) return undefined;
    const end = rest.indexOf("\n");
    return { system: end === 0 ? undefined : rest.slice(0, end), text: rest.slice(end + 1) };
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}
