// Standard streams that were opened outside, and go on to a walled program. A descriptor knows no wall: the kernel lets its holder open a file by it once more, to be written, and dial anew by a socket.
import { accessSync, closeSync, constants, copyFileSync, fstatSync, mkdtempSync, openSync, readFileSync, readlinkSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { find } from "../files/disk-view.ts";

const STREAMS = [0, 1, 2] as const;
const COPY_BYTES_MAX = 1024 * 1024 * 1024;
/** open(2): the two bits that say whether a descriptor is for reading, for writing or for both. */
const ACCESS_MODE = 3;
const PIECE_BYTES = 1024 * 1024;

/** Columns of /proc/net/unix: type and state in hex, inode. A stream or a sequence of packets that is connected stays with whom it is connected to. */
const CONNECTED = /^\S+ \S+ \S+ \S+ (?:0001|0005) 03 +(\d+)/gm;

export interface SafeStdin {
  /** For `stdio` of a process. */
  readonly input: "inherit" | number;
  close(): void;
}

/**
 * Of a file that was opened to be read, and that its user may write to, the program has a copy, from the place on where it stood.
 *
 * @throws VaultError `usage` where a standard stream is a folder, which leads to all that lies beside it, a socket of the network, or what stdin alone may be; `io` where the copy cannot be made.
 */
export function openSafeStdin(): SafeStdin {
  for (const descriptor of STREAMS) requireHarmless(descriptor);
  if (!isExposedFile(0)) return { input: "inherit", close: () => undefined };
  const copy = openCopy();
  return { input: copy, close: () => { closeSync(copy); } };
}

function requireHarmless(descriptor: number): void {
  const stat = find(() => fstatSync(descriptor));
  if (stat?.isDirectory() === true) throw new VaultError("usage", "one of the standard streams is a folder, through which the program could leave the wall", "end the command with </dev/null");
  if (descriptor !== 0 && isExposedFile(descriptor)) throw new VaultError("usage", "stdout or stderr is a file that was opened to be read, and that the program could write to", "open it to be written: 2>FILE");
  if (stat?.isSocket() === true && !isConnectedHere(descriptor)) throw new VaultError("usage", "one of the standard streams is a socket by which the program could dial past the wall", "put pipes between: cat | vault run … | cat");
}

function isConnectedHere(descriptor: number): boolean {
  const inode = /^socket:\[(\d+)\]$/.exec(find(() => readlinkSync(`/proc/self/fd/${descriptor}`)) ?? "")?.[1];
  const table = find(() => readFileSync("/proc/net/unix", "latin1")) ?? "";
  return inode !== undefined && [...table.matchAll(CONNECTED)].some(([, each]) => each === inode);
}

/** A file without a name, as a shell makes it for `<<`, is nobody else's. */
function isExposedFile(descriptor: number): boolean {
  const stat = find(() => fstatSync(descriptor));
  if (stat?.isFile() !== true || stat.nlink === 0) return false;
  return (readInfo(descriptor, "flags", 8) & ACCESS_MODE) === constants.O_RDONLY && find(() => { accessSync(`/proc/self/fd/${descriptor}`, constants.W_OK); return true; }) === true;
}

/** @returns a descriptor of a file without a name. */
function openCopy(): number {
  const { size } = fstatSync(0);
  if (size > COPY_BYTES_MAX) throw new VaultError("usage", "stdin is a file to which the program could write, and larger than 1 GiB", "give it by a pipe: cat FILE | vault run …");
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "vault-stdin-"));
    const path = join(folder, "copy");
    copyFileSync("/proc/self/fd/0", path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const copy = openSync(path, "r");
    skip(copy, readInfo(0, "pos", 10));
    return copy;
  } catch (error) {
    throw new VaultError("io", `cannot copy stdin for the program (${systemErrorCode(error) ?? "unknown error"})`, "give it by a pipe: cat FILE | vault run …");
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Node cannot seek. */
function skip(descriptor: number, bytes: number): void {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let left = bytes; left > 0; ) {
    const read = readSync(descriptor, piece, 0, Math.min(left, piece.length), null);
    if (read === 0) return;
    left -= read;
  }
}

/** proc(5). */
function readInfo(descriptor: number, name: "flags" | "pos", base: number): number {
  const text = new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
  return Number.parseInt(text ?? "0", base);
}
