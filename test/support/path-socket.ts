// A service of the user's outside, at a socket that stands in a folder.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { onTestFinished } from "vitest";
import { NODE } from "./program.ts";
import type { Walled } from "./escape-stage.ts";
import { createServer } from "./raw-sockets.ts";

export interface Knocked {
  /** What a program says that tries to connect, without the wall and behind it. */
  readonly openly: string;
  readonly walled: string;
  /** The variables that the walled program still has. */
  readonly kept: readonly string[];
}

/** @param variables that tell programs of this service. */
export async function knock(wall: Walled, path: string, variables: Readonly<Record<string, string>>): Promise<Knocked> {
  await listenAt(path);
  for (const [name, value] of Object.entries(variables)) wall.set(name, value);
  const names = Object.keys(variables);
  const script = `"${NODE}" -e 'console.log("kept " + ${JSON.stringify(names)}.filter((name) => process.env[name] !== undefined).join()); require("net").connect(process.argv[1]).on("connect", () => console.log("connected")).on("error", ({ code }) => console.log(code))' "${path}"`;
  const openly = (await wall.openly(script)).said;
  const walled = (await wall.run(script)).said;
  return { openly, walled, kept: (/^kept (.*)$/m.exec(walled)?.[1] ?? "").split(",").filter((name) => name !== "") };
}

/** A service of whoever runs the test, at a path that everybody may open. It ends with the test, and what was made for it. */
export async function listenAt(path: string): Promise<void> {
  const made = mkdirSync(dirname(path), { recursive: true });
  chmodSync(dirname(path), 0o755);
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen({ path, writableAll: true, readableAll: true }, resolve));
  onTestFinished(() => {
    server.close();
    rmSync(made ?? path, { recursive: true, force: true });
  });
}
