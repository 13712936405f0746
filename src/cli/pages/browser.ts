// Opens an address in the user's browser; one that holds a token, without showing it to the process list.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { desktopEnvironment } from "../../app/surroundings.ts";
import { html } from "./html.ts";

/** Openers hand the address over and end; one that goes on is a browser. */
const OPENER_MS = 3000;

type Variables = Readonly<Record<string, string | undefined>>;

export interface OpenedLink {
  /** False where there is no browser to be seen, or it could not be started. */
  readonly isOpen: boolean;
  close(): void;
}

/**
 * What stands in an opener's arguments every user of the machine can read, and an address may hold a token. So the opener gets the name of a private file (0600, in a folder 0700) that leads there.
 *
 * @param address of this program's own making.
 */
export async function openInBrowser(address: string, variables: Variables): Promise<OpenedLink> {
  const opener = findOpener(variables);
  if (opener === undefined) return { isOpen: false, close: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), "vault-link-"));
  const close = (): void => { rmSync(folder, { recursive: true, force: true }); };
  const file = join(folder, "open.html");
  writeFileSync(file, html`<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${address}"><title>vault</title>`.toString(), { flag: "wx", mode: 0o600 });
  const [program = "", ...args] = opener;
  return { isOpen: await startOpener(program, [...args, pathToFileURL(file).href]), close };
}

/** Whether there seems to be a browser here that this program can open, as `openAddress` does. */
export function hasBrowser(variables: Variables): boolean {
  return listOpeners(variables).length > 0;
}

/** Opens an address that everybody may see. @returns false where no browser could be started. */
export async function openAddress(address: string, variables: Variables): Promise<boolean> {
  for (const opener of listOpeners(variables)) {
    const [program = "", ...args] = opener.some((word) => word.includes("%s")) ? opener.map((word) => word.replaceAll("%s", () => address)) : [...opener, address];
    if (await startOpener(program, args)) return true;
  }
  return false;
}

/** What the user has named counts first: commands between colons, tried in turn, without a shell. On another machine than one sits at, nothing is opened that he did not name. */
function listOpeners(variables: Variables): readonly (readonly string[])[] {
  const named = process.platform === "win32" ? [] : (variables["BROWSER"] ?? "").split(":").map((command) => command.split(/\s+/).filter((word) => word !== "")).filter((words) => words.length > 0);
  const opener = process.platform === "darwin" && variables["SSH_CONNECTION"] !== undefined ? undefined : findOpener(variables);
  return opener === undefined ? named : [...named, opener];
}

function findOpener(variables: Variables): readonly string[] | undefined {
  if (process.platform === "darwin") return ["open"];
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  const hasScreen = [variables["DISPLAY"], variables["WAYLAND_DISPLAY"]].some((display) => display !== undefined && display !== "");
  return hasScreen ? ["xdg-open"] : undefined;
}

function startOpener(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "ignore", detached: true, env: desktopEnvironment() });
    const timer = setTimeout(() => { resolve(true); }, OPENER_MS);
    child.once("error", () => { clearTimeout(timer); resolve(false); });
    child.once("exit", (status) => { clearTimeout(timer); resolve(status === 0); });
    child.unref();
  });
}
