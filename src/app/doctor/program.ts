// Whether the requests of a program would work in a run: tried with a small program of the same runtime, in the environment that a run gives. Needs no vault.
import { basename, join } from "node:path";
import { collectRoots } from "../../run/roots/ca-file.ts";
import { openProgramFiles } from "../../run/probe/program-files.ts";
import type { ProbeTarget, Way } from "../../run/probe/probe-programs.ts";
import { PROBE_KEY, PROBE_URL, WAYS } from "../../run/probe/probe-programs.ts";
import { runProbe } from "../../run/probe/probe.ts";
import { findUnusableVariable } from "../../run/clients/proxy-variables.ts";
import { openRunFolder } from "../../run/run-folder.ts";
import type { CommandKind, Runtime } from "../../run/probe/runtime.ts";
import { findCommandKind, findStarted } from "../../run/probe/runtime.ts";
import { furnishChild } from "../runs/child-environment.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, problemOf, shellWord } from "./finding.ts";
import type { ProbeEndpoint } from "./probe-endpoint.ts";
import { openProbeEndpoint } from "./probe-endpoint.ts";
import { judgeProbe } from "./probe-verdict.ts";

/**
 * The command itself is not started. Of its arguments only those count that name the program (`env NAME=value node …`).
 *
 * @param words what would stand behind `vault run --`.
 */
export async function examineProgram({ paths, variables }: Pick<Surroundings, "paths" | "variables">, words: readonly string[]): Promise<Finding[]> {
  const unusable = findUnusableVariable(variables);
  if (unusable !== undefined) return [problem("environment", "usage", `the variable "${unusable}" names no HTTP proxy, and a run refuses to go past it`, "set HTTPS_PROXY and HTTP_PROXY to http://host:port, or unset it")];
  const kind = findCommandKind(words, openProgramFiles(variables["PATH"] ?? variables["Path"]));
  const known = describe(findStarted(words), kind);
  if (kind.kind !== "runtime" || kind.program === undefined) return [known];
  try {
    return [known, ...(await probeAll(paths.runtimeFolder, variables, kind.runtime, kind.program))];
  } catch (error) {
    return [known, problemOf("requests", error, "check that the disk is not full, and that vault's folders are yours; which they are: vault status")];
  }
}

function describe(command: string, kind: CommandKind): Finding {
  const name = basename(command);
  const itself = `vault run --summary -- ${shellWord(command)}`;
  switch (kind.kind) {
    case "not-found":
      return problem("program", "usage", `the program "${command}" was not found`, "give it as in: vault run -- CMD");
    case "shell":
      return note("program", `"${name}" is a shell, or a script of one: what it starts shows only when it runs`, `name the program that makes the requests: vault doctor -- CMD; or try the command itself: ${itself}`);
    case "browser":
      return note("program", `"${name}" is a browser, which keeps no password for a proxy, and asks nobody about a run's certificates: on Linux it reaches the hosts that no secret is bound to, and no others`, "for bound hosts drive it by Playwright or Puppeteer, with their `proxy` option and with errors of certificates ignored: see docs/clients.md");
    case "unknown":
      return note("program", `"${name}" is no program whose runtime is known here; only the command itself could tell`, `try it, and see what reaches the proxy: ${itself}`);
    case "runtime":
      if (kind.program === undefined) return note("program", `"${name}" runs on ${kind.runtime}, which this machine has no tool of to try it with`, `try the command itself: ${itself}`);
      return ok("program", `${name === kind.runtime ? `"${name}" is` : `"${name}" runs on ${kind.runtime}, which is`} tried as ${kind.program}; what a program sets itself (an agent, a client, a list of roots) shows only when it runs`);
  }
}

async function probeAll(runtimeFolder: string, variables: Surroundings["variables"], runtime: Runtime, program: string): Promise<Finding[]> {
  const endpoint = await openProbeEndpoint();
  try {
    const folder = openRunFolder(join(runtimeFolder, "runs"));
    try {
      const roots = collectRoots(variables);
      const grants = [{ variable: PROBE_KEY, grant: endpoint.grant }];
      const environment = await furnishChild({ variables }, { folder: folder.path, proxy: endpoint.proxy, grants, denyUnmatched: true, trusted: roots.child, withheld: [] });
      const findings: Finding[] = [...roots.warnings, ...environment.warnings].map((warning) => note("environment", warning));
      const target = { url: endpoint.url, placeholder: endpoint.grant.placeholder, folder: folder.path };
      // One after the other: what the proxy sees is then of one probe.
      for (const way of WAYS[runtime]) findings.push(...(await probe(way, runtime, program, target, environment.variables, endpoint)));
      return findings;
    } finally {
      folder.close();
    }
  } finally {
    await endpoint.close();
    endpoint.grant.value.wipe();
  }
}

async function probe(way: Way, runtime: Runtime, program: string, target: ProbeTarget, environment: Readonly<Record<string, string>>, endpoint: ProbeEndpoint): Promise<Finding[]> {
  const outcome = await runProbe(program, way.start(target), { ...environment, [PROBE_URL]: target.url }, target.folder);
  const finding = judgeProbe(way.name === "" ? runtime : `${runtime}, by ${way.name}`, way, outcome, endpoint.takeSightings());
  return finding === undefined ? [] : [finding];
}
