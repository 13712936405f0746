// The table of providers in docs/logins.md, as it follows from their files.
import { describeFlows, describeNeeds } from "../../src/cli/output/provider-lines.ts";
import type { Provider } from "../../src/providers/entry.ts";
import { registeredRedirect } from "../../src/providers/redirect.ts";

const [BEGIN, END] = ["<!-- providers -->\n", "<!-- /providers -->"];
const RENEWED: Readonly<Record<Provider["refreshToken"], string>> = { rotates: "yes, each time by another refresh token", stays: "yes", none: "no: it lasts as it is" };

export function formatProviders(providers: readonly Provider[]): string {
  const rows = providers.map((provider) => row(provider.title, `\`${provider.id}\``, describeFlows(provider), describeNeeds(provider), howToMake(provider), `\`${provider.variable}\``, scopesOf(provider), RENEWED[provider.refreshToken], `[documentation](${provider.documentation})`));
  return [row("Provider", "`vault login`", "By", "You bring", "The client", "The secret", "Scopes, unless `--scope` says others", "Renewed", ""), row(...Array.from({ length: 9 }, () => "---")), ...rows, ""].join("\n");
}

export function findTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/logins.md has no ${BEGIN.trim()}`);
  return page.slice(begin + BEGIN.length, end);
}

/** @throws Error for a page without the markers. */
export function putTable(page: string, table: string): string {
  const old = findTable(page);
  return page.replace(`${BEGIN}${old}${END}`, () => `${BEGIN}${table}${END}`);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A page below the user's own server has no link. */
function howToMake({ client, base, flows, redirect }: Provider): string {
  if (client.from === "registration") return "registers itself";
  const page = client.page.replace("{base}", () => base?.url ?? "{base}");
  return `${page.startsWith("{base}") ? `At \`${page.replace("{base}", "https://YOUR-SERVER")}\`` : `[Make one](${page})`}: ${lowerFirst(client.advice)}${flows.includes("browser") ? ` Redirect: \`${registeredRedirect(redirect)}\`` : ""}`;
}

/** The sentence goes on; a name or an abbreviation stays. */
function lowerFirst(sentence: string): string {
  return /^An? /.test(sentence) ? `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}` : sentence;
}

function scopesOf({ scopes: { usual } }: Provider): string {
  return usual.length === 0 ? "what the client has" : usual.map((scope) => `\`${scope}\``).join(" ");
}
