import { Args, Flags } from "@oclif/core";
import { findProject, projectFlags } from "../cli/input/project-input.ts";
import { parseViewpoint, viewpointFlags } from "../cli/input/scope-flags.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { VaultCommand } from "../cli/vault-command.ts";

export default class Explain extends VaultCommand {
  static override summary = "Tell what a run would do with a request, without sending it";
  static override description = "For each secret and each place in the request: whether its value would be put in, or what would be refused and how to allow it. Inside a run, how to allow it is left out: that is for the person who started the run. Needs no key and looks no name up; whether a name leads to a private address shows when it is used.";
  static override examples = ["<%= config.bin %> explain GET https://api.github.com/user", "<%= config.bin %> explain POST https://api.example.com:8443/v1/items -s API_KEY --json"];
  static override args = {
    method: Args.string({ required: true, ignoreStdin: true, description: "GET, POST …" }),
    url: Args.string({ required: true, ignoreStdin: true, description: "the request's URL; its scheme, host and port decide, and where a secret has rules its path" }),
  };
  static override flags = {
    secret: Flags.string({ char: "s", description: "only this secret; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME" }),
    ...viewpointFlags,
    ...projectFlags,
    "deny-unmatched": Flags.boolean({ description: "as in a run with this flag" }),
    strict: Flags.boolean({ description: "as in a run with this flag" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain);
    // Only here: the proxy's rules would cost every other command their time.
    const [{ explain }, { explanationLines, explanationObject }] = await Promise.all([import("../app/runs/explain.ts"), import("../cli/output/explain-lines.ts")]);
    const explanation = await explain(makeSurroundings(undefined), {
      method: args.method.toUpperCase(),
      url: args.url,
      viewpoint: parseViewpoint(flags),
      names: flags.secret,
      project: findProject(flags),
      denyUnmatched: flags["deny-unmatched"],
      strict: flags.strict,
    });
    this.answer(flags.json, { ...explanationObject(explanation), verified: explanation.isVerified }, explanationLines(explanation));
  }
}
