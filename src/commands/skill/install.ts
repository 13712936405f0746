import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { Args, Flags } from "@oclif/core";
import { getSkilledAgent, installSkill, SKILLED_AGENTS } from "../../app/skills/install-skill.ts";
import { VaultCommand } from "../../cli/vault-command.ts";

export default class SkillInstall extends VaultCommand {
  static override summary = "Teach a coding agent what to do when it needs a key";
  static override description = "Puts one file, SKILL.md, where the agent looks for skills: in your home folder, or with --project in this folder, for all who work there. The agent reads it when a key is missing or a request was refused. It holds words, and no permission.";
  static override examples = ["<%= config.bin %> skill install claude", { description: "For all who work in this repository", command: "<%= config.bin %> skill install codex --project" }];
  static override args = { agent: Args.string({ required: true, ignoreStdin: true, options: SKILLED_AGENTS, description: "the agent" }) };
  static override flags = {
    project: Flags.boolean({ description: "in this folder, and not in your home folder" }),
    replace: Flags.boolean({ description: "put this version's text in the place of another" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SkillInstall);
    const text = new Uint8Array(readFileSync(fileURLToPath(new URL("../skills/vault/SKILL.md", import.meta.url))));
    const { path, outcome } = installSkill(text, { agent: getSkilledAgent(args.agent), folder: flags.project ? process.cwd() : homedir(), isProject: flags.project, replaces: flags.replace });
    this.answer(flags.json, { agent: args.agent, file: path, outcome }, [`${outcome}: ${path}`]);
  }
}
