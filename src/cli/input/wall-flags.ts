import { Flags } from "@oclif/core";
import type { WallChoice } from "../../app/runs/run-options.ts";
import { VaultError } from "../../errors.ts";
import type { Project } from "../../project/run-file.ts";

const PORT_MAX = 65_535;
const PORTS_MAX = 64;

export const wallFlags = {
  sandbox: Flags.boolean({ description: "run the program behind a wall: it sees its project and programs, no vault, no other logins, and a network that leads to the proxy alone; Linux, with bubblewrap", allowNo: true }),
  writable: Flags.string({ description: "let the program behind the wall write to this path too; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "PATH" }),
  explain: Flags.boolean({ description: "say what the program behind the wall could write to and what it would not see, and start nothing" }),
  publish: Flags.string({ description: "let this machine reach the program's port behind the wall, on 127.0.0.1; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "PORT" }),
  "host-port": Flags.string({ description: "let the program behind the wall reach this machine's port on 127.0.0.1; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "PORT" }),
};

export interface GivenWallFlags {
  readonly sandbox?: boolean | undefined;
  readonly writable?: readonly string[] | undefined;
  readonly explain?: boolean | undefined;
  readonly publish?: readonly string[] | undefined;
  readonly "host-port"?: readonly string[] | undefined;
}

/** `--no-sandbox`, or `--no-project` where the project's file asks for the wall. @param declined what the file asks for that is left out. */
export function declinesWall({ sandbox }: GivenWallFlags, declined?: Project): boolean {
  return sandbox === false || (sandbox === undefined && declined?.sandbox === true);
}

/**
 * A project's file can ask for the wall, and not take it away.
 *
 * @returns undefined for a run without one.
 * @throws VaultError `usage`.
 */
export function chooseWall(flags: GivenWallFlags, project: Project | undefined): WallChoice | undefined {
  const isWalled = flags.sandbox ?? project?.sandbox === true;
  const needless = (["writable", "publish", "host-port"] as const).find((name) => flags[name] !== undefined);
  if (!isWalled && flags.explain === true) throw new VaultError("usage", "--explain goes with --sandbox", "of a single request: vault explain METHOD URL");
  if (!isWalled && needless !== undefined) throw new VaultError("usage", `--${needless} goes with --sandbox`, `leave it out, or run behind the wall: vault run --sandbox -- CMD`);
  if (!isWalled) return undefined;
  return { writable: flags.writable ?? [], asked: project?.writable ?? [], published: parsePorts("publish", flags.publish), hostPorts: parsePorts("host-port", flags["host-port"]) };
}

function parsePorts(flag: string, texts: readonly string[] = []): number[] {
  const ports = [...new Set(texts.map((text) => (/^[0-9]{1,5}$/.test(text) ? Number(text) : 0)))];
  if (ports.length > PORTS_MAX || ports.some((port) => port < 1 || port > PORT_MAX)) throw new VaultError("usage", `--${flag} takes a port from 1 to ${PORT_MAX}, and at most ${PORTS_MAX} of them`);
  return ports;
}
