import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Provider } from "../../src/providers/entry.ts";
import { listProviders } from "../../src/providers/registry.ts";

const { urls: found } = JSON.parse(readFileSync(fileURLToPath(new URL("./sources.json", import.meta.url)), "utf8")) as { readonly urls: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> };
const providers = listProviders();

/** All that a login or a person is led to by the file; the link to the provider's own documentation is where one reads on. */
function urlsOf({ endpoints: { authorization, token, device, revocation, registration }, account, resource, client, base }: Provider): string[] {
  const all = [authorization, token, device, revocation, registration, account?.url, resource, client.from === "user" ? client.page : undefined, base?.url];
  return [...new Set(all.flatMap((url) => url ?? []))];
}

/** Who says it: a package, a site or a repository. A quote of public code is its own. */
function publisherOf(source: string): string {
  return /^https:\/\/github\.com\/[^/]+\/[^/]+\//.exec(source)?.[0] ?? (source.startsWith("https://") ? new URL(source).host : source.startsWith("code: ") ? source : source.replace(/@[^@]*$/, ""));
}

describe("each URL of a provider's file", () => {
  it("is looked up: no provider without, and none that is gone", () => {
    expect(Object.keys(found)).toEqual(providers.map(({ id }) => id));
    for (const provider of providers) expect(Object.keys(found[provider.id] ?? {}).sort()).toEqual(urlsOf(provider).sort());
  });

  it.each(providers.flatMap((provider) => urlsOf(provider).map((url) => ({ id: provider.id, url }))))("$url of $id was found in two places of different people", ({ id, url }) => {
    const sources = found[id]?.[url] ?? [];
    for (const source of sources) expect(source).toMatch(/^(?:(?:npm|pypi|go):\S+@v?[0-9.]+ \S+(?: \(.+\))?|https:\/\/\S+|code: .+)$/);
    expect(new Set(sources.map(publisherOf)).size).toBeGreaterThanOrEqual(2);
  });

  it.each(Object.entries(found).flatMap(([id, urls]) => Object.entries(urls).flatMap(([url, sources]) => sources.filter((source) => source.startsWith("code: ")).map((source) => ({ id, url, source })))))("$id: the code that is quoted says $url", ({ url, source }) => {
    const said = url.replace(/^\{base\}|^https:\/\//, "").replace(/\/$/, "");
    expect(source.includes(said) || (url.startsWith("{base}/v1/") && source.includes(`/oauth2${said}`))).toBe(true);
  });
});
