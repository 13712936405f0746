import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BUNDLED } from "../../src/providers/bundled.ts";
import { getProvider, listProviders } from "../../src/providers/registry.ts";
import { settleProvider } from "../../src/providers/settle.ts";
import { isReservedVariable } from "../../src/run/environment.ts";
import { findService, findServiceOfVariable, makeRegistry } from "../../src/services/registry.ts";
import { parseSource } from "../../src/vault/source.ts";
import { isValid } from "../support/json-schema.ts";
import { refusalCode } from "../support/refusal-code.ts";

const FOLDER = fileURLToPath(new URL("../../src/providers", import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && name !== "provider.schema.json");
const schema: unknown = JSON.parse(readFileSync(join(FOLDER, "provider.schema.json"), "utf8"));
const providers = listProviders();
const services = makeRegistry();

describe("the files", () => {
  it("are over forty, as docs/logins.md says, each in the list once, under its id", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(providers.map(({ id }) => `${id}.json`).sort()).toEqual([...files].sort());
    expect(BUNDLED.length).toBe(files.length);
  });

  it.each(files)("%s is as the schema says, and names it", (name) => {
    const entry = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as { $schema: string; id: string; hosts: string[] };
    expect(isValid(schema, entry)).toBe(true);
    expect(entry.$schema).toBe("./provider.schema.json");
    expect(entry.id).toBe(basename(name, ".json"));
    expect(entry.hosts).toEqual(entry.hosts.toSorted());
  });
});

describe("the providers", () => {
  it.each(providers)("$id has a service that is known, or says its hosts, or that only the user can", ({ service, hosts, variable }) => {
    expect(isReservedVariable(variable)).toBe(false);
    expect([service, undefined]).toContain(findServiceOfVariable(services, variable)?.id);
    if (service !== undefined) expect(findService(services, service)?.hosts).not.toEqual([]);
    for (const host of hosts) expect(host).toMatch(/^(?:\{base\}|(?:[a-z0-9-]+\.)+[a-z]{2,}:443)$/);
  });

  it.each(providers)("$id makes sources that a vault takes", (provider) => {
    const { id, endpoints, scopes } = settleProvider(provider, provider.base?.example);
    const source = { kind: "oauth2", ttl: null, failureTtl: 60, provider: id, issuer: null, tokenEndpoint: endpoints.token, revocationEndpoint: endpoints.revocation ?? null, clientId: "client", clientAuth: { kind: "none" }, scopes: [...scopes.usual].sort(), parameters: [] };
    // A version of the vault that makes no such values yet says so; it is not the form that it refuses.
    expect(refusalCode(() => parseSource(source, id)) ?? "newer-version").toBe("newer-version");
  });

  it.each(providers)("$id asks for a secret by Basic only where there is one, and for the browser's only where there is one", ({ client, flows }) => {
    if (client.from === "registration") return;
    if (client.secret === "none") expect(client.secretIn).toBe("post");
    if (client.secret === "browser") expect(flows).toEqual(expect.arrayContaining(["browser", "device"]));
  });

  it.each(providers)("$id checks a code challenge where no secret does", ({ client, flows, pkce }) => {
    const hasSecret = client.from === "user" && (client.secret === "always" || client.secret === "browser");
    if (flows.includes("browser") && !hasSecret) expect(pkce).toBe(true);
  });

  it("share no variable", () => {
    expect(new Set(providers.map(({ variable }) => variable)).size).toBe(providers.length);
  });

  it("are found by id", () => {
    expect(getProvider("github").endpoints.device).toBe("https://github.com/login/device/code");
    expect(() => getProvider("no-such")).toThrow(expect.objectContaining({ code: "not-found" }));
  });
});
