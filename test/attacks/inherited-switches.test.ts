// The environment that a run inherits says not to use a proxy, or not to check certificates: an agent's earlier work, a Dockerfile's leftovers, a tip from a
// forum. With `NO_PROXY=*` a placeholder would go past the proxy; with checks off, anybody on the way could pass for the proxy or the host. Such variables
// are overridden or removed with a word about it, the proxy itself heeds none of them, and what is harmless stays.
import { beforeAll, describe, expect, it } from "vitest";
import { openBuiltStage } from "../support/built-stage.ts";
import type { BuiltVault } from "../support/built-vault.ts";
import { openBuiltVault } from "../support/built-vault.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { hasTools } from "../support/transcript.ts";

const OFF: Readonly<Record<string, string>> = {
  NODE_TLS_REJECT_UNAUTHORIZED: "0",
  GIT_SSL_NO_VERIFY: "1",
  PYTHONHTTPSVERIFY: "0",
  npm_config_strict_ssl: "false",
  YARN_ENABLE_STRICT_SSL: "false",
  PIP_TRUSTED_HOST: "localhost",
  UV_INSECURE_HOST: "localhost",
  CONDA_SSL_VERIFY: "no",
  PERL_LWP_SSL_VERIFY_HOSTNAME: "0",
  BUNDLE_SSL_VERIFY_MODE: "none",
  CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION: "true",
  JULIA_SSL_NO_VERIFY_HOSTS: "**",
};
/** Whom to trust, as somebody left it. */
const STALE = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO", "DENO_CERT"];
/** Where to go instead, as somebody left it: for these we are the only proxy. */
const OTHER_WAYS = ["npm_config_proxy", "npm_config_https_proxy", "npm_config_http_proxy", "YARN_HTTPS_PROXY", "PIP_PROXY", "CARGO_HTTP_PROXY", "GLOBAL_AGENT_HTTPS_PROXY", "WSS_PROXY"];
const GONE = ["VAULT_PASSPHRASE", "VAULT_NEW_PASSPHRASE", "VAULT_TOKEN", "VAULT_ADDR"];

const { upstream, built } = await openBuiltStage(VALUE);
let inherited: ReadonlyMap<string, string>;
let said: string;
beforeAll(async () => {
  const left = { ...OFF, ...fill(STALE, "/no/such/bundle.pem"), ...fill(OTHER_WAYS, "http://evil.example.test:3128"), ...fill(GONE, "something"), NO_PROXY: "*", no_proxy: "localhost,.internal.example", ORDINARY: "stays", MY_COPY: VALUE };
  const run = built.run("env", left);
  await run.ended;
  said = run.output();
  inherited = new Map(said.split("\n").map((line): [string, string] => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
});

function fill(names: readonly string[], value: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

describe("of what was inherited, the program does not get", () => {
  it.each(Object.keys(OFF))("%s, and is told", (name) => {
    expect(inherited.has(name)).toBe(false);
    expect(said).toMatch(new RegExp(`${name} is not passed on to the program: it turns certificate checks off`));
  });

  it.each(STALE)("%s as it was, but the run's own file", (name) => {
    expect(inherited.get(name)).toMatch(/^\/.*\.pem$/);
    expect(inherited.get(name)).not.toBe("/no/such/bundle.pem");
  });

  it.each(OTHER_WAYS)("%s as it was, but the run's proxy", (name) => {
    expect(inherited.get(name)).toMatch(/^http:\/\/vault:[0-9a-f]{64}@127\.0\.0\.1:\d+$/);
  });

  it.each(GONE)("%s", (name) => {
    expect(inherited.has(name)).toBe(false);
  });

  it("a way past the proxy to a bound host, though the rest of NO_PROXY stays", () => {
    expect(inherited.has("NO_PROXY")).toBe(false);
    expect(inherited.get("no_proxy")).toBe(".internal.example");
    expect(said).toMatch(/NO_PROXY is passed on without "\*", by which requests with secrets could go past the proxy/);
    expect(said).toMatch(/no_proxy is passed on without "localhost"/);
  });

  it("a granted value that stood in another variable", () => {
    expect(inherited.get("MY_COPY")).toBe(inherited.get("API_KEY"));
    expect(said).not.toContain(VALUE);
  });

  it("anything less than the rest", () => {
    expect(inherited.get("ORDINARY")).toBe("stays");
  });
});

describe.skipIf(!hasTools())("requests all the same (needs curl and python3)", () => {
  it.each([
    ["curl", (url: string) => `curl -s ${url} -H "Authorization: Bearer $API_KEY"`],
    ["Python", (url: string) => `python3 -c 'import os, urllib.request as u; print(u.urlopen(u.Request("${url}", headers={"Authorization": "Bearer " + os.environ["API_KEY"]})).read())'`],
  ])("go through the proxy with NO_PROXY=*: %s", async (name, command) => {
    const run = built.run(command(`https://localhost:${upstream.port}/past/${name}`), { NO_PROXY: "*", no_proxy: "*" });
    expect(await run.ended).toBe(0);
    const heard = upstream.received().slice(upstream.received().indexOf(`/past/${name}`));
    expect(heard).toContain(VALUE);
    expect(heard).not.toContain("vault_ph_");
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["all of these switches", OFF],
    ["a NODE_OPTIONS for Node", { NODE_OPTIONS: "--use-openssl-ca --no-warnings", NODE_TLS_REJECT_UNAUTHORIZED: "0" }],
  ])("reach no server with a bad certificate, with %s in the environment", async (_name, variables) => {
    let impostor: RawServer | undefined;
    let other: BuiltVault | undefined;
    try {
      impostor = await openRawServer(makeTestCa().identityFor("localhost"), () => plainAnswer("thank you"));
      other = openBuiltVault(`localhost:${impostor.port}`, VALUE, upstream.certificate);
      const run = other.run(`curl -s -i https://localhost:${impostor.port}/ -H "Authorization: Bearer $API_KEY"`, variables);
      await run.ended;
      expect(run.output()).toContain("x-vault-refusal: upstream-certificate");
      expect(impostor.received()).toBe("");
    } finally {
      other?.close();
      await impostor?.close();
    }
  });
});
