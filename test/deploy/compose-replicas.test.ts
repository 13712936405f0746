// Three brokers behind HAProxy on one Redis: the compose file as its client reads it, and its services as they stand, with their secrets, names and a network without a way out. What an engine does is done by namespaces.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { hasRedis } from "../support/redis-server.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { isInstalled } from "../support/real-servers.ts";
import { makeFolder } from "../support/temporary.ts";
import { DEPLOY, readDeployFile } from "./deploy-files.ts";

interface Service {
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: unknown;
  readonly [key: string]: unknown;
}
type Name = "broker-1" | "broker-2" | "broker-3" | "balancer" | "store" | "owner" | "agent";

const FOLDER = join(DEPLOY, "compose/replicas");
const VALUE = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const compose = parse(readDeployFile("compose/replicas/compose.yaml"), { version: "1.1", merge: true }) as { readonly services: Readonly<Record<Name, Service>>; readonly networks: unknown; readonly secrets: Readonly<Record<string, { readonly file: string }>> };
const { services } = compose;
const BROKERS = ["broker-1", "broker-2", "broker-3"] as const;
const client = [["docker", "compose"], ["docker-compose"]].find(([program = "", ...words]) => spawnSync(program, [...words, "version"], { stdio: "ignore" }).status === 0);

test.skipIf(client === undefined)("its client takes it (needs docker compose or docker-compose)", () => {
  const [program = "", ...words] = client ?? [];
  const said = execFileSync(program, [...words, "--file", join(FOLDER, "compose.yaml"), "config"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const read = parse(said) as typeof compose;
  for (const name of BROKERS) expect(read.services[name].command, name).toEqual(services[name].command);
});

test("each broker has a folder of its own that goes with it, and no part of another's", () => {
  for (const name of BROKERS) {
    expect(services[name]).toMatchObject({ tmpfs: ["/tmp", "/var/lib/vault:uid=1000,gid=1000,mode=0700"], networks: ["brokers", "outside"] });
    expect(services[name].volumes).toBeUndefined();
  }
  const volumes = Object.values(services).flatMap((service) => (service.volumes ?? []).filter((volume) => !volume.startsWith("./")));
  expect(new Set(volumes).size).toBe(volumes.length);
});

test("the agent's network leads to the brokers' name and nowhere else, and no port is open on the host", () => {
  expect(compose.networks).toEqual({ agents: { internal: true }, brokers: { internal: true }, outside: {} });
  expect(services.agent).toMatchObject({ networks: ["agents"], secrets: ["broker-cert"], volumes: ["agent:/var/lib/vault"] });
  expect(services.balancer).toMatchObject({ networks: { agents: { aliases: ["broker"] }, brokers: {} }, secrets: ["broker-cert"] });
  expect(services.store.networks).toEqual(["brokers"]);
  for (const service of Object.values(services)) {
    for (const key of ["ports", "network_mode", "extra_hosts", "links", "pid", "ipc", "privileged", "devices", "volumes_from", "env_file"]) expect(service[key], key).toBeUndefined();
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
    // No password is in a variable or a command line that whoever inspects a container sees.
    expect(Object.keys(service.environment ?? {})).toEqual(service.entrypoint === undefined ? [] : ["STORE"]);
  }
});

test("make-secrets.sh makes each secret that it names, in a folder for its user alone, and never anew", () => {
  const folder = makeSecrets();
  const files = Object.values(compose.secrets).map(({ file }) => file.replace("./secrets/", "")).sort();
  expect(readdirSync(join(folder, "secrets")).sort()).toEqual(files);
  expect(statSync(join(folder, "secrets")).mode & 0o077).toBe(0);
  // Those that others than the brokers' user read in a container.
  expect(files.filter((file) => (statSync(join(folder, "secrets", file)).mode & 0o077) !== 0)).toEqual(["broker.pem", "redis.conf", "store.key", "store.pem"]);
  const password = readFileSync(join(folder, "secrets/store-password"), "utf8");
  expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(readFileSync(join(folder, "secrets/redis.conf"), "utf8")).toContain(`requirepass ${password}\n`);
  expect(spawnSync("sh", [join(folder, "make-secrets.sh")], { stdio: "ignore" }).status).not.toBe(0);
  expect(readFileSync(join(folder, "secrets/store-password"), "utf8")).toBe(password);
});

function makeSecrets(): string {
  const folder = makeFolder(0o755);
  cpSync(join(FOLDER, "make-secrets.sh"), join(folder, "make-secrets.sh"));
  execFileSync("sh", [join(folder, "make-secrets.sh")], { stdio: "ignore" });
  return folder;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
/** Where each service is, by the names that an engine would tell. */
const ADDRESSES: Readonly<Record<string, string>> = { "broker-1": "127.0.1.1", "broker-2": "127.0.1.2", "broker-3": "127.0.1.3", broker: "127.0.0.1", store: "127.0.0.1", localhost: "127.0.0.1" };
const canShare = spawnSync("unshare", ["--map-root-user", "--net", "--mount", "ip", "link"], { stdio: "ignore" }).status === 0;

test.skipIf(!canShare || !hasRedis || !isInstalled("haproxy"))("its brokers serve an agent while one of them is there, and make no vault (needs unshare, redis-server and haproxy)", { timeout: 180_000 }, () => {
  const folder = makeSecrets();
  const secrets = join(folder, "run-secrets");
  mkdirSync(secrets);
  for (const [name, { file }] of Object.entries(compose.secrets)) cpSync(join(folder, file), join(secrets, name));
  writeFileSync(join(folder, "value"), VALUE);
  writeFileSync(join(folder, "hosts"), Object.entries(ADDRESSES).map(([name, address]) => `${address} ${name}\n`).join(""));
  // A network of an engine's has an address for each; here it is the addresses that are different.
  writeFileSync(join(folder, "haproxy.cfg"), readDeployFile("compose/replicas/haproxy.cfg").replace("bind :7998", "bind 127.0.0.1:7998"));
  writeFileSync(join(folder, "redis.conf"), readFileSync(join(secrets, "store-conf"), "utf8").replace("dir /data", `dir ${folder}`));
  for (const name of ["bin", ...Object.keys(services)]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "bin/vault"), `#!/bin/sh\nexec ${quote(NODE)} ${quote(RUN_JS)} "$@"\n`, { mode: 0o755 });
  /** A service's container: its entrypoint and its variables, in a folder of its own. @param words in the place of its command. */
  const start = (name: Name, words: readonly string[] = services[name].command): string => {
    const { entrypoint = ["vault"], environment = {} } = services[name];
    const home = join(folder, name);
    const own = words.map((word) => word.replace("--listen=0.0.0.0:", `--listen=${ADDRESSES[name] ?? ""}:`));
    const variables = { PATH: `${folder}/bin:${process.env["PATH"] ?? ""}`, HOME: home, TMPDIR: folder, VAULT_DIR: `${home}/data`, ...environment };
    return `env -i ${Object.entries(variables).map(([key, value]) => `${key}=${quote(value)}`).join(" ")} ${[...entrypoint.map((word) => word.replaceAll("$$", "$")), ...own].map(quote).join(" ")}`;
  };
  const [store] = /rediss:\S+/.exec(services["broker-1"].environment?.["STORE"] ?? "") ?? [""];
  const passphrase = ["--passphrase-file", "/run/secrets/passphrase"];
  const script = `
    set -eu
    mount -t tmpfs tmpfs /run && mkdir /run/secrets && mount --bind ${quote(secrets)} /run/secrets
    mount --bind ${quote(join(folder, "hosts"))} /etc/hosts
    ip link set lo up
    fail() { cat ./*.out >&2; exit "$1"; }
    count() { grep -c "$1" balancer.out || true; }
    until_said() { for i in $(seq 600); do [ "$(grep -c "$1" "$2")" -ge "$3" ] && return; sleep 0.1; done; fail 9; }
    one() { exec ${start("broker-1")}; }
    two() { exec ${start("broker-2")}; }
    three() { exec ${start("broker-3")}; }
    run() { (exec ${start("agent")}) 2>run.out || fail 7; }
    redis-server redis.conf >store.out 2>&1 &
    until_said "Ready to accept" store.out 1
    # Before there is a vault, a broker ends, and makes none.
    if (one) >none.out 2>&1; then fail 8; fi
    until_said "there is no vault in the store" none.out 1
    ${start("owner", ["init", "--store", store, "--provider", "passphrase", "--kdf", "low", ...passphrase])}
    ${start("owner", ["secrets", "create", "GITHUB_TOKEN", ...passphrase])} < value
    did=$(${start("agent", ["identity", "create", "agent"])})
    ${start("owner", ["identity", "accept"])} "$did" --as agent ${passphrase.join(" ")}
    (one) >one.out 2>&1 & first=$!
    (two) >two.out 2>&1 & second=$!
    (three) >three.out 2>&1 & third=$!
    for broker in one two three; do until_said "serving at https://broker:7998" $broker.out 1; done
    haproxy -c -q -f haproxy.cfg
    haproxy -db -f haproxy.cfg >balancer.out 2>&1 &
    for i in $(seq 300); do (: </dev/tcp/127.0.0.1/7998) 2>&- && break; sleep 0.1; done
    run
    # As with a container that is killed and started anew, nothing of its folder is left.
    downs=$(count "brokers/one is DOWN")
    kill -9 $first; run
    until_said "brokers/one is DOWN" balancer.out $((downs + 1))
    rm -r broker-1
    ups=$(count "brokers/one is UP"); twos=$(count "brokers/two is DOWN"); threes=$(count "brokers/three is DOWN")
    (one) >again.out 2>&1 &
    until_said "brokers/one is UP" balancer.out $((ups + 1))
    kill -9 $second $third
    until_said "brokers/two is DOWN" balancer.out $((twos + 1)); until_said "brokers/three is DOWN" balancer.out $((threes + 1))
    run
    ${start("owner", ["audit", "--verify", ...passphrase])}
  `;
  const { status, stdout, stderr } = spawnSync("unshare", ["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script], { cwd: folder, encoding: "utf8" });
  expect(status, stderr + stdout).toBe(0);
  expect(stdout.match(/^the agent has ghp_(?!0123)\w{36}$/gm)).toHaveLength(3);
  expect(stdout + stderr).not.toContain(VALUE);
  expect(stdout).toContain("and 3 runs verified");
});
