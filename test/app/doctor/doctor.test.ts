import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, existsSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { KeyCustody } from "../../../src/agent/server/key-custody.ts";
import { listenPrivately } from "../../../src/agent/server/private-socket.ts";
import { AgentServer } from "../../../src/agent/server/server.ts";
import { systemTime } from "../../../src/agent/time/time.ts";
import { examine } from "../../../src/app/doctor/doctor.ts";
import type { Finding } from "../../../src/app/doctor/finding.ts";
import { makeVault } from "../../../src/app/keys/make-vault.ts";
import { loadKek, requireVault, withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { openRunTrail } from "../../../src/app/runs/run-trail.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { worstStatus } from "../../../src/cli/output/doctor-lines.ts";
import { identifyThisProcess } from "../../../src/disk/process-identity.ts";
import type { VaultPaths } from "../../../src/paths.ts";
import { Secret } from "../../../src/secret.ts";
import { holdKek } from "../../../src/vault/local-holder.ts";
import type { VaultContents, VaultFile } from "../../../src/vault/vault-file.ts";
import { encodeVaultFile } from "../../../src/vault/vault-file.ts";
import type { Home } from "../../support/home.ts";
import { addSecret, makeHome, makeVaultHome } from "../../support/home.ts";
import { can } from "../../support/machine.ts";
import { createServer } from "../../support/raw-sockets.ts";

const LEAST_COST = { memoryKib: 19_456, passes: 2 };
const isRoot = process.geteuid?.() === 0;

const problemsOf = (findings: readonly Finding[]): string[] => findings.flatMap((finding) => (finding.level === "problem" ? [`${finding.check} ${finding.code}`] : []));
const notesOf = (findings: readonly Finding[]): string[] => findings.filter(({ level }) => level === "note").map(({ check }) => check);

function messageOf(findings: readonly Finding[], check: string): string {
  return findings.flatMap((finding) => (finding.check === check && finding.level !== "ok" ? [`${finding.message} => ${finding.fix ?? ""}`] : [])).join("\n");
}

/** Writes contents that only the key's owner could have written, and leaves the anchor behind as a crash would. */
async function writeAuthentic({ surroundings }: Home, change: (contents: VaultContents) => VaultContents): Promise<void> {
  const file = await requireVault(surroundings);
  const kek = await loadKek(surroundings, file);
  const changed = change(file.contents);
  writeFileSync(surroundings.paths.vaultFile, await encodeVaultFile({ ...changed, generation: changed.generation + 1 }, holdKek(kek, file.contents.id)));
}

/** An agent in this process. */
async function startAgentFor(surroundings: Surroundings, file: VaultFile, vaultId = file.contents.id): Promise<void> {
  const kek = await loadKek(surroundings, file);
  const { keyId, commitment } = holdKek(kek, vaultId);
  const listener = await listenPrivately(surroundings.paths.agent);
  if (listener === undefined) throw new Error("an agent runs already");
  const server = new AgentServer(listener, new KeyCustody({ vaultId, kek, keyId, commitment, ttlMs: 3_600_000, idleMs: 600_000 }, systemTime));
  onTestFinished(() => { server.close(); });
}

async function makeRun(surroundings: Surroundings): Promise<void> {
  await withOpenVault(surroundings, async (vault) => {
    const trail = await openRunTrail(surroundings, vault, "00112233aabbccdd", { kind: "run.start", program: "true" });
    trail.enter({ kind: "secret.use", secret: "A" });
    await trail.close({ kind: "run.end", status: 0 });
  });
}

/** Every file below a folder, with its content, mode and time of change. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort().map((name) => {
    const stat = statSync(join(folder, name), { bigint: true });
    return `${name} ${stat.mode} ${stat.mtimeNs} ${stat.ino} ${stat.isFile() ? readFileSync(join(folder, name), "base64") : ""}`;
  });
}

describe("a healthy vault", () => {
  test("has no problem and nothing to note, and is left as it was", async () => {
    const { surroundings } = await makeVaultHome("A", "B");
    await makeRun(surroundings);
    const root = dirname(dirname(surroundings.paths.dataFolder));
    const before = snapshot(root);
    const findings = await examine(surroundings);
    expect(findings.filter(({ level, check }) => level !== "ok" && check !== "node" && check !== "file-system")).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(["node", "permissions", "file-system", "locks", "left-overs", "vault", "anchor", "agent", "key", "secrets", "audit", "trust"]);
    expect(worstStatus(findings)).toBe(0);
    expect(snapshot(root)).toEqual(before);
  });

  test("with a passphrase, has what needs no key checked; nobody is asked", async () => {
    const { surroundings } = makeHome();
    await makeVault(surroundings, { provider: "passphrase", ask: () => Promise.resolve(Secret.fromText("correct horse")), cost: LEAST_COST });
    const findings = await examine({ ...surroundings, hasGivenPassphrase: true });
    expect(problemsOf(findings)).toEqual([]);
    expect(messageOf(findings, "secrets")).toContain("vault unlock; vault doctor");
    expect(findings.find(({ check }) => check === "audit")?.message).toContain("unbroken");
  });

  test("is opened by the agent, where one has the key", async () => {
    const { surroundings } = await makeVaultHome("A");
    await startAgentFor(surroundings, await requireVault(surroundings));
    rmSync(surroundings.paths.keyFile);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual(["key key-unavailable"]);
    expect(findings.find(({ check }) => check === "agent")).toMatchObject({ level: "ok", message: expect.stringContaining("60 minutes") });
    expect(findings.find(({ check }) => check === "secrets")).toMatchObject({ level: "ok", message: expect.stringContaining("(1)") });
  });

  test("in a variable, has a note that other programs can read it", async () => {
    const { surroundings } = makeHome({ THE_KEY: Buffer.from(new Uint8Array(32).map((_, index) => index)).toString("base64") });
    await makeVault(surroundings, { provider: "env", variable: "THE_KEY" });
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual([]);
    expect(messageOf(findings, "environment")).toContain("/proc/<pid>/environ");
    expect(problemsOf(await examine({ ...surroundings, variables: {} }))).toEqual(["key key-unavailable"]);
  });
});

describe("no vault", () => {
  test("is status 3 with the way to make one", async () => {
    const findings = await examine(makeHome().surroundings);
    expect(problemsOf(findings)).toEqual(["vault no-vault"]);
    expect(messageOf(findings, "vault")).toContain("vault init");
    expect(worstStatus(findings)).toBe(3);
  });

  test("where there has been one, a backup is named first", async () => {
    const { surroundings } = await makeVaultHome();
    rmSync(surroundings.paths.vaultFile);
    expect(messageOf(await examine(surroundings), "vault")).toMatch(/there has been one => restore/);
  });
});

describe("who can get at it", () => {
  test.each<[what: string, mess: (paths: VaultPaths) => void, fix: RegExp]>([
    ["vault file open to others", ({ vaultFile }) => { chmodSync(vaultFile, 0o644); }, /chmod 600 .*vault\.json/],
    ["data folder writable", ({ dataFolder }) => { chmodSync(dataFolder, 0o770); }, /chmod 700 .*data\/vault/],
    ["key file readable", ({ keyFile }) => { chmodSync(keyFile, 0o640); }, /chmod 600 .*kek\.key/],
    ["key file's folder writable", ({ keyFile }) => { chmodSync(dirname(keyFile), 0o777); }, /chmod 700 .*keys/],
    ["anchor readable", ({ anchorFile }) => { chmodSync(anchorFile, 0o604); }, /chmod 600 .*anchor/],
    ["audit folder writable", ({ auditFolder }) => { chmodSync(auditFolder, 0o720); }, /chmod 700 .*audit/],
    ["audit log readable", ({ auditFolder }) => { chmodSync(join(auditFolder, "audit.jsonl"), 0o644); }, /chmod 600 .*audit\.jsonl/],
    ["folder above writable", ({ dataFolder }) => { chmodSync(dirname(dataFolder), 0o777); }, /chmod o-w .*data/],
    ["runtime folder open", ({ runtimeFolder }) => { mkdirSync(runtimeFolder, { recursive: true }); chmodSync(runtimeFolder, 0o755); }, /chmod 700 .*run/],
    ["vault file behind a link", ({ vaultFile }) => { renameSync(vaultFile, `${vaultFile}.real`); symlinkSync(`${vaultFile}.real`, vaultFile); }, /put the file itself/],
    ["key file behind a link", ({ keyFile }) => { renameSync(keyFile, `${keyFile}.real`); symlinkSync(`${keyFile}.real`, keyFile); }, /put the file itself/],
  ])("%s", async (_, mess, fix) => {
    const { surroundings } = await makeVaultHome("A");
    mess(surroundings.paths);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual(["permissions unsafe-file"]);
    expect(messageOf(findings, "permissions")).toMatch(fix);
    expect(worstStatus(findings)).toBe(6);
  });

  test.skipIf(!isRoot)("another user's file", async () => {
    const { surroundings } = await makeVaultHome();
    chownSync(surroundings.paths.vaultFile, 12_345, 12_345);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual(["permissions unsafe-file"]);
    expect(messageOf(findings, "permissions")).toContain("sudo chown 0 ");
  });

  test("something that is no socket has the socket's name", async () => {
    const { surroundings } = await makeVaultHome();
    const { folder, socket } = surroundings.paths.agent;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(socket, "", { mode: 0o600 });
    expect(problemsOf(await examine(surroundings))).toEqual(["permissions unsafe-file"]);
  });

  test("a second name of the vault file is a note", async () => {
    const { surroundings } = await makeVaultHome();
    linkSync(surroundings.paths.vaultFile, `${surroundings.paths.vaultFile}.too`);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual([]);
    expect(messageOf(findings, "permissions")).toContain("-samefile");
  });
});

describe("the vault file", () => {
  test.each<[what: string, mess: (paths: VaultPaths) => void, code: string, status: number]>([
    ["cut", ({ vaultFile }) => { truncateSync(vaultFile, 200); }, "not-canonical", 6],
    ["re-formatted", ({ vaultFile }) => { writeFileSync(vaultFile, JSON.stringify(JSON.parse(readFileSync(vaultFile, "utf8")))); }, "not-canonical", 6],
    ["damaged", ({ vaultFile }) => { edit(vaultFile, '"generation": 2', '"generation": 3'); }, "bad-checksum", 6],
    ["of a newer version", ({ vaultFile }) => { edit(vaultFile, '"features": []', '"features": ["later"]'); }, "newer-version", 11],
  ])("%s", async (_, mess, code, status) => {
    const { surroundings } = await makeVaultHome("A");
    mess(surroundings.paths);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual([`vault ${code}`]);
    expect(worstStatus(findings)).toBe(status);
  });

  test("written without the key", async () => {
    const home = await makeVaultHome("A");
    const { paths } = home.surroundings;
    const other = await makeVaultHome();
    const file = await requireVault(home.surroundings);
    const foreign = holdKek(await loadKek(other.surroundings, await requireVault(other.surroundings)), file.contents.id);
    writeFileSync(paths.vaultFile, await encodeVaultFile({ ...file.contents, generation: file.contents.generation + 1 }, foreign));
    const findings = await examine(home.surroundings);
    expect(problemsOf(findings)).toEqual(["vault bad-mac"]);
    expect(worstStatus(findings)).toBe(6);
  });

  test("with a secret that does not open, which is named", async () => {
    const home = await makeVaultHome("FINE", "SPOILT", "FINE_TOO");
    await writeAuthentic(home, (contents) => ({ ...contents, secrets: contents.secrets.map((secret) => (secret.name === "SPOILT" ? { ...secret, hosts: ["evil.example.com:443"] } : secret)) }));
    const findings = await examine(home.surroundings);
    expect(problemsOf(findings)).toEqual(["secrets bad-wrap"]);
    expect(messageOf(findings, "secrets")).toContain('the secret "SPOILT"');
    expect(worstStatus(findings)).toBe(6);
  });
});

describe("the rollback anchor", () => {
  test("an older vault file", async () => {
    const { surroundings } = await makeVaultHome("A");
    const old = readFileSync(surroundings.paths.vaultFile);
    await addSecret(surroundings, "B");
    writeFileSync(surroundings.paths.vaultFile, old);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual(["anchor rolled-back"]);
    expect(worstStatus(findings)).toBe(6);
  });

  test("another vault's", async () => {
    const { surroundings } = await makeVaultHome();
    const other = await makeVaultHome();
    writeFileSync(surroundings.paths.anchorFile, readFileSync(other.surroundings.paths.anchorFile));
    expect(problemsOf(await examine(surroundings))).toEqual(["anchor rolled-back"]);
  });

  test("a damaged one", async () => {
    const { surroundings } = await makeVaultHome();
    writeFileSync(surroundings.paths.anchorFile, "{");
    expect(problemsOf(await examine(surroundings))).toEqual(["anchor rolled-back"]);
  });

  test("a missing one, or one that lags behind, is a note", async () => {
    const home = await makeVaultHome();
    await writeAuthentic(home, (contents) => contents);
    const lagging = await examine(home.surroundings);
    expect([problemsOf(lagging), messageOf(lagging, "anchor")]).toEqual([[], expect.stringContaining("the next command that uses the key")]);
    rmSync(home.surroundings.paths.anchorFile);
    const missing = await examine(home.surroundings);
    expect([problemsOf(missing), messageOf(missing, "anchor")]).toEqual([[], expect.stringContaining("no rollback anchor")]);
  });
});

describe("the key", () => {
  test.each<[what: string, mess: (paths: VaultPaths) => void, problem: string, status: number]>([
    ["missing", ({ keyFile }) => { rmSync(keyFile); }, "key key-unavailable", 9],
    ["another one", ({ keyFile }) => { writeFileSync(keyFile, `${Buffer.from(new Uint8Array(32).map((_, index) => index)).toString("base64")}\n`); }, "key wrong-key", 5],
    ["no key at all", ({ keyFile }) => { writeFileSync(keyFile, "hello"); }, "key wrong-key", 5],
  ])("%s", async (_, mess, problem, status) => {
    const { surroundings } = await makeVaultHome("A");
    mess(surroundings.paths);
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual([problem]);
    expect(notesOf(findings)).toContain("secrets");
    expect(worstStatus(findings)).toBe(status);
    expect(JSON.stringify(findings)).not.toContain("hello");
  });

  test("one that was staged beside it and is not in use is a note; the one in force is told apart", async () => {
    const { surroundings } = await makeVaultHome("A");
    const { keyFile } = surroundings.paths;
    const unused = `${keyFile}.${"a".repeat(32)}`;
    writeFileSync(unused, "", { mode: 0o600 });
    const withUnused = await examine(surroundings);
    expect([problemsOf(withUnused), messageOf(withUnused, "key")]).toEqual([[], expect.stringContaining(`rm ${unused}`)]);
    rmSync(unused);
    renameSync(keyFile, `${keyFile}.${Buffer.from((await requireVault(surroundings)).contents.slot.keyId).toString("hex")}`);
    const pending = await examine(surroundings);
    expect([problemsOf(pending), messageOf(pending, "key")]).toEqual([[], expect.stringContaining("the key in force")]);
  });
});

describe("the audit log", () => {
  test.each<[what: string, mess: (folder: string) => void]>([
    ["edited", (folder) => { edit(join(folder, "audit.jsonl"), "vault.init", "vault.Init"); }],
    ["cut", (folder) => { const path = join(folder, "audit.jsonl"); writeFileSync(path, readFileSync(path, "utf8").split("\n").slice(0, 1).join("\n") + "\n"); }],
    ["gone", (folder) => { rmSync(join(folder, "audit.jsonl")); }],
    ["added to", (folder) => { appendFileSync(join(folder, "audit.jsonl"), "{}\n"); }],
    ["a run's part edited", (folder) => { edit(join(folder, "runs", "00112233aabbccdd.jsonl"), "secret.use", "secret.Use"); }],
  ])("%s", async (_, mess) => {
    const { surroundings } = await makeVaultHome("A");
    await makeRun(surroundings);
    mess(surroundings.paths.auditFolder);
    expect(problemsOf(await examine(surroundings))).toEqual(["audit audit-broken"]);
    // Without the key, whatever breaks the chain or a head that is vouched for is still seen.
    rmSync(surroundings.paths.keyFile);
    expect(problemsOf(await examine(surroundings))).toEqual(["key key-unavailable", "audit audit-broken"]);
  });
});

// Root may write anywhere but where the file system itself is read-only.
test.skipIf(isRoot && !can.mount)("an audit folder that cannot be written to (as root, needs mounts)", async () => {
  const { surroundings } = await makeVaultHome("A");
  const { auditFolder } = surroundings.paths;
  chmodSync(auditFolder, 0o500);
  if (isRoot) spawnSync("sh", ["-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', auditFolder]);
  try {
    const findings = await examine(surroundings);
    expect([problemsOf(findings), worstStatus(findings)]).toEqual([["audit audit-unwritable"], 12]);
  } finally {
    if (isRoot) spawnSync("umount", [auditFolder]);
    chmodSync(auditFolder, 0o700);
  }
});

describe("what others hold, or left behind", () => {
  const dead = { ...identifyThisProcess(), start: "0", ticket: "0".repeat(24) };

  test("a lock of a dead process, a draft, temporary files and a run's folder are notes", async () => {
    const { surroundings } = await makeVaultHome("A");
    const { lockFile, vaultFile, keyFile, runtimeFolder } = surroundings.paths;
    writeFileSync(lockFile, JSON.stringify(dead), { mode: 0o600 });
    writeFileSync(`${lockFile}.draft-${"b".repeat(24)}`, JSON.stringify(dead), { mode: 0o600 });
    writeFileSync(`${lockFile}.draft-${"c".repeat(24)}`, JSON.stringify(identifyThisProcess()), { mode: 0o600 });
    for (const path of [vaultFile, keyFile]) writeFileSync(join(dirname(path), `.${path.split("/").at(-1) ?? ""}.4294967-0123456789ab.tmp`), "", { mode: 0o600 });
    const run = join(runtimeFolder, "runs", "run-4294967-0123456789abcdef");
    mkdirSync(run, { recursive: true, mode: 0o700 });
    writeFileSync(join(run, "holder.json"), JSON.stringify(dead));
    const findings = await examine(surroundings);
    expect(problemsOf(findings)).toEqual([]);
    expect(notesOf(findings).filter((check) => check !== "node" && check !== "file-system")).toEqual(["locks", "locks", "left-overs", "left-overs", "left-overs"]);
    expect(existsSync(run)).toBe(true);
  });

  test("a lock of a live process is a note; one of another machine is a problem", async () => {
    const { surroundings } = await makeVaultHome();
    const { lockFile } = surroundings.paths;
    writeFileSync(lockFile, JSON.stringify({ ...identifyThisProcess(), ticket: "1".repeat(24) }), { mode: 0o600 });
    const live = await examine(surroundings);
    expect([problemsOf(live), messageOf(live, "locks")]).toEqual([[], expect.stringContaining(`ps -p ${process.pid}`)]);
    writeFileSync(lockFile, JSON.stringify({ ...dead, host: "elsewhere" }));
    const foreign = await examine(surroundings);
    expect([problemsOf(foreign), worstStatus(foreign)]).toEqual([["locks busy"], 10]);
    expect(messageOf(foreign, "locks")).toContain(`rm ${lockFile}`);
  });
});

describe("the agent", () => {
  test("with another vault's key is a note", async () => {
    const { surroundings } = await makeVaultHome();
    await startAgentFor(surroundings, await requireVault(surroundings), new Uint8Array(16).fill(7));
    const findings = await examine(surroundings);
    expect([problemsOf(findings), messageOf(findings, "agent")]).toEqual([[], expect.stringContaining("the key of another vault")]);
  });

  test("that does not answer is a problem", async () => {
    const { surroundings } = await makeVaultHome();
    const { folder, socket, token } = surroundings.paths.agent;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(token, new Uint8Array(32), { mode: 0o600 });
    const server = createServer((stranger) => { stranger.end("?"); }).listen(socket);
    onTestFinished(() => { server.close(); });
    await new Promise((resolve) => server.once("listening", resolve));
    chmodSync(socket, 0o600);
    const findings = await examine(surroundings);
    expect([problemsOf(findings), worstStatus(findings)]).toEqual([["agent busy"], 10]);
  });

  test("that died left a socket where nobody listens: nothing is wrong", async () => {
    const { surroundings } = await makeVaultHome();
    const { folder, token } = surroundings.paths.agent;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(token, new Uint8Array(32), { mode: 0o600 });
    expect(problemsOf(await examine(surroundings))).toEqual([]);
  });
});

/** Replaces the first match, which must be there. */
function edit(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, "utf8");
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  writeFileSync(path, edited);
}
