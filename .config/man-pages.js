// man/: a page for each command, and one for all of them, in the language of man(7), from oclif.manifest.json.
import { describeFlag, exampleOf, nameOf, spellFlag, spellUsage, visibleFlags } from "./reference.js";

/** No line of a text is taken for a request, and a dash is one that can be searched for. */
const escape = (text) => text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/gm, "\\&$1").replaceAll("…", "...");
const title = (name, version) => `.TH "${name.replaceAll(" ", "-").toUpperCase()}" "1" "" "vaultrun ${version}" "vault"`;
const verbatim = (text) => `.nf\n${escape(text)}\n.fi`;

function formatCommand(id, command, version) {
  const name = nameOf(id);
  const lines = [title(name, version), ".SH NAME", `${escape(name.replaceAll(" ", "-"))} \\- ${escape(command.summary ?? "")}`, ".SH SYNOPSIS", verbatim(spellUsage(id, command).join("\n"))];
  if (command.description !== undefined) lines.push(".SH DESCRIPTION", escape(command.description));
  const args = Object.values(command.args);
  if (args.length > 0) lines.push(".SH ARGUMENTS", ...args.flatMap(({ name: word, description = "" }) => [".TP", `.B ${escape(word.toUpperCase())}`, escape(description)]));
  lines.push(".SH FLAGS", ...visibleFlags(command).flatMap((flag) => [".TP", `.B ${escape(spellFlag(flag))}`, escape(describeFlag(flag))]));
  const examples = (command.examples ?? []).map(exampleOf);
  if (examples.length > 0) lines.push(".SH EXAMPLES", ...examples.flatMap(({ description, command: line }) => [".PP", ...(description === undefined ? [] : [`${escape(description)}:`, ".PP"]), verbatim(line)]));
  lines.push(".SH SEE ALSO", ".BR vault (1)");
  return `${lines.join("\n")}\n`;
}

function formatAll(ids, commands, version) {
  const lines = [title("vault", version), ".SH NAME", "vault \\- keeps API keys in an encrypted file, and runs programs that can use them without having them", ".SH SYNOPSIS", verbatim("vault COMMAND [ARGUMENTS] [FLAGS]\nvault run [FLAGS] -- CMD ARGS..."), ".SH COMMANDS"];
  for (const id of ids) lines.push(".TP", `.BR ${escape(nameOf(id).replaceAll(" ", "-"))} (1)`, escape(commands[id].summary ?? ""));
  return `${lines.join("\n")}\n`;
}

/** @returns texts by their paths below man. */
export function formatManPages(commands, version) {
  const ids = Object.keys(commands).sort();
  return Object.fromEntries([["vault.1", formatAll(ids, commands, version)], ...ids.map((id) => [`${nameOf(id).replaceAll(" ", "-")}.1`, formatCommand(id, commands[id], version)])]);
}
