// The compose file: what its own client says of it, and what must stand in it whatever a client takes. Its two command lines run in image.test.ts.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, statSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../support/temporary.ts";
import { DEPLOY, readDeployFile, readYaml } from "./deploy-files.ts";

interface Service {
  readonly command: readonly string[];
  readonly networks: readonly string[];
  readonly secrets: readonly string[];
  readonly [key: string]: unknown;
}

const [compose] = readYaml("compose/compose.yaml") as readonly [{ readonly services: Readonly<Record<"broker" | "agent", Service>>; readonly networks: unknown; readonly secrets: Readonly<Record<string, { readonly file: string }>> }];
const { broker, agent } = compose.services;
const client = [["docker", "compose"], ["docker-compose"]].find(([program = "", ...words]) => spawnSync(program, [...words, "version"], { stdio: "ignore" }).status === 0);

test.skipIf(client === undefined)("its client takes it (needs docker compose or docker-compose)", () => {
  const [program = "", ...words] = client ?? [];
  const said = execFileSync(program, [...words, "--file", join(DEPLOY, "compose/compose.yaml"), "config"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  expect(said).toContain("internal: true");
  expect(said).toContain("--name=https://broker:7998");
});

test("the agent's network leads to the broker and nowhere else", () => {
  expect(compose.networks).toEqual({ agents: { internal: true }, outside: {} });
  expect(agent.networks).toEqual(["agents"]);
  expect(broker.networks).toContain("agents");
  for (const key of ["ports", "network_mode", "extra_hosts", "links", "pid", "ipc", "privileged", "devices", "volumes_from"]) expect([broker[key], agent[key]], key).toEqual([undefined, undefined]);
});

test("the agent has the broker's certificate and its own identity, and nothing that opens the vault", () => {
  expect(agent.secrets).toEqual(["broker-cert"]);
  expect(agent["volumes"]).toEqual(["agent:/var/lib/vault"]);
  expect(broker["volumes"]).toEqual(["vault:/var/lib/vault"]);
  for (const { environment, env_file } of [broker, agent] as readonly Readonly<Record<string, unknown>>[]) expect([environment, env_file]).toEqual([undefined, undefined]);
});

test("both can change nothing but their volume and /tmp", () => {
  for (const service of [broker, agent]) expect(service).toMatchObject({ read_only: true, tmpfs: ["/tmp"], cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
});

test("make-secrets.sh makes each secret that it names, for its user alone, and never anew", () => {
  const folder = makeFolder();
  cpSync(join(DEPLOY, "compose/make-secrets.sh"), join(folder, "make-secrets.sh"));
  execFileSync("sh", [join(folder, "make-secrets.sh")], { stdio: "ignore" });
  expect(readdirSync(join(folder, "secrets")).map((name) => `./secrets/${name}`).sort()).toEqual(Object.values(compose.secrets).map(({ file }) => file).sort());
  for (const { file } of Object.values(compose.secrets)) expect(statSync(join(folder, file)).mode & 0o077, file).toBe(0);
  expect(new X509Certificate(readFileSync(join(folder, "secrets/broker.pem"))).checkHost("broker")).toBe("broker");
  const passphrase = readFileSync(join(folder, "secrets/passphrase"), "utf8");
  expect(passphrase).toMatch(/^[\w+/]{32}$/);
  expect(spawnSync("sh", [join(folder, "make-secrets.sh")], { stdio: "ignore" }).status).not.toBe(0);
  expect(readFileSync(join(folder, "secrets/passphrase"), "utf8")).toBe(passphrase);
  expect(readDeployFile("compose/.gitignore")).toContain("secrets/");
});
