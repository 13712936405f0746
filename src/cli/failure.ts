// What a failed command says and how it ends.
import { readFileSync } from "node:fs";
import { findNearest } from "../app/secrets/nearest.ts";
import { systemErrorCode, VaultError } from "../errors.ts";
import { EXIT, exitStatusOf } from "./output/exit-status.ts";
import { jsonLine } from "./output/json-line.ts";
import { colour, note } from "./output/terminal.ts";
import { visible } from "./output/visible-text.ts";

export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Judges anything that was thrown. @param argv what was typed, up to a program of somebody else's. What is not ours is told by its kind only: its message may quote what it was working on. */
export function describeFailure(error: unknown, argv: readonly string[]): Failure {
  if (error instanceof VaultError) return { status: exitStatusOf(error.code), code: error.code, message: error.message, hint: error.hint };
  const usage = findUsageProblem(error, argv);
  if (usage !== undefined) return { status: EXIT.usage, code: "usage", ...usage };
  const refused = findSystemRefusal(error);
  if (refused !== undefined) return { status: EXIT.unexpected, code: "io", message: `the system refuses (${refused})`, hint: "check the disk, and that the vault's files and folders are yours: vault doctor" };
  const kind = error instanceof Error ? error.name : typeof error;
  const where = error instanceof Error ? (/\n +at ([^\n]*)/.exec(error.stack ?? "")?.[1] ?? "an unknown place") : "an unknown place";
  return { status: EXIT.unexpected, code: "unexpected", message: `unexpected failure (${kind} at ${where})`, hint: "this is a bug in vault; please report it with this line, which holds no secret" };
}

/** Problem, then hint. With `--json`, one object on one line of stderr. */
export function report(failure: Failure, isJson: boolean): void {
  if (isJson) {
    note(jsonLine({ error: { code: failure.code, message: failure.message, hint: failure.hint ?? null, status: failure.status } }));
    return;
  }
  note(`${colour("31", "error:")} ${visible(failure.message)}`);
  if (failure.hint !== undefined) note(`${colour("2", "hint:")} ${visible(failure.hint)}`);
}

/** Of a file that a full disk, or a folder of somebody else's, keeps from us. No bug, and its path is not ours to tell. */
function findSystemRefusal(error: unknown): string | undefined {
  const code = systemErrorCode(error);
  return code !== undefined && error instanceof Error && "syscall" in error && REFUSALS.has(code) ? `${code}, ${String(error.syscall)}` : undefined;
}

const REFUSALS = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR", "EMFILE", "ENFILE", "EIO"]);

/** The command framework's parse errors. An unexpected word is not repeated: it may be a secret that was meant for stdin. */
function findUsageProblem(error: unknown, argv: readonly string[]): { message: string; hint: string } | undefined {
  if (!(error instanceof Error) || !("oclif" in error)) return undefined;
  const hint = `its flags: ${helpCommand(argv)}`;
  if ("args" in error && error.message.startsWith("Unexpected argument")) return { message: "there are more arguments than the command takes (not repeated here, in case one is a secret)", hint };
  if ("flags" in error && Array.isArray(error.flags)) {
    const flags = error.flags.filter((flag): flag is string => typeof flag === "string" && /^--?[a-z][a-z-]{0,30}$/.test(flag));
    const meant = findNearest(flags[0] ?? "", knownFlags(error));
    return { message: flags.length > 0 ? `there is no flag ${flags.join(", ")}` : "there is a flag that the command does not take", hint: meant === undefined ? hint : `did you mean ${meant}? ${hint}` };
  }
  if ("args" in error && Array.isArray(error.args)) {
    const names = (error.args as readonly { readonly name?: unknown }[]).flatMap(({ name }) => (typeof name === "string" ? [name.toUpperCase()] : []));
    return { message: `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} missing`, hint };
  }
  return { message: usageText(error.message), hint };
}

/** The framework's words in ours. Values are left out: they may be secrets. */
function usageText(text: string): string {
  const plain = text.replace(/\nSee more help with --help$/, "").replace(/^The following errors? occurred:\s*/, "").replaceAll(/\s*\n\s*/g, "; ");
  return lowerFirst(plain
    .replaceAll(/Missing required flag ([\w-]+)/g, "--$1 is missing")
    .replaceAll(/All of the following must be provided when using (--[\w-]+): /g, "$1 goes with ")
    .replaceAll(/(--[\w-]+)=\S* cannot also be provided when using (--[\w-]+)/g, "$1 and $2 exclude each other")
    .replace(/^Parsing (--[\w-]+);? Expected (.*?)( but received: .*)?$/, "$1 takes $2")
    .replace(/^Flag (--[\w-]+) expects one of these values:/, "$1 takes one of:")
    .replace(/^Expected (--[\w-]+)=.* to be one of:/, "$1 takes one of:")
    .replace(/^Expected .* to be one of:/, "the argument has to be one of:"));
}

/** Words that name no command are not repeated. */
function helpCommand(argv: readonly string[]): string {
  const { commands } = JSON.parse(readFileSync(new URL("../oclif.manifest.json", import.meta.url), "utf8")) as { readonly commands: Readonly<Record<string, unknown>> };
  const words = [1, 2].map((count) => argv.slice(0, count)).find((some) => Object.hasOwn(commands, some.join(":"))) ?? [];
  return ["vault", ...words, "--help"].join(" ");
}

/** What the command would have taken, as the framework's errors carry it. */
function knownFlags(error: Error): string[] {
  const { parse } = error as { parse?: { input?: { flags?: unknown } } };
  const flags = parse?.input?.flags;
  return typeof flags === "object" && flags !== null ? Object.keys(flags).map((name) => `--${name}`) : [];
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
