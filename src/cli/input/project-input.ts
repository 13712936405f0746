import { relative } from "node:path";
import { Flags } from "@oclif/core";
import type { Project } from "../../project/run-file.ts";
import { parseRunFile } from "../../project/run-file.ts";
import { findRunFile } from "../../project/search.ts";
import { projectLine } from "../output/project-line.ts";
import { note } from "../output/terminal.ts";

export const projectFlags = {
  "no-project": Flags.boolean({ description: "do not read vault.run.json" }),
};

/** What the `vault.run.json` of this folder asks for; says so where there is one. @throws VaultError for a file that cannot be used. */
export function findProject(flags: { readonly "no-project": boolean }): Project | undefined {
  const folder = process.cwd();
  const file = flags["no-project"] ? undefined : findRunFile(folder);
  if (file === undefined) return undefined;
  const project = parseRunFile(file.bytes);
  note(projectLine(relative(folder, file.path), project));
  return project;
}
