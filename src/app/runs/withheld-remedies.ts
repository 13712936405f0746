// What explains a request to a program in a run names no command that would allow it: the program would type it. It is told to ask, as by a refusal.
import type { Refusal } from "../../proxy/grants/refusal.ts";
import type { Explanation, SecretFate } from "./explain.ts";

export function withoutRemedies(explanation: Explanation): Explanation {
  return { ...explanation, route: withhold(explanation.route), secrets: explanation.secrets.map(withholdOfSecret) };
}

function withholdOfSecret(fate: SecretFate): SecretFate {
  const { places, rules, elsewhere } = fate;
  return { ...fate, places: new Map([...places].map(([place, its]) => [place, withhold(its)])), rules: rules && withhold(rules), elsewhere: elsewhere && askInstead(elsewhere) };
}

function withhold<T extends { readonly kind: string; readonly refusal?: Refusal }>(fate: T): T {
  return fate.refusal === undefined ? fate : { ...fate, refusal: askInstead(fate.refusal) };
}

function askInstead(refusal: Refusal): Refusal {
  return refusal.remedy === undefined ? refusal : { ...refusal, text: `${refusal.text}; ask the person who started this run`, remedy: undefined };
}
