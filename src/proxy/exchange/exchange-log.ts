// What one exchange tells the audit log: names and codes, for the same request id that a refusal shows to the child.
import type { ProxyEvent } from "../grants/event.ts";
import type { Grant } from "../grants/grant.ts";
import type { Inert } from "../judge/policy.ts";
import type { Refusal } from "../grants/refusal.ts";
import type { AskVerdict } from "../judge/run-gate.ts";

const NONE: readonly string[] = [];

/** What somebody is asked about: names of secrets, and the rules that ask. */
export interface Asked {
  readonly secrets: readonly string[];
  readonly rules: readonly string[];
}

export class ExchangeLog {
  readonly #enter: (event: ProxyEvent) => void;
  readonly #request: string;
  readonly #authority: string;
  readonly #method: string;
  /** Names of the secrets that the log says are in the request. */
  #promised: readonly string[] = NONE;

  constructor(enter: (event: ProxyEvent) => void, request: string, authority: string, method: string) {
    this.#enter = enter;
    this.#request = request;
    this.#authority = authority;
    this.#method = method;
  }

  /** @param rules that let it through. */
  substituted(grants: readonly Grant[], rules: readonly string[] = NONE): void {
    const secrets = namesOf(grants);
    this.#promised = this.#promised.length === 0 ? secrets : [...new Set([...this.#promised, ...secrets])];
    // Not by a spread, which costs each request a new hidden class.
    this.#enter(rules.length === 0
      ? { kind: "substituted", request: this.#request, authority: this.#authority, method: this.#method, secrets }
      : { kind: "substituted", request: this.#request, authority: this.#authority, method: this.#method, secrets, rules });
  }

  /** Somebody is being asked. */
  held(about: Asked): void {
    this.#enter({ kind: "held", request: this.#request, authority: this.#authority, method: this.#method, ...about });
  }

  answered(about: Asked, verdict: AskVerdict): void {
    const of = { request: this.#request, authority: this.#authority, method: this.#method, ...about };
    switch (verdict.kind) {
      case "allowed":
        this.#enter({ kind: "approved", ...of, by: verdict.by, extent: verdict.extent });
        return;
      case "denied":
        this.#enter({ kind: "denied", ...of, by: verdict.by });
        return;
      case "unanswered":
      case "crowded":
      case "ended":
        this.#enter({ kind: "unanswered", ...of });
    }
  }

  /** Takes back what `substituted` has told: nothing of the request has left. */
  unsent(): void {
    if (this.#promised.length > 0) this.#enter({ kind: "unsent", request: this.#request, authority: this.#authority, method: this.#method, secrets: [...this.#promised] });
    this.#promised = NONE;
  }

  inert(items: readonly Inert[]): void {
    for (const spot of new Set(items.map((item) => item.spot))) {
      const secrets = namesOf(items.filter((item) => item.spot === spot).map(({ grant }) => grant));
      this.#enter({ kind: "inert", request: this.#request, authority: this.#authority, method: this.#method, secrets, spot });
    }
  }

  refused({ secrets, code, text, remedy }: Refusal): void {
    this.#enter({ kind: "refused", request: this.#request, authority: this.#authority, method: this.#method, secrets, code, text, remedy });
  }

  /** @param secrets names. */
  scrubbed(secrets: Iterable<string>): void {
    this.#enter({ kind: "scrubbed", request: this.#request, authority: this.#authority, method: this.#method, secrets: [...secrets] });
  }
}

export function namesOf(grants: readonly Grant[]): string[] {
  const [only] = grants;
  return grants.length === 1 && only !== undefined ? [only.name] : [...new Set(grants.map(({ name }) => name))];
}
