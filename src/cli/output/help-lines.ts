// What `vault help` prints.
import type { HelpPage } from "./help-text.ts";
import { tableLines } from "./table.ts";

/** @param width of the terminal, in columns; undefined for none. */
export function topicLines(topics: readonly { readonly topic: string; readonly title: string }[], width: number | undefined): string[] {
  return [...tableLines([["TOPIC", ""], ...topics.map(({ topic, title }) => [topic, title])], width), "", "vault help TOPIC shows it, and vault help CODE what a refusal or an error means; vault --help lists the commands"];
}

/** @param isWhole a page to its end. */
export function helpLines(help: { readonly kind: "page"; readonly topic: string; readonly page: HelpPage } | { readonly kind: "code"; readonly sections: readonly string[] }, isWhole: boolean): string[] {
  if (help.kind === "code") return [help.sections.join("\n\n")];
  const { short, whole, sections } = help.page;
  if (isWhole || short === whole) return [whole];
  return [short, "", `also on this page: ${sections.join(", ")}`, `all of it: vault help ${help.topic} --all`];
}
