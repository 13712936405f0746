import { VaultError } from "../../errors.ts";
import { parseHosts } from "./binding-flags.ts";
import { askLine, note } from "../output/terminal.ts";

/** Stdin can be read once, and cannot be put anew. @throws VaultError `usage`. */
export function requireFile(file: string, deleteSource: boolean, passphraseFile: string | undefined): void {
  if (file !== "-") return;
  if (deleteSource) throw new VaultError("usage", "--delete-source needs a file, and stdin is none", "name the file, or leave --delete-source out");
  if (passphraseFile === "-") throw new VaultError("usage", "stdin cannot hold both the file and the passphrase", "--passphrase-file FILE, or the variable VAULT_PASSPHRASE");
}

/** Canonical hosts by name, from words as `NAME=HOST`. @throws VaultError `usage`. */
export function parseHostsByName(words: readonly string[]): Map<string, readonly string[]> {
  const hosts = new Map<string, readonly string[]>();
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 1) throw new VaultError("usage", "--host takes NAME=HOST here", "--host BILLING_KEY=billing.example.com");
    const name = word.slice(0, at);
    hosts.set(name, [...(hosts.get(name) ?? []), ...parseHosts([word.slice(at + 1)])]);
  }
  return hosts;
}

/** Asks until the answer is hosts, or nothing. */
export async function askHosts(name: string): Promise<readonly string[] | undefined> {
  for (;;) {
    const typed = (await askLine(`Host for ${name} (several with commas; nothing to skip it):`)).trim();
    if (typed === "") return undefined;
    try {
      return parseHosts([typed]);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      note(error.message);
    }
  }
}
