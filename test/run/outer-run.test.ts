import { expect, test } from "vitest";
import { isSecretVariable } from "../../src/run/hidden-values.ts";
import { leaveOuterRun } from "../../src/run/outer-run.ts";

const folder = "/run/user/1000/vault/runs/run-12-0123456789abcdef";
const proxy = `http://vault:${"0f".repeat(32)}@127.0.0.1:4321`;

test("what an outer run has put into the environment is taken out of it, and what was there before stays", () => {
  const own = { HOME: "/home/ada", NO_PROXY: "localhost", KUBECONFIG_NOTE: folder, SSL_CERT_DIR: "/etc/ssl/certs" };
  const added = {
    ...Object.fromEntries(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "npm_config_proxy"].map((name) => [name, proxy])),
    ...Object.fromEntries(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "PERL_LWP_SSL_CA_FILE"].map((name) => [name, `${folder}/ca.pem`])),
    SYSTEM_WGETRC: `${folder}/wgetrc`,
    KUBECONFIG: `${folder}/kube.config`,
    NODE_OPTIONS: `--require ${folder}/../../../../../../opt/dist/node-preload.cjs`,
    PHP_INI_SCAN_DIR: `:${folder}/php`,
  };
  expect(leaveOuterRun({ ...own, ...added, PYTHONPATH: `${folder}/python:/mine` })).toEqual({ ...own, PYTHONPATH: "/mine" });
  expect(leaveOuterRun({ ...own, NODE_OPTIONS: `--no-warnings ${added.NODE_OPTIONS}` })).toEqual({ ...own, NODE_OPTIONS: "--no-warnings" });
});

test("an environment that tells of no run is left alone, a proxy of the user's own with it", () => {
  for (const own of [{}, { HTTPS_PROXY: "http://vault:password@127.0.0.1:4321" }, { HTTPS_PROXY: "http://corp.example:8080", NODE_EXTRA_CA_CERTS: "/etc/corp.pem", EMPTY: "", ABSENT: undefined }]) expect(leaveOuterRun(own)).toBeUndefined();
});

test("a run's token in the environment of a process above is no credential of the user's", () => {
  expect(isSecretVariable("HTTPS_PROXY", proxy, { hidden: [] })).toBe(false);
  expect(isSecretVariable("HTTPS_PROXY", "http://me:password@corp.example:8080", { hidden: [] })).toBe(true);
});
