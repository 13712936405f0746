import { relative } from "node:path";
import { Flags } from "@oclif/core";
import { VaultError } from "../../errors.ts";
import type { Project } from "../../project/run-file.ts";
import { parseRunFile } from "../../project/run-file.ts";
import { findRunFile } from "../../project/search.ts";
import { projectLine } from "../output/project-line.ts";
import { note } from "../output/terminal.ts";

export const projectFlags = {
  "no-project": Flags.boolean({ description: "do not read vault.run.json" }),
};

/** What `--no-project` leaves out; undefined where there is no file, or none that can be used: then it asks for nothing. */
export function findDeclinedProject(flags: { readonly "no-project": boolean }): Project | undefined {
  if (!flags["no-project"]) return undefined;
  try {
    const file = findRunFile(process.cwd());
    return file === undefined ? undefined : parseRunFile(file.bytes);
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}

/** What the `vault.run.json` of this folder asks for; says so where there is one. @throws VaultError for a file that cannot be used. */
export function findProject(flags: { readonly "no-project": boolean }): Project | undefined {
  const folder = process.cwd();
  const file = flags["no-project"] ? undefined : findRunFile(folder);
  if (file === undefined) return undefined;
  const project = parseRunFile(file.bytes);
  note(projectLine(relative(folder, file.path), project));
  return project;
}

/** The file's text, for who reads it elsewhere. */
export function findProjectText(flags: { readonly "no-project": boolean }): string | undefined {
  const file = flags["no-project"] ? undefined : findRunFile(process.cwd());
  return file === undefined ? undefined : Buffer.from(file.bytes).toString("utf8");
}
