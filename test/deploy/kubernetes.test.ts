// The manifests: by Kubernetes' own schemas, and by what must stand in them whatever a server takes.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { DEPLOY, readYaml } from "./deploy-files.ts";

interface Container {
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [key: string]: unknown;
}
interface PodSpec {
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string; readonly defaultMode: number } }[];
  readonly [key: string]: unknown;
}
interface Labels { readonly labels: Readonly<Record<string, string>> }

const FILES = ["storage", "init", "broker", "agent"].map((name) => `kubernetes/${name}.yaml`);
const [deployment, service, guard] = readYaml("kubernetes/broker.yaml") as readonly [
  { readonly spec: { readonly replicas: number; readonly strategy: unknown; readonly selector: { readonly matchLabels: unknown }; readonly template: { readonly metadata: Labels; readonly spec: PodSpec } } },
  { readonly metadata: { readonly name: string }; readonly spec: { readonly selector: unknown; readonly ports: readonly unknown[] } },
  { readonly spec: { readonly podSelector: unknown; readonly policyTypes: readonly string[]; readonly ingress: readonly unknown[] } },
];
const [job] = readYaml("kubernetes/init.yaml") as readonly [{ readonly spec: { readonly template: { readonly spec: PodSpec } } }];
const [agent, fence] = readYaml("kubernetes/agent.yaml") as readonly [{ readonly metadata: Labels; readonly spec: PodSpec }, { readonly spec: unknown }];
const broker = deployment.spec.template;
const pods = [broker.spec, job.spec.template.spec, agent.spec];

test.skipIf(spawnSync("kubernetes-validate", ["--version"]).status !== 0)("they are of the schemas of Kubernetes, without a member too many (needs kubernetes-validate)", () => {
  const { status, stdout, stderr } = spawnSync("kubernetes-validate", ["--strict", ...FILES.map((path) => join(DEPLOY, path))], { encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
});

const hasKustomize = spawnSync("kubectl", ["kustomize", "--help"], { stdio: "ignore" }).status === 0;
test.skipIf(!hasKustomize)("kubectl puts the broker and its volume together (needs a kubectl with kustomize)", () => {
  const together = execFileSync("kubectl", ["kustomize", join(DEPLOY, "kubernetes")], { encoding: "utf8" });
  expect(parseAllDocuments(together).map((document) => document.get("kind")).sort()).toEqual(["Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Service"]);
});

test("one broker at a time: several on one vault are not supported", () => {
  expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
});

test("no pod runs as root, changes its image, or has a token of the cluster's", () => {
  for (const pod of pods) {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } } });
    expect(pod.containers).toHaveLength(1);
    expect(pod.containers[0]).toMatchObject({ securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } } });
    expect([pod["hostNetwork"], pod["hostPID"], pod["hostIPC"]]).toEqual([undefined, undefined, undefined]);
  }
});

test("each path that a command line names is on a volume that is there, and each volume is used", () => {
  for (const { containers: [{ args, volumeMounts }], volumes } of pods) {
    expect(volumeMounts.map(({ name }) => name).sort()).toEqual(volumes.map(({ name }) => name).sort());
    const paths = args.flatMap((word) => /^--[a-z-]+=(\/.*)$/.exec(word)?.[1] ?? []);
    for (const path of paths) expect(volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`)), path).toBe(true);
    for (const { secret } of volumes) if (secret !== undefined) expect(secret.defaultMode, secret.secretName).toBe(0o440);
  }
});

test("probes ask what the broker answers, over TLS", () => {
  const [container] = broker.spec.containers;
  expect(container).toMatchObject({
    startupProbe: { httpGet: { path: "/health", scheme: "HTTPS", port: "broker" } },
    livenessProbe: { httpGet: { path: "/health", scheme: "HTTPS", port: "broker" } },
    readinessProbe: { httpGet: { path: "/ready", scheme: "HTTPS", port: "broker" } },
    ports: [{ name: "broker", containerPort: 7998 }],
  });
  expect(container.args).toContain("--listen=0.0.0.0:7998");
});

test("selectors meet the pods that they mean, and the name that proofs are for is the service's", () => {
  const { labels } = broker.metadata;
  expect(deployment.spec.selector.matchLabels).toEqual(labels);
  expect(service.spec.selector).toEqual(labels);
  expect(guard.spec.podSelector).toEqual({ matchLabels: labels });
  const name = `https://${service.metadata.name}:7998`;
  expect(broker.spec.containers[0].args).toContain(`--name=${name}`);
  expect(agent.spec.containers[0].args).toContain(`--broker=${name}`);
});

test("only agents reach the broker, and an agent reaches the broker and names alone", () => {
  const agents = { podSelector: { matchLabels: { "vaultrun/agent": "true" } } };
  expect(agent.metadata.labels).toMatchObject(agents.podSelector.matchLabels);
  expect(guard.spec).toMatchObject({ policyTypes: ["Ingress", "Egress"], ingress: [{ from: [agents], ports: [{ port: 7998, protocol: "TCP" }] }] });
  const names = { to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } }, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }], ports: [{ port: 53, protocol: "UDP" }, { port: 53, protocol: "TCP" }] };
  expect(fence.spec).toEqual({ ...agents, policyTypes: ["Ingress", "Egress"], egress: [{ to: [{ podSelector: { matchLabels: broker.metadata.labels } }], ports: [{ port: 7998, protocol: "TCP" }] }, names] });
});

test("an agent's pod has no secret of the broker's", () => {
  const named = JSON.stringify(agent.spec);
  expect(named).not.toMatch(/passphrase|vault-broker-tls|persistentVolumeClaim/);
});
