import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { whyNoKeyIn } from "../../src/proxy/grants/credential-header.ts";
import { isReservedVariable } from "../../src/run/environment.ts";
import { doMeet } from "../../src/services/admission.ts";
import { BUNDLED } from "../../src/services/bundled.ts";
import { isOwnHost, placesOf } from "../../src/services/entry.ts";
import { registeredName, skeletonOf } from "../../src/services/look-alike.ts";
import { findService, findServiceOfVariable, getService, makeRegistry } from "../../src/services/registry.ts";
import { findCanonicalBinding } from "../../src/vault/host.ts";
import { literalEnd, literalStart } from "../../src/vault/placeholder-template.ts";
import { isValid } from "../support/json-schema.ts";

const FOLDER = fileURLToPath(new URL("../../src/services", import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && name !== "service.schema.json");
const schema: unknown = JSON.parse(readFileSync(join(FOLDER, "service.schema.json"), "utf8"));
const registry = makeRegistry();
const { services } = registry;
const bindingsOf = (hosts: readonly string[]) => hosts.map((host) => findCanonicalBinding(host)!);

describe("the files", () => {
  it("are over two hundred, as docs/services.md says, each in the list once, under its id", () => {
    expect(files.length).toBeGreaterThan(200);
    expect(services.map(({ id }) => `${id}.json`).sort()).toEqual([...files].sort());
    expect(BUNDLED.length).toBe(files.length);
  });

  it.each(files)("%s is as the schema says, and names it", (name) => {
    const entry = JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as { $schema: string; id: string; hosts?: string[] };
    expect(isValid(schema, entry)).toBe(true);
    expect(entry.$schema).toBe("./service.schema.json");
    expect(entry.id).toBe(basename(name, ".json"));
    expect(entry.hosts).toEqual(entry.hosts?.toSorted());
  });
});

describe("the services", () => {
  it.each(services)("$id names exact hosts, over TLS's port, in plain ASCII", ({ hosts }) => {
    for (const binding of bindingsOf(hosts)) {
      expect(binding).toMatchObject({ wildcard: false, port: 443 });
      expect(binding.host).not.toMatch(/xn--|^[0-9.]+$|:/);
      expect(binding.host).toMatch(/\.[a-z]{2,}$/);
    }
  });

  it.each(services)("$id puts its key where the proxy lets one act", ({ credentials }) => {
    // A WebSocket's handshake from a browser has no other place for a key.
    for (const credential of credentials) if (credential.place === "header" && credential.header !== "sec-websocket-protocol") expect(whyNoKeyIn(credential.header)).toBeUndefined();
    expect(placesOf({ ...services[0]!, credentials })).toEqual(expect.arrayContaining(credentials.map(({ place }) => place)));
  });

  it.each(services)("$id has variables that a run may set", ({ variables }) => {
    expect(variables.filter(isReservedVariable)).toEqual([]);
    for (const variable of variables) expect(variable).toMatch(/^(?:[A-Z][A-Z0-9_]+|TF_TOKEN_[a-z_]+)$/);
  });

  it.each(services)("$id's placeholders each have a beginning or an end of their own", ({ placeholders }) => {
    expect(new Set(placeholders.map((form) => `${literalStart(form)} ${literalEnd(form)}`)).size).toBe(placeholders.length);
  });

  it("share no id and no variable", () => {
    for (const list of [services.map(({ id }) => id), services.flatMap(({ variables }) => variables)]) expect(new Set(list).size).toBe(list.length);
  });

  it.each(services.filter(({ ownHosts }) => ownHosts.length > 0))("$id names whole names below which customers have hosts, and no other service's", ({ id, ownHosts }) => {
    for (const domain of ownHosts) expect(domain).toMatch(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/);
    expect(services.filter((other) => other.id !== id && (other.hosts.some((host) => isOwnHost({ ownHosts }, host)) || other.ownHosts.some((known) => ownHosts.some((domain) => `.${known}`.endsWith(`.${domain}`))))).map((other) => other.id)).toEqual([]);
  });

  it("share a host only where one of the two says so, and say so only where they do", () => {
    const meeting = services.flatMap((a) => services.filter((b) => a.id < b.id && bindingsOf(a.hosts).some((left) => bindingsOf(b.hosts).some((right) => doMeet(left, right)))).map((b) => [a.id, b.id].join(" ")));
    const said = services.flatMap(({ id, sharesHostsWith }) => sharesHostsWith.map((other) => [id, other].sort().join(" ")));
    expect(meeting).toEqual(said.sort());
  });

  it("have no host that looks like another", () => {
    const names = [...new Set(services.flatMap(({ hosts, ownHosts }) => [...bindingsOf(hosts).map(({ host }) => host), ...ownHosts].map(registeredName)))];
    const skeletons = names.map(skeletonOf);
    expect(names.filter((_, index) => skeletons.indexOf(skeletons[index]!) !== index)).toEqual([]);
  });

  it("are found by id and by variable", () => {
    expect(findService(registry, "openai")?.hosts).toEqual(["api.openai.com:443"]);
    expect(findServiceOfVariable(registry, "GH_TOKEN")?.id).toBe("github");
    expect(findServiceOfVariable(registry, "gh_token")).toBeUndefined();
    const named = { CODEX_API_KEY: "openai", CLAUDE_CODE_OAUTH_TOKEN: "anthropic", ANTHROPIC_AUTH_TOKEN: "anthropic", GOOGLE_API_KEY: "google-gemini", GOOGLE_GENERATIVE_AI_API_KEY: "google-gemini", COPILOT_GITHUB_TOKEN: "github-copilot", TF_TOKEN_app_terraform_io: "terraform", SLACK_APP_TOKEN: "slack", SLACK_USER_TOKEN: "slack", SUPABASE_SERVICE_ROLE_KEY: "supabase-project", SUPABASE_ANON_KEY: "supabase-project", SUPABASE_ACCESS_TOKEN: "supabase", AZURE_OPENAI_API_KEY: "azure-openai", AWS_BEARER_TOKEN_BEDROCK: "aws-bedrock" };
    expect(Object.fromEntries(Object.keys(named).map((name) => [name, findServiceOfVariable(registry, name)?.id]))).toEqual(named);
    expect(() => getService(registry, "no-such")).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  it("of the user's own take no id and no variable that comes with the program", () => {
    const [openai] = services.filter(({ id }) => id === "openai");
    const evil = { ...openai!, hosts: ["api.evil.example:443"] };
    for (const own of [evil, { ...evil, id: "other" }]) {
      const joined = makeRegistry([own]);
      expect(findServiceOfVariable(joined, "OPENAI_API_KEY")).toMatchObject({ id: "openai", hosts: ["api.openai.com:443"], isOwn: false });
      expect(joined.services.length).toBe(services.length);
    }
    expect(findServiceOfVariable(makeRegistry([{ ...evil, id: "other", variables: ["OTHER_KEY"] }]), "OTHER_KEY")).toMatchObject({ id: "other", isOwn: true });
  });
});
