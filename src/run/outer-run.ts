// A run inside another: a tool that an agent starts by `vault run` while the agent is itself in a run. The inner one begins with what the outer one has put into the environment taken out again, so that
// each stands for itself: a proxy that looks into requests to bound hosts would have to be trusted by the inner run's own, and whom that trusts is no variable's to say. Pure.
import { delimiter } from "node:path";
import { KUBE_VARIABLE } from "./clients/kube-config.ts";
import { withoutPreload } from "./clients/node-options.ts";
import { PHP_VARIABLE } from "./clients/php-ini.ts";
import { isRunProxy } from "./clients/proxy-variables.ts";
import { PYTHON_VARIABLE } from "./clients/python-site.ts";
import { FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE, TRUST_VARIABLES } from "./clients/trust-variables.ts";
import { WGETRC_VARIABLE } from "./clients/wgetrc.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const IN_A_RUN = /[/\\]run-[0-9]+-[0-9a-f]{16}(?:[/\\]|$)/;
/** What may lead to a file of a run's, alone or in a list of paths. */
const PATHS = new Set<string>([...TRUST_VARIABLES, ...FURTHER_TRUST_VARIABLES, TRUST_FOLDER_VARIABLE, WGETRC_VARIABLE, PYTHON_VARIABLE, PHP_VARIABLE, KUBE_VARIABLE]);

/** What was there without the outer run. @returns undefined where there is none, or nothing that tells of one. */
export function leaveOuterRun(variables: Variables): Variables | undefined {
  const kept = Object.entries(variables).map(([name, value = ""]) => [name, value, keep(name, value)] as const);
  if (kept.every(([, value, rest]) => value === rest)) return undefined;
  return Object.fromEntries(kept.flatMap(([name, value, rest]) => (rest === "" && value !== "" ? [] : [[name, rest]])));
}

function keep(name: string, value: string): string {
  if (isRunProxy(value)) return "";
  if (name === "NODE_OPTIONS") return withoutPreload(value);
  if (!PATHS.has(name) || !IN_A_RUN.test(value)) return value;
  return value.split(delimiter).filter((path) => !IN_A_RUN.test(path)).join(delimiter);
}
