// What an import did with each name; never a value.
import { describeLocalUse } from "../../app/secrets/local-credential.ts";
import type { Outcome } from "../../app/imports/import-secrets.ts";

export function outcomeObject(outcome: Outcome): Record<string, unknown> {
  switch (outcome.kind) {
    case "imported":
      return { name: outcome.name, outcome: outcome.kind, service: outcome.service ?? null, hosts: outcome.hosts };
    case "unchanged":
      return { name: outcome.name, outcome: outcome.kind };
    case "skipped":
      return { name: outcome.name, outcome: outcome.kind, reason: outcome.reason };
  }
}

/** Whether the user has to do something about it: all that stays in the file, but what was to stay. */
export function isLeftOver(outcome: Outcome): boolean {
  return outcome.kind === "skipped" && outcome.reason !== "asked" && outcome.reason !== "kept";
}

export function outcomeLines(outcomes: readonly Outcome[]): string[] {
  const width = outcomes.reduce((longest, { name }) => Math.max(longest, name.length), 0);
  const count = (kind: Outcome["kind"]): number => outcomes.filter((outcome) => outcome.kind === kind).length;
  return [
    ...outcomes.map((outcome) => `${outcome.name.padEnd(width)}  ${describe(outcome)}`),
    `imported ${count("imported")}, unchanged ${count("unchanged")}, skipped ${count("skipped")}`,
  ];
}

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case "imported":
      return `imported for ${outcome.service === undefined ? "" : `${outcome.service}: `}${outcome.hosts.join(" ")}`;
    case "unchanged":
      return "unchanged: the vault had this value already";
    case "skipped":
      return `skipped: ${whySkipped(outcome)}`;
  }
}

function whySkipped({ name, reason }: Extract<Outcome, { kind: "skipped" }>): string {
  switch (reason) {
    case "unknown":
      return `no service is known by this name; --host ${name}=HOST says where it may go, --skip ${name} leaves it`;
    case "connection":
    case "signing":
    case "private-key":
    case "service-account":
    case "aws-signing":
      return `it ${describeLocalUse(reason)}; vault run --dotenv FILE --expose ${name} gives it to the program as it is, --skip ${name} leaves it`;
    case "own-host":
      return `each customer of its service has a host; --host ${name}=HOST says which is yours, --skip ${name} leaves it`;
    case "empty":
      return "it has no value";
    case "kept":
      return "its value went into the vault before";
    case "reserved":
      return "programs need this variable themselves, or it is no name for a secret";
    case "not-storable":
      return "no header may carry its value, which has a line break in it, or is too long; vault secrets create … --inject body takes it";
    case "exists":
      return `the vault has another value; vault secrets rotate ${name} replaces it`;
    case "asked":
      return "as you said";
  }
}
