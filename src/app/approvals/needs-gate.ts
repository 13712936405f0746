import type { Grant } from "../../proxy/grants/grant.ts";

/** Whether any of them has a rule for which somebody has to be there from the start: a person is asked, or uses are counted. */
export function needsGate(grants: readonly Grant[]): boolean {
  return grants.some(({ rules }) => rules?.layers.some(({ rules: { ask, rate, uses } }) => ask.length > 0 || rate !== null || uses !== null) === true);
}
