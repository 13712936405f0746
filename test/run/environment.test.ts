import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { EnvironmentInput } from "../../src/run/environment.ts";
import { buildEnvironment, isReservedVariable } from "../../src/run/environment.ts";
import { TRUST_VARIABLES } from "../../src/run/clients/trust-variables.ts";
import { Secret } from "../../src/secret.ts";
import { parseHostBinding } from "../../src/vault/host.ts";

const proxyUrl = "http://vault:token@127.0.0.1:40000";
const caFile = "/run/folder/ca.pem";
const build = (inherited: Record<string, string | undefined>, more: Partial<EnvironmentInput> = {}): ReturnType<typeof buildEnvironment> =>
  buildEnvironment({ inherited, placeholders: [], hidden: [], proxyUrl, caFile, boundHosts: [parseHostBinding("api.example.com")], ...more });
const secret = (text: string): { value: Secret; placeholder: string } => ({ value: Secret.fromText(text), placeholder: `placeholder-of-${text.length}` });

test("the whole of it, from nothing", () => {
  const { variables, warnings } = build({}, { placeholders: [{ variable: "API_KEY", placeholder: "vault_ph_x" }] });
  expect(variables).toEqual({
    HTTP_PROXY: proxyUrl,
    HTTPS_PROXY: proxyUrl,
    http_proxy: proxyUrl,
    https_proxy: proxyUrl,
    NODE_USE_ENV_PROXY: "1",
    PERL_LWP_ENV_PROXY: "1",
    ...Object.fromEntries(TRUST_VARIABLES.map((name) => [name, caFile])),
    API_KEY: "vault_ph_x",
  });
  expect(warnings).toEqual([]);
});

describe("what is not inherited", () => {
  test("vault's own variables and the ones that hold keys, without a word", () => {
    const { variables, warnings } = build({ VAULT_DIR: "/v", VAULT_PASSPHRASE: "p", VAULT_ANYTHING: "x", MY_KEY: "k", HOME: "/home" }, { withheld: ["MY_KEY"] });
    expect(Object.keys(variables).filter((name) => name.startsWith("VAULT_") || name === "MY_KEY")).toEqual([]);
    expect(variables["HOME"]).toBe("/home");
    expect(warnings).toEqual([]);
  });

  test("variables of HashiCorp's vault, with a warning", () => {
    const { variables, warnings } = build({ VAULT_ADDR: "https://v", VAULT_TOKEN: "hvs.abcdef" });
    expect(variables).not.toHaveProperty("VAULT_ADDR");
    expect(warnings).toEqual(["VAULT_ADDR is not passed on to the program, like every VAULT_ variable", "VAULT_TOKEN is not passed on to the program, like every VAULT_ variable"]);
  });

  test.each([
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0", "1"],
    ["PYTHONHTTPSVERIFY", "0", "1"],
    ["PERL_LWP_SSL_VERIFY_HOSTNAME", "0", "1"],
    ["npm_config_strict_ssl", "false", "true"],
    ["PIP_TRUSTED_HOST", "pypi.org", ""],
    ["CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION", "True", "False"],
  ])("%s, where it turns checks off", (name, off, on) => {
    expect(build({ [name]: off }).variables).not.toHaveProperty(name);
    expect(build({ [name]: off }).warnings).toEqual([`${name} is not passed on to the program: it turns certificate checks off`]);
    expect(build({ [name]: on })).toMatchObject({ variables: { [name]: on }, warnings: [] });
  });

  test("GIT_SSL_NO_VERIFY, whose mere presence counts", () => {
    for (const value of ["1", "0", "false", ""]) expect(build({ GIT_SSL_NO_VERIFY: value }).variables).not.toHaveProperty("GIT_SSL_NO_VERIFY");
  });

  test("values that are undefined", () => {
    expect(build({ GONE: undefined }).variables).not.toHaveProperty("GONE");
  });
});

describe("the proxy", () => {
  test("takes the place of the user's own, in whatever variable that is", () => {
    const inherited = { https_proxy: "http://corp:3128", Http_Proxy: "http://corp:3128", ALL_PROXY: "socks5://corp", npm_config_https_proxy: "http://corp:3128" };
    const { variables } = build(inherited);
    expect(Object.values(variables).filter((value) => value.includes("corp"))).toEqual([]);
    expect(variables).toMatchObject({ ALL_PROXY: proxyUrl, npm_config_https_proxy: proxyUrl });
    expect(build({}).variables).not.toHaveProperty("ALL_PROXY");
  });

  test.each(["HTTP_PROXY", "https_proxy", "ALL_PROXY", "WS_PROXY", "WSS_PROXY", "npm_config_proxy", "npm_config_http_proxy", "npm_config_https_proxy", "YARN_HTTP_PROXY", "YARN_HTTPS_PROXY", "PIP_PROXY", "CARGO_HTTP_PROXY", "GLOBAL_AGENT_HTTP_PROXY", "GLOBAL_AGENT_HTTPS_PROXY"])("takes the place of what stands in %s", (name) => {
    expect(build({ [name]: "http://corp:3128" }).variables).toMatchObject({ [name]: proxyUrl });
  });

  test("of the user's own for another scheme stays, unless it holds a credential", () => {
    expect(build({ ftp_proxy: "http://corp:3128" })).toMatchObject({ variables: { ftp_proxy: "http://corp:3128" }, warnings: [] });
    for (const value of ["http://me:pw@corp:3128", "me:pw@corp", "socks5://me:pw@corp"]) {
      const { variables, warnings } = build({ RSYNC_PROXY: value });
      expect(variables).not.toHaveProperty("RSYNC_PROXY");
      expect(warnings).toEqual(["RSYNC_PROXY is not passed on to the program: it holds a credential for a proxy"]);
    }
  });

  test("is not bypassed to bound hosts", () => {
    const { variables, warnings } = build({ NO_PROXY: "localhost,.example.com,10.0.0.0/8", no_proxy: "*", npm_config_noproxy: "internal" });
    expect(variables).toMatchObject({ NO_PROXY: "localhost,10.0.0.0/8", npm_config_noproxy: "internal" });
    expect(variables).not.toHaveProperty("no_proxy");
    expect(warnings).toEqual([
      'NO_PROXY is passed on without ".example.com", by which requests with secrets could go past the proxy',
      'no_proxy is passed on without "*", by which requests with secrets could go past the proxy',
    ]);
  });
});

test("trust variables point at the one file, rare ones only where they were set", () => {
  const { variables } = build({ SSL_CERT_FILE: "/corp.pem", COMPOSER_CAFILE: "/corp.pem", SSL_CERT_DIR: "/certs", SSLKEYLOGFILE: "/keys.log" });
  expect(variables).toMatchObject({ SSL_CERT_FILE: caFile, COMPOSER_CAFILE: caFile, SSL_CERT_DIR: "/certs", SSLKEYLOGFILE: "/keys.log" });
  expect(variables).not.toHaveProperty("HTTPS_CA_FILE");
  expect(build({ SYSTEM_WGETRC: "/corp" }, { wgetrc: "/run/folder/wgetrc" }).variables).toMatchObject({ SYSTEM_WGETRC: "/run/folder/wgetrc" });
});

describe("granted values that the child would inherit", () => {
  test("become their placeholders", () => {
    const { variables, warnings } = build({ OTHER_NAME: "hunter2-hunter2", SHORT: "x", EMPTY: "" }, { hidden: [secret("hunter2-hunter2"), secret("x"), secret("")] });
    expect(variables).toMatchObject({ OTHER_NAME: "placeholder-of-15", SHORT: "placeholder-of-1", EMPTY: "" });
    expect(warnings).toEqual([]);
  });

  test("are warned of inside longer values, without being shown", () => {
    const { variables, warnings } = build({ URL: "https://u:hunter2-hunter2@h", TEXT: "xyz" }, { hidden: [secret("hunter2-hunter2"), secret("x")] });
    expect(variables).toMatchObject({ URL: "https://u:hunter2-hunter2@h", TEXT: "xyz" });
    expect(warnings).toEqual(["URL holds a secret of this run within a longer value, which the program can read: unset it"]);
  });

  test("the longer of two values is matched whole", () => {
    expect(build({ A: "secretsecret1" }, { hidden: [secret("secretsecret"), secret("secretsecret1")] }).variables).toMatchObject({ A: "placeholder-of-13" });
  });

  test("never stand alone in a variable, whatever they are", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" })), fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ minLength: 1 }), (inherited, value, name) => {
        const placeholder = `ph${"0".repeat(30)}`;
        const { variables } = build({ ...inherited, [name]: value }, { hidden: [{ value: Secret.fromText(value), placeholder }], boundHosts: [] });
        const kept = Object.entries(variables).filter(([, one]) => one === value).map(([one]) => one);
        // A value that means something to the run itself is no secret worth the name.
        expect(kept.filter((one) => !isReservedVariable(one))).toEqual([]);
      }),
    );
  });
});

test("everything else is inherited as it is", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter((name) => !isReservedVariable(name)), fc.string()), (inherited) => {
      const { variables, warnings } = build(inherited);
      expect(warnings).toEqual([]);
      for (const [name, value] of Object.entries(inherited)) expect(Object.getOwnPropertyDescriptor(variables, name)?.value).toBe(value);
    }),
  );
  expect(Object.getOwnPropertyDescriptor(build(JSON.parse('{"__proto__":"x"}') as Record<string, string>).variables, "__proto__")?.value).toBe("x");
});

test("names that a secret may not have", () => {
  const reserved = ["VAULT_X", "HTTPS_PROXY", "https_proxy", "all_proxy", "NO_PROXY", "SSL_CERT_FILE", "npm_config_cafile", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "PATH", "Path", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "HOME", "GIT_SSL_NO_VERIFY", "NODE_USE_ENV_PROXY"];
  expect(reserved.filter((name) => !isReservedVariable(name))).toEqual([]);
  const free = ["GITHUB_TOKEN", "OPENAI_API_KEY", "npm_config__authToken", "TOKEN", "MY_VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "GIT_PASSWORD", "PROXY"];
  expect(free.filter(isReservedVariable)).toEqual([]);
});

describe("words for NODE_OPTIONS", () => {
  test("stand behind the user's own", () => {
    expect(build({ NODE_OPTIONS: "--max-old-space-size=512" }, { nodeOptions: ["--require", "/a b/preload.cjs"] }).variables["NODE_OPTIONS"]).toBe('--max-old-space-size=512 --require "/a b/preload.cjs"');
    expect(build({}).variables).not.toHaveProperty("NODE_OPTIONS");
  });

  test("reach Node as they were meant", () => {
    const titles = ["plain", "two words", 'a "quoted" word', "back\\slash", 'both \\" of them'];
    for (const title of titles) {
      const { NODE_OPTIONS } = build({}, { nodeOptions: ["--no-warnings", `--title=${title}`] }).variables;
      expect(execFileSync(process.execPath, ["-p", "process.title"], { env: { NODE_OPTIONS }, encoding: "utf8" }).trimEnd()).toBe(title);
    }
  });
});

test("folders that a run adds stand first for Python, last for PHP, and with no empty entry but the one that PHP means its own by", () => {
  const folders = { pythonFolder: "/run/folder/python", phpFolder: "/run/folder/php" };
  expect(build({}, folders).variables).toMatchObject({ PYTHONPATH: "/run/folder/python", PHP_INI_SCAN_DIR: ":/run/folder/php" });
  expect(build({ PYTHONPATH: "/mine:/yours", PHP_INI_SCAN_DIR: "/etc/mine" }, folders).variables).toMatchObject({ PYTHONPATH: "/run/folder/python:/mine:/yours", PHP_INI_SCAN_DIR: "/etc/mine:/run/folder/php" });
  expect(build({ PYTHONPATH: "" }, folders).variables).toMatchObject({ PYTHONPATH: "/run/folder/python" });
});
