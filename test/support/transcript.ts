// Runs the transcripts in test/scripts: each line is one act or one expectation, in the manner of Go's testscript.
//
//   vault ARGS / sh LINE        runs it (by sh, with `vault` on the PATH) and expects status 0
//   5: vault ARGS               expects status 5
//   tty: "a" "b" vault ARGS     the same on a terminal of its own, typing these lines when a prompt stands there
//   in TEXT                     the next command's stdin (\n is a line end; without it stdin is empty)
//   set NAME=VALUE              for all commands that follow; `set NAME=` removes it
//   out REGEX / err REGEX       the last command's stdout or stderr matches; `no out`, `no err`: does not
//   got REGEX / no got REGEX    what the HTTPS server has received since the last command began, as raw text
//   same FILE / keep FILE       the file's bytes are those that `keep` remembered
//   have vault                  one is there, as `vault init --provider file` makes it
//   # …                         says why
//
// $SERVER is the server's host and port, $SERVER_CA its certificate's file, $DIR the transcript's own folder.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layEmptyVault } from "./empty-vault.ts";
import { NODE, RUN_JS } from "./program.ts";
import { openRawUpstream } from "./raw-upstream.ts";
import { findProgram } from "./readable-program.ts";
import { freshPlace, initOptions, storeVariables, testPaths } from "./test-store.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Finished {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Whether this machine has what the transcripts call. */
export function hasTools(): boolean {
  return ["curl", "python3"].every((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0);
}

/** A folder with `vault` in it, and `node`, which is the one that runs it, for the PATH. @param isWalled each `vault run` gets `--sandbox`, and the program can be seen behind the wall. */
export function makeBin(folder: string, isWalled = false, init: readonly string[] = []): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const walled = isWalled ? '[ "$1" != run ] || { shift; set -- run --sandbox "$@"; }\n' : "";
  // A vault is made in the store that the suite is run for, unless the line is about something else.
  const stored = init.length > 0 ? `case "$1 $*" in "init "*--project*|"init init") ;; init\\ *) shift; set -- init ${init.join(" ")} "$@" ;; esac\n` : "";
  const program = isWalled ? findProgram(folder, {}) : RUN_JS;
  writeFileSync(join(bin, "vault"), `#!/bin/sh\n${walled}${stored}exec "${NODE}" "${program}" "$@"\n`, { mode: 0o755 });
  symlinkSync(NODE, join(bin, "node"));
  return bin;
}

/** Lines of a transcript, one after the other, that do not hold behind the wall, and what holds there. */
export interface ByDesign {
  readonly lines: string;
  readonly instead: string;
  readonly because: string;
}

/** @param differs the transcript is run behind the wall, with these differences. @throws Error that names the line that did not hold. */
export async function runTranscript(path: string, differs?: readonly ByDesign[]): Promise<void> {
  const upstream = await openRawUpstream();
  const folder = mkdtempSync(join(tmpdir(), "vault-script-"));
  const work = join(folder, "work");
  mkdirSync(work);
  // Behind the wall there is the project, and little else of a temporary folder.
  const shown = differs === undefined ? folder : join(work, ".shown");
  const bin = makeBin(shown, differs !== undefined, initOptions(freshPlace()));
  writeFileSync(join(shown, "server.pem"), upstream.certificate);
  const variables: Record<string, string> = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    HOME: join(folder, "home"),
    VAULT_DIR: join(folder, "vault"),
    DIR: work,
    TMPDIR: folder,
    SERVER: `localhost:${upstream.port}`,
    SERVER_CA: join(shown, "server.pem"),
    ...storeVariables(),
  };
  mkdirSync(variables["HOME"] ?? "");
  const kept = new Map<string, Buffer>();
  let last: Finished = { status: 0, out: "", err: "" };
  let received = 0;
  let input = "";
  try {
    for (const [index, raw] of readLines(path, differs ?? []).entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      const fail = (why: string): never => {
        throw new Error(`${path}:${index + 1}: ${line}\n${why}\nstatus ${last.status}\n--- stdout\n${last.out}\n--- stderr\n${last.err}\n--- received\n${upstream.received().slice(received)}`);
      };
      const [word, rest] = split(line);
      switch (word) {
        case "set": {
          const [name, value] = split(rest, "=");
          variables[name] = expand(value, variables);
          if (value === "") Reflect.deleteProperty(variables, name);
          break;
        }
        case "in":
          input = expand(rest, variables).replaceAll("\\n", "\n");
          break;
        case "keep":
          kept.set(rest, readFileSync(expand(rest, variables)));
          break;
        case "have":
          layEmptyVault(variables["VAULT_DIR"] ?? "");
          break;
        case "same":
          if (!existsSync(expand(rest, variables)) || kept.get(rest)?.equals(readFileSync(expand(rest, variables))) !== true) fail("the file is not what it was");
          break;
        case "out":
        case "err":
        case "got":
        case "no": {
          const [what, pattern] = word === "no" ? split(rest) : [word, rest];
          const text = what === "out" ? last.out : what === "err" ? last.err : upstream.received().slice(received);
          if (new RegExp(expand(pattern, variables), "m").test(text) === (word === "no")) fail(word === "no" ? "it is there" : "it is not there");
          break;
        }
        default: {
          const status = /^(\d+): (.*)$/s.exec(line);
          const command = status?.[2] ?? line;
          received = upstream.received().length;
          last = await runLine(command, variables, work, input);
          input = "";
          if (last.status !== Number(status?.[1] ?? 0)) fail(`status ${status?.[1] ?? 0} was due`);
        }
      }
    }
  } finally {
    if (existsSync(testPaths(variables["VAULT_DIR"] ?? "").agent.socket)) await runLine("vault lock", variables, work, "");
    await upstream.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLines(path: string, differs: readonly ByDesign[]): string[] {
  let text = readFileSync(path, "utf8");
  for (const { lines, instead } of differs) {
    if (!text.includes(`${lines}\n`)) throw new Error(`${path} has no longer the lines\n${lines}`);
    text = text.replace(`${lines}\n`, () => `${instead}\n`);
  }
  return text.split("\n");
}

function split(line: string, at = " "): [string, string] {
  const index = line.indexOf(at);
  return index < 0 ? [line, ""] : [line.slice(0, index), line.slice(index + 1)];
}

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$([A-Z_]+)/g, (whole, name: string) => variables[name] ?? whole);
}

async function runLine(line: string, variables: Readonly<Record<string, string>>, cwd: string, input: string): Promise<Finished> {
  const typed = /^tty:((?: "[^"]*")+) (.*)$/s.exec(line);
  const child = typed === null
    ? spawn("sh", ["-c", line], { cwd, env: { ...variables } })
    : spawn("python3", [join(ROOT, "test/support/typist.py"), typed[2] ?? "", ...[...(typed[1] ?? "").matchAll(/"([^"]*)"/g)].map(([, text]) => text ?? "")], { cwd, env: { ...variables } });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const status = await new Promise<number>((resolve) => child.on("close", (code) => { resolve(code ?? -1); }));
  return { status, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}
