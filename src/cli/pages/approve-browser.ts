// `vault approve --browser`: the page is there until the command is interrupted.
import { note } from "../output/terminal.ts";
import type { Shown } from "./approve-server.ts";
import { openApproveServer } from "./approve-server.ts";
import { openInBrowser } from "./browser.ts";

/** @throws VaultError `io`. */
export async function approveInBrowser(shown: Shown, signal: AbortSignal): Promise<void> {
  const server = await openApproveServer(shown);
  try {
    const link = await openInBrowser(server.url, process.env);
    try {
      if (link.isOpen) note(`a page in your browser shows what waits${process.stderr.isTTY ? `; if it does not: ${server.url}` : ""}; Ctrl-C ends it`);
      else note(`open this page, which shows what waits: ${server.url}`);
      await new Promise<void>((resolve) => { signal.addEventListener("abort", () => { resolve(); }, { once: true }); });
    } finally {
      link.close();
    }
  } finally {
    server.close();
  }
}
