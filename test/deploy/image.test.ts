// The image, built by a real builder from the Dockerfile as it stands, and the compose file's two containers in it: their own command lines, as user 1000, in a network without a way out.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { makeFolder } from "../support/temporary.ts";
import { layStandIn } from "./stand-in-image.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const canBuild = process.env["VAULT_IMAGE"] !== undefined && process.geteuid?.() === 0 && spawnSync("buildah", ["--version"]).status === 0;
const VALUE = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

interface Compose {
  readonly services: Readonly<Record<"broker" | "agent", { readonly command: readonly string[] }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

test.skipIf(!canBuild)("the image is built, and a broker and an agent run in it (VAULT_IMAGE=1, needs buildah and root; .ci/image)", { timeout: 600_000 }, () => {
  const folder = makeFolder(0o755);
  // Without mounts, which not every machine allows and which would outlive the test.
  const store = ["--root", join(folder, "store"), "--runroot", join(folder, "store-run"), "--storage-driver", "vfs"];
  const env = { ...process.env, BUILDAH_ISOLATION: "chroot" };
  const buildah = (...args: readonly string[]): string => execFileSync("buildah", [...store, ...args], { cwd: ROOT, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 26 });

  const base = join(folder, "base");
  layStandIn(base);
  writeFileSync(join(folder, "Base"), "FROM scratch\nCOPY . /\n");
  buildah("bud", "--pull-never", "-q", "-f", join(folder, "Base"), "-t", "docker.io/library/node:22-bookworm-slim", base);
  // The stand-in has no roots of its own, and npm is to take what this machine has fetched already.
  mkdirSync(join(homedir(), ".npm"), { recursive: true });
  writeFileSync(join(folder, "npmrc"), "prefer-offline=true\ncafile=/etc/ssl/certs/ca-certificates.crt\n");
  const lent = [`${homedir()}/.npm:/root/.npm`, `${folder}/npmrc:/root/.npmrc:ro`, "/etc/ssl/certs:/etc/ssl/certs:ro"].flatMap((volume) => ["--volume", volume]);
  buildah("bud", "--format", "docker", "--pull-never", "-q", ...lent, "-f", "deploy/container/Dockerfile", "-t", "vaultrun:0.1.0", ".");

  const { Docker: { config } } = JSON.parse(buildah("inspect", "--type", "image", "vaultrun:0.1.0")) as { readonly Docker: { readonly config: { readonly Env: readonly string[]; readonly WorkingDir: string } } };
  expect(config).toMatchObject({ User: "1000:1000", Entrypoint: ["vault"], Cmd: ["serve"], Healthcheck: { Test: ["CMD", "node", "/opt/vault/health.mjs"] } });
  const container = buildah("from", "--pull-never", "vaultrun:0.1.0").trim();
  const mounted = buildah("mount", container).trim();
  // What is published and what that depends on; root's, all of it.
  expect(execFileSync("ls", [`${mounted}/opt/vault`], { encoding: "utf8" }).trim().split("\n")).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "bin", "dist", "docs", "health.mjs", "man", "node_modules", "oclif.manifest.json", "package-lock.json", "package.json", "skills", "src"]);
  expect(execFileSync("find", [`${mounted}/opt`, `${mounted}/usr/local`, "(", "-not", "-user", "root", "-o", "-perm", "/022", "-not", "-type", "l", ")"], { encoding: "utf8" })).toBe("");

  const { services, secrets: files } = parse(readFileSync(join(ROOT, "deploy/compose/compose.yaml"), "utf8")) as Compose;
  cpSync(join(ROOT, "deploy/compose/make-secrets.sh"), join(folder, "make-secrets.sh"));
  execFileSync("sh", [join(folder, "make-secrets.sh")]);
  const secrets = join(folder, "run-secrets");
  mkdirSync(secrets);
  for (const [name, { file }] of Object.entries(files)) cpSync(join(folder, file), join(secrets, name));
  writeFileSync(join(secrets, "value"), VALUE);
  execFileSync("chown", ["-R", "1000:1000", secrets]);
  for (const name of ["vault", "agent"]) {
    mkdirSync(join(folder, name));
    // As an engine makes a volume: of the image's folder.
    chownSync(join(folder, name), 1000, 1000);
    chmodSync(join(folder, name), 0o700);
  }
  writeFileSync(join(folder, "hosts"), "127.0.0.1 localhost broker\n");
  for (const folderOrFile of ["run/secrets", "proc", "dev", "tmp"]) mkdirSync(join(mounted, folderOrFile), { recursive: true });
  writeFileSync(join(mounted, "etc/hosts"), "");
  const { Env, WorkingDir } = config;
  // As an engine starts a container of a read-only image: its user, its variables, its folder, no new privileges, and of the file system its volume and /tmp alone.
  const inside = (volume: string, words: readonly string[]): string => `unshare --mount bash -euc ${quote(`
    mount --bind ${mounted} ${mounted}
    mount --bind ${folder}/${volume} ${mounted}/var/lib/vault
    mount --bind ${secrets} ${mounted}/run/secrets
    mount --bind ${folder}/hosts ${mounted}/etc/hosts
    mount --rbind /dev ${mounted}/dev
    mount -t proc proc ${mounted}/proc
    mount -t tmpfs tmpfs ${mounted}/tmp
    mount -o remount,bind,ro ${mounted}
    exec setpriv --no-new-privs chroot --userspec=1000:1000 ${mounted} env -i ${Env.map(quote).join(" ")} sh -c 'cd "$0" && exec "$@"' ${[WorkingDir, ...words].map(quote).join(" ")}`)}`;
  const owner = (...words: readonly string[]): string => inside("vault", ["vault", ...words, "--passphrase-file", "/run/secrets/passphrase"]);
  const health = inside("vault", ["node", "/opt/vault/health.mjs"]);
  const script = `
    set -eu
    ip link set lo up
    ! ${health}
    ${owner("init", "--provider", "passphrase", "--kdf", "low")}
    ${inside("vault", ["vault", ...services.broker.command])} &
    for i in $(seq 100); do ${health} 2>&- && break; sleep 0.3; done
    ${health}
    ${inside("agent", ["vault", "identity", "create", "agent"])}
    ${inside("agent", ["vault", "identity", "claim", "--broker=https://broker:7998", "--broker-ca=/run/secrets/broker-cert", "--identity=agent"])}
    ${owner("identity", "accept", "agent")}
    ${inside("vault", ["sh", "-c", "vault secrets create GITHUB_TOKEN --passphrase-file /run/secrets/passphrase < /run/secrets/value"])}
    ${inside("agent", ["vault", ...services.agent.command])}
    ${inside("agent", ["sh", "-c", "for place in /opt/vault /usr/local/bin /etc /run /var/lib; do if echo x > $place/x; then exit 9; fi; done 2>&-; echo x > /tmp/x && echo x > /var/lib/vault/x"])}
  `;
  const { status, stdout, stderr } = spawnSync("unshare", ["--net", "--pid", "--fork", "--kill-child", "bash", "-c", script], { cwd: folder, env, encoding: "utf8" });
  expect(status, stderr + stdout).toBe(0);
  expect(stdout).toContain("serving at https://broker:7998");
  expect(stdout).toMatch(/^the agent has ghp_(?!0123)\w{36}$/m);
  expect(stdout + stderr).not.toContain(VALUE);
  // The agent's volume has its identity, and neither value nor passphrase.
  expect(spawnSync("grep", ["-rlE", `${VALUE}|${readFileSync(join(secrets, "passphrase"), "utf8").replaceAll("+", "[+]")}`, join(folder, "agent")], { encoding: "utf8" })).toMatchObject({ status: 1, stdout: "" });
});
