// A value that is entered in a browser: nothing that reads this terminal, an agent that has started the command say, sees it.
import type { Secret } from "../../secret.ts";
import { openInBrowser } from "./browser.ts";
import { note } from "../output/terminal.ts";
import type { EntryDetails } from "./value-entry.ts";
import { openValueEntry } from "./value-entry.ts";

/** @throws VaultError `usage` where nothing was entered in two minutes, or the user has given up (Ctrl-C); `io`. */
export async function askInBrowser(details: EntryDetails): Promise<Secret> {
  const entry = await openValueEntry(details);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, entry.close);
  try {
    const link = await openInBrowser(entry.url, process.env);
    try {
      // A terminal is read by who sits there. What goes into a file stays there, though the link is good for one value and two minutes only.
      if (link.isOpen) note(`a page in your browser asks for the value of ${details.name}${process.stderr.isTTY ? `; if it does not: ${entry.url}` : ""}`);
      else note(`open this page within two minutes, and enter the value of ${details.name} there: ${entry.url}`);
      return await entry.value;
    } finally {
      link.close();
    }
  } finally {
    for (const signal of signals) process.off(signal, entry.close);
    entry.close();
  }
}
