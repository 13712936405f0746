// What a shell, an editor or the desktop reads when it starts is run outside, the next time. The program writes all of it, also where there was nothing yet.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

const FILES = [".bashrc", ".profile", ".bash_profile", ".zshrc", ".zshenv", ".inputrc", ".vimrc", ".gitconfig", ".config/git/config", ".config/fish/config.fish", ".config/autostart/evil.desktop", ".config/systemd/user/evil.service", ".config/systemd/user/default.target.wants/evil.service", ".config/environment.d/evil.conf", ".local/share/systemd/user/evil.service", ".local/bin/git", "bin/git", ".ssh/config", ".ssh/authorized_keys", ".pam_environment", ".xinitrc", ".config/direnv/direnvrc", ".npmrc", ".config/pip/pip.conf", ".pythonrc.py", ".gdbinit", ".tmux.conf"];
const THERE = [".bashrc", ".gitconfig", ".config/systemd/user/mine.service", ".local/bin/mine"];

story("nothing that starts later is written", async (wall) => {
  for (const file of THERE) wall.put(file, "as it was\n", 0o755);
  const script = [...FILES, ...THERE].map((file) => `mkdir -p "$(dirname ~/${file})"; echo evil >>~/${file}`).join("; ");
  const { said } = await wall.run(`${script}; rm -rf ~/.bashrc ~/.config/systemd; mv ~/.local ~/.local-old; echo tried`);
  expect(said).toContain("tried\n");
  for (const file of THERE) expect([file, readFileSync(join(wall.home, file), "utf8")]).toEqual([file, "as it was\n"]);
  expect(FILES.filter((file) => !THERE.includes(file) && existsSync(join(wall.home, file)))).toEqual([]);
}, ["an ordinary user", "root"]);
