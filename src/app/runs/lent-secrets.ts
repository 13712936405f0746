// What a broker may put into a program's surroundings: nothing but what the run has asked it for. The broker is another machine, and may be in other hands.
import type { SessionAnswer, SessionOrder } from "../../broker/order.ts";
import { VaultError } from "../../errors.ts";
import { parseRunFile } from "../../project/run-file.ts";
import { utf8 } from "../../bytes.ts";
import { isReservedVariable } from "../../run/environment.ts";

/**
 * @returns the answer.
 * @throws VaultError `bad-schema` for a variable that nobody has asked for, one that the run or its program needs itself, or one that is given twice.
 */
export function requireAsked(answer: SessionAnswer, { selections, project }: Pick<SessionOrder, "selections" | "project">): SessionAnswer {
  const asked = askedPairs(selections, project);
  const taken = new Set<string>();
  for (const { variable, name } of answer.secrets) {
    const isAsked = asked === undefined ? variable === name : asked.has(pairOf(variable, name));
    if (!isAsked || isReservedVariable(variable)) throw new VaultError("bad-schema", `the broker would set the program's variable "${variable}", which this run has not asked for`, "see which broker this is: it may be in other hands");
    if (taken.has(variable)) throw new VaultError("bad-schema", `the broker would set the program's variable "${variable}" twice`);
    taken.add(variable);
  }
  return answer;
}

/** Undefined: each secret under its own name. */
function askedPairs(selections: SessionOrder["selections"], project: string | undefined): ReadonlySet<string> | undefined {
  if (selections !== undefined) return new Set(selections.map(({ variable, name }) => pairOf(variable, name)));
  const needs = project === undefined ? undefined : parseRunFile(utf8(project)).needs;
  return needs === undefined ? undefined : new Set(needs.map(({ variable, secret }) => pairOf(variable, secret)));
}

/** No name has a space in it. */
function pairOf(variable: string, name: string): string {
  return `${name} ${variable}`;
}
