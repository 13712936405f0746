import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readInputLines } from "../cli/input/stdin.ts";
import { answer } from "../cli/output/terminal.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { untilStopped } from "../cli/until-stopped.ts";
import { VaultCommand } from "../cli/vault-command.ts";

/** Each may ask an agent or a person. What comes beyond waits in the pipe. */
const WAITING_MAX = 64;

export default class Mcp extends VaultCommand {
  static override summary = "Serve agents over MCP: which secrets there are, why a request is refused, and ask their person";
  static override description = "A server of the Model Context Protocol on stdin and stdout, for a host that starts it. Its tools are list, explain and ask; none gives a value, and none changes anything. Needs no key. docs/skill.md leads through it.";
  static override examples = [{ description: "For Claude Code", command: "claude mcp add vault -- <%= config.bin %> mcp" }, { description: "One question, by hand", command: `echo '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' | <%= config.bin %> mcp` }];

  async run(): Promise<void> {
    await this.parse(Mcp);
    const [{ answerLine }, { INSTRUCTIONS, makeTools }] = await Promise.all([import("../cli/mcp/mcp-session.ts"), import("../cli/mcp/tools.ts")]);
    const { version } = JSON.parse(readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8")) as { readonly version: string };
    const server = { version, instructions: INSTRUCTIONS, tools: makeTools(makeSurroundings(undefined)) };
    await untilStopped(async (signal) => {
      // A person who is asked takes a while, and other questions do not wait for that.
      const waiting = new Set<Promise<void>>();
      for await (const line of readInputLines(signal)) {
        const reply = answerLine(server, line).then((said) => { if (said !== undefined) answer(said); }).finally(() => waiting.delete(reply));
        waiting.add(reply);
        if (waiting.size >= WAITING_MAX) await Promise.race(waiting);
      }
      if (!signal.aborted) await Promise.all(waiting);
    });
  }
}
