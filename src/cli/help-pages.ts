// The pages that come with the program, by topic: docs/*.md of the package.
import { readFileSync, readdirSync } from "node:fs";
import { findNearest } from "../app/secrets/nearest.ts";
import { VaultError, systemErrorCode } from "../errors.ts";
import type { HelpPage } from "./output/help-text.ts";
import { findCodeSections, listCodes, parseHelpPage } from "./output/help-text.ts";

// Of the bundle, which is one folder below the package.
const FOLDER = new URL("../docs/", import.meta.url);
const MESSAGES = "troubleshooting";

export interface Topic {
  readonly topic: string;
  readonly title: string;
}

export type Help = { readonly kind: "page"; readonly topic: string; readonly page: HelpPage } | { readonly kind: "code"; readonly topic: string; readonly sections: readonly string[] };

/** By name. @throws VaultError `io` where the package has lost its pages. */
export function listTopics(): Topic[] {
  return [...topicFiles()].map(([topic, file]) => ({ topic, title: parseHelpPage(read(file)).title })).sort((one, other) => (one.topic < other.topic ? -1 : 1));
}

/**
 * A page by its topic, or what is said of the code of a refusal or an error.
 *
 * @param commands names of commands, which are other words that somebody may mean. @throws VaultError `not-found`.
 */
export function findHelp(topic: string, commands: readonly string[]): Help {
  const files = topicFiles();
  const file = files.get(topic);
  if (file !== undefined) return { kind: "page", topic, page: parseHelpPage(read(file)) };
  const messages = read(files.get(MESSAGES) ?? "");
  const sections = findCodeSections(messages, /^[a-z-]+$/.test(topic) ? topic : "none");
  if (sections.length > 0) return { kind: "code", topic, sections };
  const meant = findNearest(topic, [...files.keys(), ...listCodes(messages), ...commands]);
  throw new VaultError("not-found", "there is no such topic", meant === undefined ? "to list them: vault help" : `did you mean: vault help ${meant}`);
}

function topicFiles(): Map<string, string> {
  return new Map(listFolder().filter((name) => name.endsWith(".md")).map((name) => [name.slice(0, -".md".length).toLowerCase(), name]));
}

function listFolder(): string[] {
  try {
    return readdirSync(FOLDER);
  } catch (error) {
    throw lost(error);
  }
}

function read(name: string): string {
  try {
    return readFileSync(new URL(name, FOLDER), "utf8");
  } catch (error) {
    throw lost(error);
  }
}

function lost(error: unknown): VaultError {
  return new VaultError("io", `the pages that come with vault cannot be read (${systemErrorCode(error) ?? "unknown"})`, "install the package anew");
}
