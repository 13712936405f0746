// What deploy/ holds, for the tests that judge it.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const DEPLOY = join(ROOT, "deploy");

/** Each file's path below deploy/. */
export function listDeployFiles(): string[] {
  return readdirSync(DEPLOY, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(DEPLOY.length + 1)).filter((path) => !path.includes("/secrets/")).sort();
}

export function readDeployFile(path: string): string {
  return readFileSync(join(DEPLOY, path), "utf8");
}

/** The documents of a YAML file, by the rules of YAML 1.1, as Go's and Python's readers of such files have them (0440 is octal). @throws for what is no YAML, and for a key that stands twice. */
export function readYaml(path: string): unknown {
  return parseAllDocuments(readDeployFile(path), { version: "1.1", merge: false }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as unknown;
  });
}
