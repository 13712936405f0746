// The program as it is shipped, while this process goes on: for what passes a relay or a server of the test's.
import { spawn } from "node:child_process";
import { NODE, RUN_JS } from "./program.ts";

export interface Said {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export function startVault(args: readonly string[], { env, cwd, input = "" }: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string; readonly input?: string }): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(NODE, [RUN_JS, ...args], { env, cwd });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.on("close", (status) => { resolve({ status, out, err }); });
  });
}
