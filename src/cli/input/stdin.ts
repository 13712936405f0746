// Stdin, read in one way by the whole program: to its end, however long its writer takes, and never for longer than the user wants to wait.
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { VaultError, systemErrorCode } from "../../errors.ts";
import { tellTerminal } from "../output/terminal.ts";

/** Commands of other programs that fetch a value take about this long. */
const PATIENCE_MS = 1000;

let isTaken = false;

/** Whether what stands there is typed. Unlike `process.stdin.isTTY`, asking changes nothing: that makes a pipe non-blocking, for its next reader too. */
export function isStdinTyped(): boolean {
  return isatty(0);
}

/**
 * All of stdin. Where it has not ended after a second, the terminal says what is waited for.
 *
 * @param what such as "the passphrase".
 * @throws VaultError `usage` where it cannot be read, is longer than `bytesMax`, or was read already: it can be read once.
 */
export async function readStdin(what: string, bytesMax: number): Promise<Uint8Array> {
  if (isTaken) throw new VaultError("usage", `stdin has been read already, and ${what} was to come from it too`, "give one of the two in a file");
  isTaken = true;
  const ending = isStdinTyped() ? "; Ctrl-D ends it" : " to its end";
  const notice = setTimeout(() => { tellTerminal(`waiting for ${what} on stdin${ending}, Ctrl-C gives up`); }, PATIENCE_MS);
  const chunks: Buffer[] = [];
  try {
    if (fstatSync(0).isDirectory()) throw new VaultError("usage", "stdin is a folder", "name a file, or pipe the value in");
    await collect(standardInput(), chunks, bytesMax);
    return new Uint8Array(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("usage", `nothing can be read from stdin (${systemErrorCode(error) ?? "unknown error"})`, "name a file, or pipe the value in");
  } finally {
    clearTimeout(notice);
    for (const chunk of chunks) chunk.fill(0);
  }
}

function standardInput(): NodeJS.ReadStream {
  return process.stdin;
}

/** Longer than any message of a protocol of lines. */
const LINE_CHARACTERS_MAX = 1024 * 1024;

/**
 * Stdin line by line, as it comes, to its end or until the signal: for protocols whose other side waits for answers.
 *
 * @throws VaultError `usage` for a line beyond a million characters, or where stdin was read already.
 */
export async function* readInputLines(signal: AbortSignal): AsyncGenerator<string> {
  if (isTaken) throw new VaultError("usage", "stdin has been read already", "only one thing can come from it: give the other as a file");
  isTaken = true;
  const input = standardInput();
  const stop = (): void => { input.destroy(); };
  signal.addEventListener("abort", stop, { once: true });
  input.setEncoding("utf8");
  let rest = "";
  try {
    for await (const chunk of input as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_CHARACTERS_MAX) throw new VaultError("usage", `a line on stdin is longer than ${LINE_CHARACTERS_MAX} characters`);
      yield* lines;
    }
    if (rest !== "") yield rest;
  } catch (error) {
    // Destroyed on purpose.
    if (!signal.aborted) throw error;
  }
}

/** Resolves at the end. The stream is over then: what comes behind the bound stays with the writer. */
async function collect(stream: NodeJS.ReadStream, chunks: Buffer[], bytesMax: number): Promise<void> {
  let length = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      stream.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > bytesMax) reject(new VaultError("usage", `stdin is longer than ${bytesMax} bytes`));
      }).once("end", resolve).once("error", reject);
    });
  } finally {
    stream.destroy();
  }
}
