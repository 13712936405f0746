// How providers of logins are shown.
import type { Provider } from "../../providers/entry.ts";
import { BASE } from "../../providers/entry.ts";
import { registeredRedirect } from "../../providers/redirect.ts";
import { listProviders } from "../../providers/registry.ts";
import { tableLines } from "./table.ts";

/** Each that is known, as JSON. */
export function providerObjects(): Record<string, unknown>[] {
  return listProviders().map(({ authorizationParameters, ...provider }) => ({ ...provider, authorizationParameters: Object.fromEntries(authorizationParameters.map(({ name, value }) => [name, value])), needs: describeNeeds(provider), redirectUri: provider.client.from === "user" && provider.flows.includes("browser") ? registeredRedirect(provider.redirect) : null }));
}

/** A table of all: what the user brings, and whom the token is for. @param width of the terminal, undefined where there is none. */
export function providerTable(width: number | undefined): string[] {
  return tableLines([["PROVIDER", "LOGIN BY", "YOU BRING", "SECRET", "FOR"], ...listProviders().map((provider) => [provider.id, describeFlows(provider), describeNeeds(provider), provider.variable, describeTarget(provider)])], width);
}

/** In plain words, what a login takes that only the user has. */
export function describeNeeds({ client, base }: Pick<Provider, "client" | "base">): string {
  const server = base !== undefined && base.url === undefined ? "your server's address" : "";
  return [server, describeClient(client)].filter((need) => need !== "").join(", ") || "nothing";
}

export function describeFlows({ flows }: Pick<Provider, "flows">): string {
  return flows.map((flow) => (flow === "browser" ? "browser" : "code")).join(", ");
}

function describeClient(client: Provider["client"]): string {
  if (client.from === "registration") return "";
  switch (client.secret) {
    case "none":
      return "client id";
    case "optional":
      return "client id, perhaps its secret";
    case "browser":
      return "client id, its secret for the browser";
    case "always":
      return "client id, its secret";
  }
}

/** The service whose key the token is; otherwise the hosts, of which JSON has all. */
function describeTarget({ service, hosts }: Pick<Provider, "service" | "hosts">): string {
  if (service !== undefined) return service;
  const [first, ...more] = hosts.map((host) => (host === BASE ? "your server" : host.replace(/:443$/, "")));
  if (first === undefined) return "what --host says";
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
