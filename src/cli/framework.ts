// What the command framework does itself: help, versions, other names of commands, and mistakes.
import { run } from "@oclif/core";
import { findCommandMistake } from "./completion/command-names.ts";
import type { CommandClass } from "./main.ts";
import { makeConfig } from "./main.ts";
import { forgiveReaders, requireAnswered } from "./output/terminal.ts";

/** @param loadAll the commands, by their ids. @throws VaultError `usage` for a command that there is not. */
export async function runByFramework(loadAll: () => Promise<Readonly<Record<string, CommandClass>>>, argv: readonly string[]): Promise<unknown> {
  const mistake = findCommandMistake(Object.entries(await loadAll()).flatMap(([name, { aliases }]) => [name, ...aliases]), argv);
  if (mistake !== undefined) throw mistake;
  const config = makeConfig();
  await config.load();
  forgiveReaders();
  try {
    return await run([...argv], config);
  } finally {
    requireAnswered();
  }
}
