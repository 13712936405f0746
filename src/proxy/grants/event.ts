// What the audit log hears from the proxy: ids, hosts, names of secrets, codes. Never a value, placeholder, token, path, query or body of a request; a rule's pattern is its owner's.
import type { RefusalCode } from "./refusal.ts";

/** Of a request that a rule has somebody asked for. `rules` with the secrets' names: `TOKEN: ask DELETE /**`. */
type Asked = {
  readonly request: string;
  readonly authority: string;
  readonly method: string;
  readonly secrets: readonly string[];
  readonly rules: readonly string[];
};

/** Where a placeholder stood without acting. */
export type InertSpot = "header" | "target" | "body";

/**
 * `request` is the id that a refusal shows to the child as well. `authority` is `host:port`; null where none could be read. `text` is what the child was told, and `remedy` what only the person is told. `count`: so many more requests without the run's token, of which this was the last.
 * These are types, not interfaces, so that each is a plain record to the audit log.
 */
export type ProxyEvent =
  /** `rules`: those that let it through, such as `TOKEN: allow GET /**`. */
  | { readonly kind: "substituted"; readonly request: string; readonly authority: string; readonly method: string; readonly secrets: readonly string[]; readonly rules?: readonly string[] }
  /** The request that these were put into never left: no connection came about, or the child hung up before one did. */
  | { readonly kind: "unsent"; readonly request: string; readonly authority: string; readonly method: string; readonly secrets: readonly string[] }
  | { readonly kind: "inert"; readonly request: string; readonly authority: string; readonly method: string; readonly secrets: readonly string[]; readonly spot: InertSpot }
  | { readonly kind: "refused"; readonly request: string; readonly authority: string | null; readonly method: string | null; readonly secrets: readonly string[]; readonly code: RefusalCode; readonly text: string; readonly remedy?: string | undefined; readonly count?: number }
  /** A person is being asked, by these rules, and it waits. */
  | ({ readonly kind: "held" } & Asked)
  /** `by`: through a command, a page, the run's terminal, or an approval that stands. `extent`: for once, the run, a time, the rule. */
  | ({ readonly kind: "approved"; readonly by: string; readonly extent: string } & Asked)
  | ({ readonly kind: "denied"; readonly by: string } & Asked)
  /** Nobody has answered in time, or there was nobody to. */
  | ({ readonly kind: "unanswered" } & Asked)
  /** A value came back in an answer, and the child got the placeholder. */
  | { readonly kind: "scrubbed"; readonly request: string; readonly authority: string; readonly method: string; readonly secrets: readonly string[] }
  | { readonly kind: "tunnelled"; readonly request: string; readonly authority: string };
