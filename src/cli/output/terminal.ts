// The rules of the terminal, once: stdout carries the answer, stderr everything else, prompts go to the terminal device.
// Colour and spinners only where a person looks, and never against NO_COLOR. Nobody to ask means no prompt and no hang.
import { closeSync, openSync, writeSync } from "node:fs";
import type { ReadStream, WriteStream } from "node:tty";
import { Secret } from "../../secret.ts";
import { systemErrorCode, VaultError } from "../../errors.ts";
import { visible } from "./visible-text.ts";

/** Prints the answer. */
export function answer(text: string): void {
  answerExactly(`${text}\n`);
}

/** Prints an answer that is a document, to the byte. @throws VaultError `io`. */
export function answerExactly(text: string): void {
  forgiveReaders();
  process.stdout.write(text);
  requireAnswered();
}

/** To be called before anything is written to stdout: whoever reads it may have had enough (`| head -1`), which is no failure. To open stdout takes longer than many commands do. */
export function forgiveReaders(): void {
  forgive(process.stdout);
}

/** Of what was written to stdout. @throws VaultError `io` where it did not go out (a full disk), other than for a reader that has gone. */
export function requireAnswered(): void {
  const code = systemErrorCode(process.stdout.errored);
  if (code !== undefined && code !== "EPIPE") throw new VaultError("io", `the answer cannot be written (${code})`, "make room where stdout goes; what the command has changed stays changed");
}

/** Node would end the process, with a status of its own. */
function forgive(stream: NodeJS.WriteStream): void {
  if (!stream.listeners("error").includes(doNothing)) stream.on("error", doNothing);
}

function doNothing(): void {
  // What stdout has not taken is found by `requireAnswered`; of what stderr has not taken, nobody is left to be told.
}

/** Loaded where somebody is asked: it takes longer than many commands do. */
function terminals(): { readonly input: ReadStream; readonly output: WriteStream } {
  const tty = process.getBuiltinModule("node:tty");
  return { input: new tty.ReadStream(openSync(terminalDevice("in"), "r+")), output: new tty.WriteStream(openSync(terminalDevice("out"), "r+")) };
}

/** Tells the user something that is not the answer. */
export function note(text: string): void {
  forgive(process.stderr);
  process.stderr.write(`${text}\n`);
}

/** One line. It may hold a path, or another text of somebody else's, that is to move no cursor and forge no line. */
export function warn(text: string): void {
  note(`${colour("33", "warning:")} ${visible(text)}`);
}

/** The width of the terminal that the answer goes to, in columns; undefined where it goes to none, or to one that nobody has given a size. */
export function answerWidth(): number | undefined {
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;
}

export function colour(code: string, text: string): string {
  const isWanted = process.stderr.isTTY && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";
  return isWanted ? `\u001B[${code}m${text}\u001B[0m` : text;
}

/** Whether somebody is there: one of the standard streams is a terminal, and the process has one to open. */
export function hasTerminal(): boolean {
  // Not `process.stdin.isTTY`: that makes a pipe non-blocking, for its next reader too.
  const { isatty } = process.getBuiltinModule("node:tty");
  if (![0, 1, 2].some(isatty)) return false;
  try {
    closeSync(openSync(terminalDevice("in"), "r+"));
    return true;
  } catch {
    return false;
  }
}

/** One line for whoever looks, on the terminal device, whatever the standard streams are; without a terminal, nothing. */
export function tellTerminal(text: string): void {
  if (!hasTerminal()) return;
  const device = openSync(terminalDevice("out"), "r+");
  try {
    writeSync(device, `${visible(text)}\n`);
  } finally {
    closeSync(device);
  }
}

/**
 * Asks for something that must not be seen, on the terminal device, whatever the standard streams are.
 *
 * @throws VaultError `usage` when the user gives up (Ctrl-C, Ctrl-D).
 */
export async function askHidden(question: string): Promise<Secret> {
  const { default: password } = await import("@inquirer/password");
  const { input, output } = terminals();
  try {
    const asked = password({ message: question }, { input, output, clearPromptOnDone: true, signal: endOfInput(input) });
    return Secret.fromText(await asked);
  } catch {
    throw new VaultError("usage", "nothing was entered");
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** Aborted by Ctrl-D, at which the prompt itself would wait for ever. */
function endOfInput(input: ReadStream): AbortSignal {
  const end = new AbortController();
  input.on("keypress", (_text: unknown, key: { readonly ctrl?: boolean; readonly name?: string } | undefined) => {
    if (key?.ctrl === true && key.name === "d") end.abort();
  });
  return end.signal;
}

/**
 * Asks for a line that may be seen, on the terminal device.
 *
 * @throws VaultError `usage` when the user gives up (Ctrl-C, Ctrl-D).
 */
export async function askLine(question: string): Promise<string> {
  const { createInterface } = await import("node:readline");
  const { input, output } = terminals();
  const reader = createInterface({ input, output, terminal: true, historySize: 0 });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once("close", () => { reject(new VaultError("usage", "nothing was entered")); });
      reader.question(`${question} `, resolve);
    });
  } finally {
    reader.close();
    input.destroy();
    output.destroy();
  }
}

/** @throws VaultError `usage` for any other answer than yes, or where nobody is there to ask. */
export async function requireYes(question: string): Promise<void> {
  if (!hasTerminal()) throw new VaultError("usage", "there is no terminal to ask at", "--yes says yes to what stands above");
  if (!/^y(?:es)?$/i.test((await askLine(`${question} [y/N]`)).trim())) throw new VaultError("usage", "the answer was no, so nothing was done", "type it again, and answer yes, if you want it");
}

/** Asks twice for something new. @throws VaultError `usage` when the two differ, or nothing was entered. */
export async function askNewHidden(question: string): Promise<Secret> {
  const first = await askHidden(question);
  const second = await askHidden(`${question} (again)`);
  const isSame = Buffer.compare(first.reveal(), second.reveal()) === 0;
  second.wipe();
  if (!isSame) throw new VaultError("usage", "the two entries differ", "try again");
  return first;
}

function terminalDevice(direction: "in" | "out"): string {
  if (process.platform !== "win32") return "/dev/tty";
  return direction === "in" ? "\\\\.\\CONIN$" : "\\\\.\\CONOUT$";
}
