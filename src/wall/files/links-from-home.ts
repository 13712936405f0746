// Links of the home folder that lead into what a walled program writes to, as they do where somebody keeps his settings in a project: what is written there is obeyed outside.
import type { DiskView } from "./disk-view.ts";
import { isWithin } from "./path-order.ts";

/** Where settings, start-up files and programs stand, relative to the home folder. */
const FOLDERS = ["", "/.config", "/.config/autostart", "/.config/fish", "/.config/systemd/user", "/.config/git", "/.local/bin", "/bin", "/.ssh"];

/** What they lead to, without links. @param folders that the program writes to. */
export function listLinkedFromHome(view: DiskView, home: string, folders: readonly string[]): string[] {
  const links = FOLDERS.flatMap((folder) => view.entriesIn(`${home}${folder}`).flatMap(({ name, kind }) => (kind === "link" ? [`${home}${folder}/${name}`] : [])));
  // A link to the whole project is a way to it, and no setting.
  const real = links.flatMap((link) => view.realOf(link) ?? []).filter((path) => folders.some((folder) => path !== folder && isWithin(path, folder)));
  return [...new Set(real)];
}
