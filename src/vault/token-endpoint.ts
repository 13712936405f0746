// Which address gives out the tokens of a secret whose value is made.
import type { Source } from "./source.ts";

type Installation = Extract<Extract<Source, { readonly kind: "jwt-bearer" }>["exchange"], { readonly kind: "github-installation" }>;

/** Undefined for a source that asks no token endpoint. AWS gives out no token, but keys, and a run that signs with them may ask for none: see aws-signing.ts. */
export function tokenEndpointOf(source: Source): string | undefined {
  switch (source.kind) {
    case "oauth2":
    case "client-credentials":
      return source.tokenEndpoint;
    case "jwt-bearer":
      return source.exchange.kind === "none" ? undefined : source.exchange.kind === "token-endpoint" ? source.exchange.tokenEndpoint : installationUrl(source.exchange);
    case "aws-sts":
    case "command":
    case "reference":
    case "stored":
      return undefined;
  }
}

/** Of an installation of a GitHub App. */
export function installationUrl({ api, installation }: Pick<Installation, "api" | "installation">): string {
  return `${api.replace(/\/$/, "")}/app/installations/${installation}/access_tokens`;
}
