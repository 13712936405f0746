// Rules by a name, such as `read-only`: what each says of a service's requests stands with the service, and becomes rules of a secret when somebody asks for it.
import { VaultError } from "../errors.ts";
import * as json from "../vault/json-shape.ts";
import type { Rules } from "../vault/rules.ts";
import { NO_RULES, parseRules } from "../vault/rules.ts";

export interface Preset {
  /** What `--preset` calls it. */
  readonly name: string;
  /** What it lets through and what not, in a sentence or two. */
  readonly summary: string;
  /** Of these, `allow`, `deny` and `graphql` alone say something. */
  readonly rules: Rules;
}

const PRESETS_MAX = 16;
const SUMMARY_MAX = 240;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MEMBERS = ["summary", "allow", "deny", "graphql"];

/** @param value an object of presets by name. Lists of patterns need not be sorted in it. @throws VaultError `bad-schema`, `out-of-bounds`: the rules are as strict as those of a secret. */
export function parsePresets(value: unknown, what: string): Preset[] {
  const named = Object.entries(json.parseObject(value, `the presets of ${what}`));
  if (named.length > PRESETS_MAX) throw new VaultError("out-of-bounds", `the presets of ${what}: more than ${PRESETS_MAX}`);
  return named.map(([name, preset]) => parsePreset(name, preset, what)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function parsePreset(name: string, value: unknown, owner: string): Preset {
  if (!NAME.test(name)) throw new VaultError("bad-schema", `the presets of ${owner}: expected names of small letters, digits and -`);
  const what = `the preset "${name}" of ${owner}`;
  const preset = json.parseObject(value, what);
  if (Object.keys(preset).some((member) => !MEMBERS.includes(member))) throw new VaultError("bad-schema", `${what}: expected no members but ${MEMBERS.join(", ")}`);
  const { summary, allow = null, deny = [], graphql = null } = preset;
  if (Object.hasOwn(preset, "deny") && json.parseArray(deny, Number.MAX_SAFE_INTEGER, what).length === 0) throw new VaultError("bad-schema", `${what}: expected something in deny, or no deny`);
  const rules = parseRules({ ...NO_RULES, allow: sortList(allow), deny: sortList(deny), graphql }, what);
  return { name, summary: json.parseVisibleText(summary, SUMMARY_MAX, `the summary of ${what}`), rules: rules ?? NO_RULES };
}

/** The rules of a secret are sorted; who writes a preset groups what belongs together. */
function sortList(value: unknown): unknown {
  return Array.isArray(value) ? value.toSorted() : value;
}
