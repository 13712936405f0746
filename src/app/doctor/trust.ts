// Whom connections outwards trust, and who may have had a say in what this program finds around it.
import { collectRoots } from "../../run/roots/ca-file.ts";
import { readRootsFile } from "../../run/roots/roots-file.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { note, ok } from "./finding.ts";

/** The roots of a run, and the variables whose certificates only its program trusts. @throws VaultError for a roots file that cannot be used. */
export function examineTrust({ paths, variables }: Surroundings): Finding[] {
  const own = readRootsFile(paths.rootsFile);
  const { childOnly } = collectRoots(variables, own);
  return [
    ok("trust", `connections outwards trust the roots of Node and of the system, ${own.length > 0 ? "those in" : "and would trust any in"} "${paths.rootsFile}" (PEM, mode 600), and those behind --upstream-ca`),
    ...childOnly.map(({ variable, path }) =>
      note("trust", `${variable} names "${path}", whose certificates a run's program trusts and connections outwards do not`, `if they should, and you know whose they are, put them into "${paths.rootsFile}" (PEM, mode 600)`),
    ),
  ];
}

/** npm takes settings for the programs that it starts from the folder that it is in. */
export function examineStarter({ variables }: Pick<Surroundings, "variables">): Finding[] {
  const names = Object.keys(variables).filter((name) => /^npm_/i.test(name));
  if (names.length === 0) return [];
  return [note("environment", `vault was started by npm or npx (${names.length} variables of the form npm_… tell): they take Node's options, programs and settings from the .npmrc and package.json of the folder, whoever wrote them`, "in a tree that you do not trust, start vault itself")];
}
