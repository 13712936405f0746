// An agent writes to its own folder in the home, where its login and history are. Settings name programs there that start outside as well, at the next prompt or the next question: they are exchanged.
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

/** By agent: files that are there, and what starts others. */
const SETTINGS: readonly (readonly [agent: string, settings: string, text: string, named: readonly string[]])[] = [
  ["claude", ".claude/settings.json", '{"statusLine":{"type":"command","command":"bash ~/.claude/statusline-command.sh"},"hooks":{"Stop":[{"hooks":[{"command":"$HOME/.claude/scripts/stop.py --quiet"}]}]}}', [".claude/statusline-command.sh", ".claude/scripts/stop.py", ".claude/scripts/loaded.py"]],
  ["codex", ".codex/config.toml", 'notify = ["python3", "HOME/.codex/notify.py"]\n', [".codex/notify.py"]],
  ["gemini", ".bashrc", "alias ai='${HOME}/.gemini/start'\n", [".gemini/start"]],
];
const SHELL = "/bin/sh";

story("what settings name there stays as it was, with what lies beside it, and all else is the agent's", (wall) => {
  for (const [agent, settings, text, named] of SETTINGS) {
    wall.put(settings, text.replaceAll("HOME/.codex", `${wall.home}/.codex`));
    for (const path of named) wall.put(path, "honest\n", 0o755);
    const program = wall.put(`programs/${agent}`, `#!${SHELL}\n${named.map((path) => `echo evil >"$HOME/${path}"; rm -f "$HOME/${path}"; mv "$HOME/${path}" "$HOME/${path}.old"`).join("\n")}\nmv ~/.claude/scripts ~/.claude/gone\necho mine >~/.${agent}/session\n`);
    chmodSync(program, 0o755);
    wall.vault(["run", "--sandbox", "--", program]);
    for (const path of named) expect(readFileSync(join(wall.home, path), "utf8"), path).toBe("honest\n");
    expect(readFileSync(join(wall.home, `.${agent}/session`), "utf8")).toBe("mine\n");
  }
  return Promise.resolve();
});

story("a folder of programs that an agent puts on the PATH, and a repository that it works with, are each run's own", (wall) => {
  const places = { codex: ".codex/tmp/arg0/codex-arg0-outside/git", opencode: ".local/share/opencode/snapshot/one/config", gemini: ".gemini/history/one/config" };
  for (const [agent, path] of Object.entries(places)) {
    wall.put(path, "honest\n");
    const program = wall.put(`programs/${agent}`, `#!${SHELL}\nmkdir -p "$(dirname ~/${path})"; echo evil >~/${path}; echo evil >~/${path}2\n`);
    chmodSync(program, 0o755);
    wall.vault(["run", "--sandbox", "--", program]);
    expect(readFileSync(join(wall.home, path), "utf8"), path).toBe("honest\n");
    expect(existsSync(join(wall.home, `${path}2`)), path).toBe(false);
  }
  return Promise.resolve();
});

story("variables, hooks and consents in what an agent replaces as a whole are not brought back", (wall) => {
  wall.put(".claude.json", '{"account":"me"}');
  const evil = { account: "you", env: { BASH_ENV: "/tmp/evil" }, apiKeyHelper: "evil", hooks: {}, statusLine: { command: "evil" }, bypassPermissionsModeAccepted: true, projects: { "/p": { lastCost: 1, enableAllProjectMcpServers: true, env: {} } } };
  const program = wall.put("programs/claude", `#!${SHELL}\necho '${JSON.stringify(evil)}' >~/.claude.json\n`);
  chmodSync(program, 0o755);
  wall.vault(["run", "--sandbox", "--", program]);
  expect(JSON.parse(readFileSync(join(wall.home, ".claude.json"), "utf8"))).toEqual({ account: "you", projects: { "/p": { lastCost: 1 } } });
  return Promise.resolve();
});
