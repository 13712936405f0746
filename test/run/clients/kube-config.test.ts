// What a run changes in a Kubernetes configuration. That kubectl then reaches its cluster is seen in test/clients.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rewriteConfig, writeKubeConfig } from "../../../src/run/clients/kube-config.ts";

const BOUND = [{ host: "cluster.example.test", port: 6443, wildcard: false }];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-"));
  writeFileSync(join(folder, "ca.pem"), "roots");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (variables: Record<string, string>): Promise<string | undefined> => writeKubeConfig(folder, { variables, caFile: join(folder, "ca.pem"), boundHosts: BOUND });

test("a cluster at a bound host gets the run's roots; others, and where the file stood, count as before", () => {
  const config = {
    clusters: [
      { name: "bound", cluster: { server: "https://cluster.example.test:6443", "certificate-authority": "ca.crt", "insecure-skip-tls-verify": true, "proxy-url": "http://elsewhere:1", "tls-server-name": "x" } },
      { name: "other", cluster: { server: "https://cluster.example.test", "certificate-authority": "ca.crt" } },
    ],
    users: [{ name: "me", user: { "client-certificate": "me.crt", "client-key": "/abs/me.key", token: "t" } }],
    contexts: [{ name: "c" }],
  };
  expect(rewriteConfig(config, "/home/me/.kube", "Um9vdHM=", BOUND)).toEqual({
    clusters: [
      { name: "bound", cluster: { server: "https://cluster.example.test:6443", "tls-server-name": "x", "certificate-authority-data": "Um9vdHM=" } },
      { name: "other", cluster: { server: "https://cluster.example.test", "certificate-authority": "/home/me/.kube/ca.crt" } },
    ],
    users: [{ name: "me", user: { "client-certificate": "/home/me/.kube/me.crt", "client-key": "/abs/me.key", token: "t" } }],
    contexts: [{ name: "c" }],
  });
});

test("nothing is copied where no cluster is at a bound host, nor of what is no configuration", async () => {
  expect(rewriteConfig({ clusters: [{ cluster: { server: "http://cluster.example.test:6443" } }, { cluster: { server: 7 } }, "x"] }, "/", "", BOUND)).toBeUndefined();
  expect(await write({ HOME: folder })).toBeUndefined();
  const file = join(folder, "config");
  writeFileSync(file, "{ cluster.example.test: [");
  expect(await write({ KUBECONFIG: `${file}:/dev/zero` })).toBe(`${file}:/dev/zero`);
});

test("of several files the one is replaced in its place, by one that is closed to others", async () => {
  mkdirSync(join(folder, "home", ".kube"), { recursive: true });
  const file = join(folder, "home", ".kube", "config");
  writeFileSync(file, 'clusters: [{ name: a, cluster: { server: "https://cluster.example.test:6443" } }]\n');
  const [first, second = "", third] = (await write({ KUBECONFIG: `/missing:${file}:/other` }))?.split(":") ?? [];
  expect([first, third]).toEqual(["/missing", "/other"]);
  expect(JSON.parse(readFileSync(second, "utf8"))).toEqual({ clusters: [{ name: "a", cluster: { server: "https://cluster.example.test:6443", "certificate-authority-data": "cm9vdHM=" } }], users: [] });
  expect(statSync(second).mode & 0o777).toBe(0o600);
});

test("the usual place is looked at where no variable names another", async () => {
  mkdirSync(join(folder, ".kube"));
  writeFileSync(join(folder, ".kube", "config"), 'clusters: [{ name: a, cluster: { server: "https://cluster.example.test:6443" } }]\n');
  expect(await write({ HOME: folder })).toBe(join(folder, "kube", "0.json"));
});
