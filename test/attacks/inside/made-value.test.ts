// A value that a command of the person's prints, and a program in the run that would have that command run its own way, see what it says, or have it run without end.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../../support/agent-process.ts";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { makeTestCa } from "../../support/test-ca.ts";

/** An agent for runs goes within about a second of the last of them; a machine that is busy has longer. */
const GONE_MS = 5000;
const hasCurl = spawnSync("curl", ["--version"]).status === 0 && process.platform === "linux";

let server: Server;
let built: BuiltVault;
let port: number;
/** Values as they came, and those that the server refuses. */
let got: string[] = [];
let refused: ReadonlySet<string> = new Set();
let scripts: string;

beforeAll(async () => {
  const ca = makeTestCa();
  server = createServer(ca.identityFor("localhost"), (request, response) => {
    const value = (request.headers.authorization ?? "").replace("Bearer ", "");
    got.push(value);
    response.writeHead(refused.has(value) ? 401 : 200).end(`echo ${value}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
  built = openBuiltVault(`localhost:${port}`, "stored-value-0123456789", ca.certificate);
  scripts = join(built.folder, "scripts");
  mkdirSync(scripts);
});
afterEach(() => {
  built.vault(["secrets", "delete", "MADE"]);
  [got, refused] = [[], new Set()];
});
afterAll(() => {
  built.close();
  server.close();
});

/** A secret of a script's, which notes each time that it runs. */
function create(script: string, ...flags: readonly string[]): void {
  const path = join(scripts, "make");
  writeFileSync(path, `#!/bin/sh\necho run >> ${scripts}/runs\n${script}\n`);
  chmodSync(path, 0o755);
  built.vault(["secrets", "create", "MADE", "--host", `localhost:${port}`, "--source", "command", ...flags, "--", path]);
  writeFileSync(join(scripts, "runs"), "");
}

const runs = (): number => readFileSync(join(scripts, "runs"), "utf8").split("\n").length - 1;
const FETCH = `curl -sS -H "Authorization: Bearer $MADE" https://localhost:`;
const fetching = (): string => `${FETCH}${port}/`;
/** The main log, and those of all runs. */
const auditText = (): string => readdirSync(join(built.folder, "vault", "audit"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")).join("\n");
const socketPath = (): string => join(built.folder, "vault", "run", "agent.sock");
const statusPid = (): number | undefined => {
  const { source } = JSON.parse(built.vault(["status", "--json"])) as { source: { kind: string; pid?: number } };
  return source.pid;
};

describe.runIf(hasCurl)("(needs Linux and curl) a program in a run", () => {
  test("uses a value that is made when it is needed, and sees its placeholder alone", async () => {
    create("echo made-value-0001");
    const run = built.run(`env | grep -c '^MADE=vault_ph_'; ${fetching()}; ${fetching()}`);
    expect(await run.ended).toBe(0);
    expect(got).toEqual(["made-value-0001", "made-value-0001"]);
    expect(run.output()).not.toContain("made-value");
    expect(run.output()).toMatch(/^1\necho vault_ph_\w+echo vault_ph_\w+$/);
    expect(runs()).toBe(1);
    expect(auditText()).toContain('"kind":"value.made","secret":"MADE"');
    expect(auditText()).not.toContain("made-value");
  });

  test("does not get the command into its own folder, environment or PATH", async () => {
    create(`{ tool; pwd; env | cut -d= -f1; } > ${scripts}/told 2>&1; echo made-value-0001`);
    const evil = join(scripts, "evil");
    mkdirSync(evil);
    writeFileSync(join(evil, "tool"), "#!/bin/sh\necho hijacked\n");
    chmodSync(join(evil, "tool"), 0o755);
    // Whoever starts the run has another environment than the person who stored the secret, too.
    const run = built.run(`cd ${evil}; export PATH=${evil}:$PATH LD_PRELOAD=${evil}/x.so BASH_ENV=${evil}/tool HOME=${evil}; ${fetching()}`, { PATH: `${evil}:${process.env["PATH"] ?? ""}`, HOSTILE: "1" });
    await run.ended;
    const told = readFileSync(join(scripts, "told"), "utf8").split("\n");
    expect(got).toEqual(["made-value-0001"]);
    expect(told[0]).toMatch(/tool: (command )?not found/);
    expect(told[1]).toBe("/");
    expect(told.slice(2).filter((name) => !["", "HOME", "PATH", "PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([]);
  });

  test("does not see what the command says, not even where it fails", async () => {
    create(`test -e ${scripts}/broken && { echo "the master password is tr0ub4dor" >&2; exit 3; }; echo made-value-0001`);
    writeFileSync(join(scripts, "broken"), "");
    const run = built.run(`${fetching()} > ${built.folder}/answer 2>&1; cat ${built.folder}/answer; exit 0`, {}, ["--log", join(built.folder, "log.jsonl")]);
    await run.ended;
    unlinkSync(join(scripts, "broken"));
    expect(run.output()).toContain("its value could not be had from where it comes from");
    // The person hears it when the program has ended; the program's own output stands before.
    expect(run.output().split("warning:")[0]).not.toContain("tr0ub4dor");
    expect(run.output()).toContain("its program failed with status 3, and said: the master password is tr0ub4dor");
    expect(auditText()).toContain('"kind":"value.failed","secret":"MADE"');
    for (const told of [auditText(), readFileSync(join(built.folder, "log.jsonl"), "utf8")]) expect(told).not.toContain("tr0ub4dor");
    expect(got).toEqual([]);
  });

  test("does not have it run without end: by requests that fail, or that an accomplice refuses", async () => {
    create(`test -e ${scripts}/broken && exit 1; echo made-value-0001`, "--failure-ttl", "1h");
    writeFileSync(join(scripts, "broken"), "");
    await built.run(`for turn in 1 2 3 4 5 6 7 8; do ${fetching()}; done`).ended;
    expect([got, runs()]).toEqual([[], 1]);
    unlinkSync(join(scripts, "broken"));
    built.vault(["secrets", "delete", "MADE"]);
    create("echo made-value-0001", "--failure-ttl", "1h");
    refused = new Set(["made-value-0001"]);
    await built.run(`for turn in 1 2 3 4 5 6 7 8; do ${fetching()}; done`).ended;
    expect([got.length, runs()]).toEqual([8, 2]);
  });

  test("goes on with a new value when the old one is refused, and the person rotates what makes it in the middle", async () => {
    create(`echo "made-value-000$(wc -l < ${scripts}/runs)"`);
    refused = new Set(["made-value-0001"]);
    const run = built.run(`${fetching()}; echo; read line; ${fetching()}`);
    await run.said("echo vault_ph_");
    expect(got).toEqual(["made-value-0001", "made-value-0002"]);
    const other = join(scripts, "other");
    writeFileSync(other, "#!/bin/sh\necho rotated-value\n");
    chmodSync(other, 0o755);
    built.vault(["secrets", "rotate", "MADE", "--source", "command", "--", other]);
    await sleep(150);
    run.process.stdin?.end("\n");
    expect(await run.ended).toBe(0);
    expect(got.at(-1)).toBe("rotated-value");
    expect(run.output()).not.toMatch(/made-value|rotated-value/);
  });
});

describe.runIf(hasCurl)("(needs Linux and curl) the agent of runs", () => {
  test("is one for two runs at once, makes one value for both, and ends with the last", async () => {
    create("sleep 0.3; echo made-value-0001");
    const both = [built.run(`${fetching()}; read line; exit 0`), built.run(`${fetching()}; read line; exit 0`)];
    for (const run of both) await run.said("echo vault_ph_");
    expect(runs()).toBe(1);
    const pid = statusPid();
    expect(pid).toBeDefined();
    both[0]?.process.stdin?.end("\n");
    await both[0]?.ended;
    expect(isAlive(pid ?? 0)).toBe(true);
    both[1]?.process.stdin?.end("\n");
    await both[1]?.ended;
    await expect.poll(() => isAlive(pid ?? 0), { timeout: GONE_MS, interval: 50 }).toBe(false);
    expect(existsSync(socketPath())).toBe(false);
  });

  test("lends nobody the key of a vault with a passphrase once the run has ended", async () => {
    create("echo made-value-0001");
    const passphrase = join(built.folder, "passphrase");
    writeFileSync(passphrase, "a passphrase for this test\n", { mode: 0o600 });
    const locked = openBuiltVault(`localhost:${port}`, "stored-value-0123456789", makeTestCa().certificate);
    try {
      const script = join(locked.folder, "make");
      writeFileSync(script, "#!/bin/sh\necho made-value-0001\n", { mode: 0o700 });
      locked.vault(["secrets", "create", "MADE", "--host", `localhost:${port}`, "--source", "command", "--", script]);
      locked.vault(["rotate-master", "--new-provider", "passphrase", "--new-passphrase-file", passphrase]);
      locked.vault(["lock"]);
      expect(await locked.run("true", {}, ["--passphrase-file", passphrase]).ended).toBe(0);
      // Asked just once, and not again and again: whoever asks holds the agent up.
      await expect.poll(() => existsSync(join(locked.folder, "vault", "run", "agent.sock")), { timeout: GONE_MS, interval: 50 }).toBe(false);
      const next = locked.run("true");
      next.process.stdin?.end();
      expect(await next.ended).toBe(125);
    } finally {
      locked.close();
    }
  });

  test("is not started for stored secrets alone", async () => {
    create("echo made-value-0001");
    const run = built.run("sleep 0.3", {}, ["-s", "API_KEY"]);
    await sleep(200);
    expect(existsSync(socketPath())).toBe(false);
    expect(await run.ended).toBe(0);
  });

  test("killed in the middle of a making takes the run's secrets with it: nothing goes out any more, and the next run works", async () => {
    create(`test -e ${scripts}/slow && sleep 30; echo made-value-0001`);
    writeFileSync(join(scripts, "slow"), "");
    const run = built.run(`${fetching()} -w '%{http_code}'; ${fetching()}`);
    while (runs() === 0) await sleep(20);
    const pid = statusPid() ?? 0;
    process.kill(pid, "SIGKILL");
    await run.ended;
    expect(got).toEqual([]);
    expect(run.output()).toContain("was not sent");
    unlinkSync(join(scripts, "slow"));
    await built.run(fetching()).ended;
    expect(got).toEqual(["made-value-0001"]);
  });

  test("forgets at vault lock, and the run with it", async () => {
    create("echo made-value-0001");
    const run = built.run(`${fetching()}; echo; read line; ${fetching()}`);
    await run.said("echo vault_ph_");
    built.vault(["lock"]);
    run.process.stdin?.end("\n");
    await run.ended;
    expect(got).toHaveLength(1);
    expect(run.output()).toContain("the vault was locked after this run began");
  });
});
