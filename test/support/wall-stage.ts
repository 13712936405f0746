// A vault with a secret and a server that it is bound to, to try walled runs with: as whoever runs the test, or as an ordinary user.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RawUpstream } from "./raw-upstream.ts";
import { openRawUpstream } from "./raw-upstream.ts";
import { can } from "./machine.ts";
import { NODE } from "./program.ts";
import { findProgram } from "./readable-program.ts";
import { removeFolder } from "./remove-folder.ts";

export interface Finished {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface WallStage {
  readonly folder: string;
  readonly project: string;
  /** `bin/run.js`, where whoever runs can read it. */
  readonly program: string;
  readonly server: RawUpstream;
  /** `localhost:PORT`, which API_KEY is bound to. */
  readonly bound: string;
  readonly value: string;
  readonly variables: Readonly<Record<string, string>>;
  /** `vault ARGS`, in the project. */
  vault(args: readonly string[], input?: string, more?: Readonly<Record<string, string>>): Promise<Finished>;
  /** `sh -c SCRIPT` behind the wall. */
  inside(script: string, flags?: readonly string[]): Promise<Finished>;
  /** Gives a folder, with all that is in it, to the user who runs. */
  give(path: string): void;
  close(): Promise<void>;
}

/** `nobody`, on whatever system. */
const ORDINARY = 65_534;
const VALUE = "sk-live-Zx81~qT/7+hN3vWc0pLr";

/** @param isOrdinary as a user without power, where the test itself has some. @param before words that stand before those of `vault`. */
export async function openWallStage(isOrdinary = can.root, before: readonly string[] = []): Promise<WallStage> {
  const folder = mkdtempSync(join(tmpdir(), "vault-wall-"));
  const project = join(folder, "project");
  const home = join(folder, "home");
  const owner = isOrdinary && can.root ? { uid: ORDINARY, gid: ORDINARY } : {};
  const server = await openRawUpstream();
  writeFileSync(join(folder, "server.pem"), server.certificate);
  for (const path of [project, home]) {
    mkdirSync(path);
    if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid);
  }
  chmodSync(folder, 0o755);
  const program = findProgram(folder, owner);
  const variables = { PATH: process.env["PATH"] ?? "", HOME: home };
  const vault = (args: readonly string[], input = "", more: Readonly<Record<string, string>> = {}): Promise<Finished> => {
    const [file = "", ...words] = [...before, NODE, program, ...args];
    const child = spawn(file, words, { cwd: project, env: { ...variables, ...more }, ...owner });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status) => { resolve({ status: status ?? -1, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }); });
    });
  };
  const bound = `localhost:${server.port}`;
  // Makes the vault as well, with its key in a file: there is no keyring in these variables.
  await vault(["secrets", "create", "API_KEY", "--host", bound], VALUE);
  return {
    folder, project, program, server, bound, value: VALUE, variables, vault,
    inside: (script, flags = []) => vault(["run", "--sandbox", "--upstream-ca", join(folder, "server.pem"), ...flags, "--", "sh", "-c", script]),
    give(path) {
      if (owner.uid !== undefined) spawnSync("chown", ["-R", `${owner.uid}:${owner.gid}`, path]);
    },
    async close() {
      spawnSync(NODE, [program, "lock"], { cwd: project, env: variables, ...owner });
      await server.close();
      await removeFolder(folder);
    },
  };
}
