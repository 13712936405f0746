// The manifests for several brokers, as kubectl puts them together: by Kubernetes' own schemas, by what must stand in them whatever a server takes, and by a start of all of their command lines on a real PostgreSQL.
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { watch } from "../support/built-vault.ts";
import { hasPostgres, openPostgresServer } from "../support/postgres-server.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { findFreePort } from "../support/real-servers.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { makeFolder } from "../support/temporary.ts";
import { openTlsFront } from "../support/tls-front.ts";
import { DEPLOY, readDeployFile, readYaml } from "./deploy-files.ts";

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } } }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [key: string]: unknown;
}
interface PodSpec {
  readonly containers: readonly [Container];
  readonly initContainers?: readonly [Container];
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}
interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: unknown };
  readonly spec: Readonly<Record<string, unknown>> & { readonly template: { readonly metadata: { readonly labels: unknown }; readonly spec: PodSpec } };
}

const FOLDER = join(DEPLOY, "kubernetes-replicas");
const hasKustomize = spawnSync("kubectl", ["kustomize", "--help"], { stdio: "ignore" }).status === 0;
const hasValidate = spawnSync("kubernetes-validate", ["--version"]).status === 0;
const needs = "(needs a kubectl with kustomize)";
const together = hasKustomize ? execFileSync("kubectl", ["kustomize", FOLDER], { encoding: "utf8" }) : "";
const documents = parseAllDocuments(together, { version: "1.1" }).map((document) => document.toJS() as Document);
const [init] = readYaml("kubernetes-replicas/init.yaml") as readonly [Document];

function documentOf(kind: string): Document {
  return documents.find((document) => document.kind === kind) ?? (() => { throw new Error(`no ${kind}`); })();
}

test.skipIf(!hasKustomize || !hasValidate)("they are of the schemas of Kubernetes, without a member too many (needs kubernetes-validate, and a kubectl with kustomize)", () => {
  const whole = join(makeFolder(), "together.yaml");
  writeFileSync(whole, together);
  const { status, stdout, stderr } = spawnSync("kubernetes-validate", ["--strict", whole, join(FOLDER, "init.yaml")], { encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
});

test.skipIf(!hasKustomize)(`three brokers, of which two stay whatever is done on purpose, on machines of their own ${needs}`, () => {
  expect(documents.map(({ kind }) => kind).sort()).toEqual(["Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"]);
  const { spec } = documentOf("Deployment");
  const selector = { matchLabels: spec.template.metadata.labels };
  expect(spec).toMatchObject({ replicas: 3, selector, strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } });
  expect(documentOf("PodDisruptionBudget").spec).toEqual({ maxUnavailable: 1, selector });
  const spread = spec.template.spec["topologySpreadConstraints"] as readonly { readonly topologyKey: string; readonly labelSelector: unknown }[];
  expect(spread.map(({ topologyKey, labelSelector }) => ({ topologyKey, labelSelector }))).toEqual(["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({ topologyKey, labelSelector: selector })));
  const [broker] = spec.template.spec.containers;
  expect(broker).toMatchObject({ startupProbe: { httpGet: { path: "/health", scheme: "HTTPS" } }, livenessProbe: { httpGet: { path: "/health", scheme: "HTTPS" } }, readinessProbe: { httpGet: { path: "/ready", scheme: "HTTPS" } } });
  expect(documentOf("Service").spec).toMatchObject({ sessionAffinity: "ClientIP", ports: [{ port: 7998 }] });
});

test.skipIf(!hasKustomize)(`no folder is shared between pods, and none outlives its pod ${needs}`, () => {
  for (const { volumes } of [documentOf("Deployment").spec.template.spec, init.spec.template.spec]) {
    for (const { name, ...kind } of volumes) expect(Object.keys(kind), String(name)).toEqual([name === "vault" || name === "tmp" ? "emptyDir" : "secret"]);
  }
  // A lock that a killed container has left in it is nobody's, for who sees the same processes.
  expect(documentOf("Deployment").spec.template.spec["shareProcessNamespace"]).toBe(true);
});

test.skipIf(!hasKustomize)(`each pod is as confined as the one broker's, and has the store's password by a secret alone ${needs}`, () => {
  for (const pod of [documentOf("Deployment").spec.template.spec, init.spec.template.spec]) {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } } });
    for (const { args, env, volumeMounts, ...container } of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(container).toMatchObject({ image: "vaultrun:0.1.0", securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } } });
      expect(env.map(({ name, valueFrom: { secretKeyRef } }) => [name, secretKeyRef])).toEqual([["STORE", { name: "vault-broker-store", key: "address" }], ["VAULT_STORE_PASSWORD", { name: "vault-broker-store", key: "password" }]]);
      const paths = args.flatMap((word) => /^--[a-z-]+=(\/.*)$/.exec(word)?.[1] ?? []);
      for (const path of [...paths, "/run/vault/store/ca.pem"]) expect(volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`)), path).toBe(true);
      for (const { name } of volumeMounts) expect(pod.volumes.map((volume) => volume["name"])).toContain(name);
    }
  }
});

test.skipIf(!hasKustomize)(`its network's rules are the one broker's, and the store besides ${needs}`, () => {
  const [, , guard] = readYaml("kubernetes/broker.yaml") as readonly [unknown, unknown, { readonly spec: { readonly egress: readonly unknown[] } }];
  const store = { to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "app.kubernetes.io/name": "postgresql" } } }], ports: [{ port: 5432, protocol: "TCP" }] };
  expect(documentOf("NetworkPolicy").spec).toEqual({ ...guard.spec, egress: [...guard.spec.egress, store] });
  expect(readDeployFile("kubernetes-replicas/kustomization.yaml")).toContain("ipBlock");
});

test.skipIf(!hasKustomize || !hasPostgres)("their command lines make the vault once, join it and serve it, and are not ready while the store is away (needs postgresql, and a kubectl with kustomize)", { timeout: 180_000 }, async () => {
  const server = await openPostgresServer();
  onTestFinished(() => server.close());
  const ca = makeTestCa();
  const front = await openTlsFront("postgres", server.port, ca.identityFor("localhost"));
  onTestFinished(() => front.close());
  const folder = makeFolder();
  const mounts = { "/run/vault/passphrase": "passphrase", "/run/vault/tls": "tls", "/run/vault/store": "store" };
  for (const name of Object.values(mounts)) mkdirSync(join(folder, name));
  const { cert, key } = ca.identityFor("vault-broker");
  for (const [path, text] of [["passphrase/passphrase", "correct horse battery staple"], ["tls/tls.crt", cert], ["tls/tls.key", key], ["store/ca.pem", ca.certificate]] as const) writeFileSync(join(folder, path), text);
  const address = `postgres://vault@localhost:${front.port}/vault?ca=/run/vault/store/ca.pem`;
  const inFolder = (word: string): string => Object.entries(mounts).reduce((changed, [path, name]) => changed.replace(path, join(folder, name)), word);
  /** @param home the pod's own folder. */
  const words = ({ args, env }: Container, home: string, more: readonly string[] = []): readonly [string[], NodeJS.ProcessEnv] => {
    expect(env.map(({ name }) => name)).toEqual(["STORE", "VAULT_STORE_PASSWORD"]);
    return [[RUN_JS, ...args.map((word) => inFolder(word.replace("$(STORE)", address))), ...more], { PATH: process.env["PATH"], HOME: home, VAULT_DIR: join(home, "data"), VAULT_STORE_PASSWORD: server.password }];
  };
  const run = async (container: Container, home: string, more: readonly string[] = []): Promise<{ readonly status: unknown; readonly said: string }> => {
    const [args, env] = words(container, home, more);
    const child = spawn(NODE, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [status] = await once(child, "close") as [number | null];
    return { status, said };
  };
  const { containers: [broker], initContainers: [joining] = [broker] } = documentOf("Deployment").spec.template.spec;
  const pods = ["one", "two", "three"].map((name) => makeFolderIn(folder, name));
  expect(await run(joining, pods[0] ?? "")).toMatchObject({ status: 3, said: expect.stringContaining("there is no vault in the store") as string });
  // A passphrase's price is not what is tried here.
  expect(await run(init.spec.template.spec.containers[0], makeFolderIn(folder, "job"), ["--kdf", "low"])).toMatchObject({ status: 0, said: expect.stringMatching(/^made a vault/) as string });
  const ports: number[] = [];
  for (const pod of pods) {
    expect(await run(joining, pod)).toMatchObject({ status: 0, said: expect.stringMatching(/^joined the vault/) as string });
    const [args, env] = words(broker, pod);
    const port = await findFreePort();
    ports.push(port);
    const child: ChildProcess = spawn(NODE, args.map((word) => word.replace("0.0.0.0:7998", `127.0.0.1:${port}`)), { env, stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => { child.kill("SIGKILL"); });
    await watch(child, () => undefined).said("serving at https://vault-broker:7998");
  }
  // As after a start of the node's, which begins with the first container again.
  expect(await run(joining, pods[0] ?? "")).toMatchObject({ status: 0, said: expect.stringMatching(/^had joined the vault/) as string });
  const ask = (path: string): Promise<(number | undefined)[]> => Promise.all(ports.map((port) => statusOf(`https://vault-broker:${port}${path}`, ca.certificate)));
  expect([await ask("/health"), await ask("/ready")]).toEqual([[200, 200, 200], [200, 200, 200]]);
  await server.stop();
  await expect.poll(() => ask("/ready"), { timeout: 60_000 }).toEqual([503, 503, 503]);
  expect(await ask("/health")).toEqual([200, 200, 200]);
  await server.start();
  await expect.poll(() => ask("/ready"), { timeout: 60_000 }).toEqual([200, 200, 200]);
});

function makeFolderIn(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

async function statusOf(url: string, ca: string): Promise<number | undefined> {
  const [response] = await once(get(url, { ca, agent: false, lookup: (_host, _options, found) => { found(null, [{ address: "127.0.0.1", family: 4 }]); } }), "response") as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
