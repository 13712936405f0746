// `vault login` as it is shipped, at a real provider of this machine, by somebody who has a folder and a browser of his own.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { LoginServer, LoginServerOptions } from "./login-server.ts";
import { API_SCOPE, openLoginServer } from "./login-server.ts";
import { NODE, RUN_JS } from "./program.ts";
import { makeFolder } from "./temporary.ts";

/** Behind it stands the page to log in at. */
export const PAGE = /page in a browser of this machine:\n(\S+)\n/;

export interface TypedLogin {
  readonly server: LoginServer;
  readonly folder: string;
  readonly variables: Record<string, string>;
  /** Not awaited by a blocked process: the provider lives in this one. */
  readonly vault: (...args: readonly string[]) => Promise<{ readonly status: number | null; readonly output: string }>;
  readonly start: (...args: readonly string[]) => Started;
  /** What every login of the test says. */
  readonly at: readonly string[];
}

export interface Started {
  readonly child: ChildProcess;
  readonly said: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<number | null>;
  readonly output: () => string;
}

export async function openTypedLogin(options: LoginServerOptions = {}): Promise<TypedLogin> {
  const server = await openLoginServer(options);
  onTestFinished(() => server.close());
  const folder = makeFolder();
  const root = join(folder, "root.pem");
  writeFileSync(root, server.certificate);
  const variables: Record<string, string> = { PATH: process.env["PATH"] ?? "", HOME: folder, VAULT_DIR: join(folder, "vault"), XDG_RUNTIME_DIR: folder };
  const start = (...args: readonly string[]): Started => {
    const child = spawn(NODE, [RUN_JS, ...args], { env: variables, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => { output += chunk.toString(); });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    onTestFinished(() => { child.kill(); });
    const said = async (pattern: RegExp): Promise<string> => {
      for (let found = pattern.exec(output); ; found = pattern.exec(output)) {
        if (found !== null) return found[1] ?? found[0];
        if (child.exitCode !== null) throw new Error(`it ended without ${String(pattern)}: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    return { child, said, ended, output: () => output };
  };
  const vault: TypedLogin["vault"] = async (...args) => {
    const { ended, output } = start(...args);
    const status = await ended;
    return { status, output: output() };
  };
  expect((await vault("init", "--provider", "file")).status).toBe(0);
  return { server, folder, variables, vault, start, at: ["--issuer", server.issuer, "--upstream-ca", root, "--host", server.authority, "--allow-private", "--scope", API_SCOPE, "--client-id", "desktop"] };
}

/** Named as the person's browser: writes down what it is started with. @returns the file. */
export function nameBrowser({ folder, variables }: TypedLogin): string {
  const [program, opened] = [join(folder, "own-browser"), join(folder, "opened")];
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" >"${opened}.new"; mv "${opened}.new" "${opened}"\n`);
  chmodSync(program, 0o755);
  variables["BROWSER"] = `${join(folder, "not-there")} %s:${program} --new-window`;
  return opened;
}

/** Waits until there is one. */
export async function contentOf(file: string): Promise<string> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
  return readFileSync(file, "utf8");
}
