// How an explanation is shown: one line for the connection, and for each secret what would become of it in each place.
import type { Explanation, PlaceFate, RouteFate, RuleFate, SecretFate } from "../../app/runs/explain.ts";
import { tellAll } from "../../app/runs/told-refusal.ts";
import { formatAuthority } from "../../vault/host.ts";

export function explanationObject({ scheme, method, authority, route, secrets }: Explanation): Record<string, unknown> {
  return {
    scheme,
    method,
    host: formatAuthority(authority),
    route: route.kind === "refused" ? { kind: route.kind, ...refusalObject(route) } : { kind: route.kind },
    secrets: secrets.map(({ name, takes, places, rules, elsewhere }) => ({
      name,
      takes,
      places: Object.fromEntries([...places].map(([place, fate]) => [place, fateObject(fate)])),
      rules: rules === undefined ? null : ruleObject(rules),
      elsewhere: elsewhere === undefined ? null : tellAll(elsewhere),
    })),
  };
}

export function explanationLines({ authority, method, scheme, route, secrets }: Explanation): string[] {
  const lines = [`${method} ${scheme}://${formatAuthority(authority)}: ${describeRoute(route)}`];
  if (route.kind !== "refused" && secrets.length === 0) lines.push("no secret is visible here");
  return [...lines, ...secrets.flatMap(secretLines)];
}

function describeRoute(route: RouteFate): string {
  switch (route.kind) {
    case "intercepted":
      return route.isBound ? "read by the proxy, since a secret is bound to this host" : "read by the proxy, since tokens of a secret come from this host";
    case "tunnelled":
      return "tunnelled blind, since no secret is bound to this host";
    case "plain":
      return "passed on unencrypted, and never with a secret";
    case "refused":
      return `refused (${route.refusal.code}): ${tellAll(route.refusal)}`;
  }
}

/** Places that share a fate share a line. */
function secretLines({ name, takes, places, rules, elsewhere }: SecretFate): string[] {
  const byFate = new Map<string, string[]>();
  let isExplained = false;
  for (const [place, fate] of places) {
    // Said once, for all of them.
    if (rules?.kind === "refused" && fate.kind === "substituted") continue;
    isExplained ||= fate.kind === "refused";
    const text = describeFate(fate);
    byFate.set(text, [...(byFate.get(text) ?? []), place]);
  }
  const lines = [...byFate].map(([text, shared]) => `  ${shared.join(", ")}: ${text}`);
  return [name, ...(rules === undefined ? [] : [`  rules: ${describeRules(rules)}`]), ...lines, ...(takes.length === 0 ? [] : [`  its service takes it ${takes.join(" or ")}`]), ...(elsewhere === undefined || isExplained ? [] : [`  ${tellAll(elsewhere)}`])];
}

function describeRules(fate: RuleFate): string {
  switch (fate.kind) {
    case "passed":
      return [`let through${fate.by.length === 0 ? "" : ` by ${fate.by.map((rule) => rule.replace(/^[^:]*: /, "")).join(", ")}`}`, ...fate.gates.map((gate) => (gate.startsWith("ask ") ? "a person is asked first" : `counted (${gate})`))].join("; ");
    case "by-body":
      return "by what is in its body";
    case "refused":
      return `refused (${fate.refusal.code}): ${tellAll(fate.refusal)}`;
  }
}

function ruleObject(fate: RuleFate): Record<string, unknown> {
  return fate.kind === "refused" ? { kind: fate.kind, ...refusalObject(fate) } : { ...fate };
}

function describeFate(fate: PlaceFate): string {
  switch (fate.kind) {
    case "substituted":
      return "the value is put in";
    case "inert":
      return "passed on as the placeholder, which is worth nothing";
    case "refused":
      return `refused (${fate.refusal.code}): ${tellAll(fate.refusal)}`;
  }
}

function fateObject(fate: PlaceFate): Record<string, unknown> {
  return fate.kind === "refused" ? { kind: fate.kind, ...refusalObject(fate) } : { kind: fate.kind };
}

function refusalObject({ refusal }: Pick<Extract<PlaceFate, { readonly kind: "refused" }>, "refusal">): Record<string, unknown> {
  return { code: refusal.code, status: refusal.status, text: refusal.text, remedy: refusal.remedy ?? null };
}
