// `vault lock` is typed while a program runs that wants to go on using its secrets. It is the same user as vault: it removes, links, renames and replaces files and folders that processes find each other by,
// puts them back afterwards, stops processes, answers in the agent's place, invents runs. Nothing of that keeps lock from reaching the run; where a run has no way to answer, lock says which, and its status is not 0.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BuiltVault, VaultRun } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { RawUpstream } from "../../support/raw-upstream.ts";
import { openRawUpstream } from "../../support/raw-upstream.ts";
import { hasTools } from "../../support/transcript.ts";

const canPlay = process.platform === "linux" && hasTools();

let upstream: RawUpstream;
let built: BuiltVault;
beforeAll(async () => {
  upstream = await openRawUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => {
  built = openBuiltVault(`localhost:${upstream.port}`, VALUE, upstream.certificate);
  return () => {
    vaultIn(vaultFolder(), "lock");
    built.close();
  };
});

const vaultFolder = (): string => join(built.folder, "vault");
const curl = (path: string): string => `curl -s --max-time 10 https://localhost:${upstream.port}${path} -H "Authorization: Bearer $API_KEY"`;
const received = (path: string): string => upstream.received().split(`GET ${path} `)[1] ?? "nothing";

function vaultIn(folder: string, ...args: readonly string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(NODE, [RUN_JS, ...args], { env: { PATH: process.env["PATH"] ?? "", HOME: built.folder, TMPDIR: built.folder, VAULT_DIR: folder }, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

/** Also of one that has ended, and whose parent has not asked for its status. */
const hasEnded = (pid: number): boolean => !existsSync(`/proc/${pid}/stat`) || readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");

function agentPid(): number {
  return (JSON.parse(built.vault(["status", "--json"])) as { source: { pid: number } }).source.pid;
}

/** Starts the program, which uses its secret, does `before`, and waits; when it is told to go on, does `after`, and tries its secret again. */
async function start(before: string, after = ":"): Promise<{ readonly run: VaultRun; readonly goOn: () => Promise<string> }> {
  const go = join(built.folder, "go");
  const unique = Math.random().toString(36).slice(2);
  const run = built.run(`D='${vaultFolder()}'; R="$D/run"; ${curl(`/before-${unique}`)}; ${before}; echo ready; while [ ! -e ${go} ]; do sleep 0.05; done; ${after}; ${curl(`/after-${unique}`)}`);
  await run.said("ready");
  expect(received(`/before-${unique}`)).toContain(VALUE);
  const goOn = async (): Promise<string> => {
    writeFileSync(go, "");
    await run.ended;
    expect(received(`/after-${unique}`)).toBe("nothing");
    return run.output();
  };
  return { run, goOn };
}

const evasions: readonly (readonly [name: string, before: string, after: string])[] = [
  ["removes whatever the lock has left", "rm -f $R/locked", "rm -f $R/locked"],
  ["keeps a link to each file, and puts it back", "for f in $R/*; do [ -d $f ] || ln $f $D/kept-$(basename $f); done", "for f in $R/*; do [ -d $f ] || mv -f $D/kept-$(basename $f) $f; done"],
  ["moves the runtime folder away, and back", "mv $R $D/away; mkdir -m 700 $R", "rm -rf $R; mv $D/away $R"],
  ["moves the vault's whole folder away, and back", "mv $D $D.away; mkdir -m 700 $D", "rm -rf $D; mv $D.away $D"],
  ["moves it away and leaves a link to another", "mv $D $D.away; mkdir -m 700 $D.other; ln -s $D.other $D", "rm -f $D; mv $D.away $D"],
];

describe.runIf(canPlay)("(needs Linux, curl and python3) lock reaches a run whose program", () => {
  for (const key of ["a key file", "an agent"] as const) {
    it.each(evasions)(`%s, and which has its key from ${key}`, async (_name, before, after) => {
      vaultIn(vaultFolder(), "lock");
      if (key === "an agent") built.vault(["unlock"]);
      const agent = key === "an agent" ? agentPid() : undefined;
      const { goOn } = await start(before, after);
      expect(vaultIn(vaultFolder(), "lock")).toMatchObject({ status: 0 });
      if (agent !== undefined) await expect.poll(() => hasEnded(agent)).toBe(true);
      expect(await goOn()).toContain("locked");
    });
  }

  it("was started by another name of the vault's folder", async () => {
    const other = join(built.folder, "other-name");
    symlinkSync(vaultFolder(), other);
    const { goOn } = await start(":");
    expect(vaultIn(other, "lock")).toMatchObject({ status: 0 });
    expect(await goOn()).toContain("locked");
  });

  it("moves the agent's socket and token away for the moment of the lock", async () => {
    built.vault(["unlock"]);
    const pid = agentPid();
    const { goOn } = await start("mkdir $R/hidden; mv $R/agent.* $R/hidden/");
    expect(vaultIn(vaultFolder(), "lock")).toMatchObject({ status: 0 });
    await expect.poll(() => hasEnded(pid)).toBe(true);
    await goOn();
  });

  it("stops the agent, which then is killed", async () => {
    built.vault(["unlock"]);
    const pid = agentPid();
    const { goOn } = await start(`kill -STOP ${pid}`);
    const lock = vaultIn(vaultFolder(), "lock");
    expect(lock).toMatchObject({ status: 0, out: "locked\n" });
    expect(lock.err).toContain(`the agent (process ${pid}) could not be asked, and was killed`);
    await expect.poll(() => hasEnded(pid)).toBe(true);
    await goOn();
  });

  it("listens in the agent's place", async () => {
    built.vault(["unlock"]);
    const pid = agentPid();
    const listen = `require("net").createServer((socket) => socket.on("error", () => 0).resume()).listen(process.argv[1])`;
    const { goOn } = await start(`mv $R/agent.sock $R/real.sock; "${NODE}" -e '${listen}' $R/agent.sock & fake=$!; until [ -e $R/agent.sock ]; do sleep 0.05; done`, "kill $fake");
    expect(vaultIn(vaultFolder(), "lock")).toMatchObject({ status: 0 });
    await expect.poll(() => hasEnded(pid)).toBe(true);
    await goOn();
  });

  it("invents further runs, which are named", async () => {
    const names = join(built.folder, "invent.mjs");
    writeFileSync(names, `import { readFileSync } from "node:fs"; import { createServer } from "node:net";
      const [row] = readFileSync("/proc/net/unix", "latin1").split("\\n").filter((line) => line.includes("@vault/run/" + process.argv[2] + "/"));
      const name = row.split(" @")[1].replaceAll("@", "").replace(/\\/run\\/[0-9]+/, "/run/" + process.pid);
      createServer().listen({ path: "\\0" + name }, () => console.log("invented", process.pid));`);
    const { run, goOn } = await start(`"${NODE}" ${names} $PPID & sleep 0.2; until grep -q "@vault/run/$!/" /proc/net/unix; do sleep 0.05; done`, "kill $!");
    // It listens a moment before it says so.
    await expect.poll(() => run.output()).toMatch(/invented \d+\n/);
    const lock = vaultIn(vaultFolder(), "lock", "--json");
    expect(lock.status).toBe(10);
    const invented = Number(/invented (\d+)/.exec(run.output())?.[1]);
    expect(JSON.parse(lock.out)).toMatchObject({ state: "locked", unreached: [{ pid: invented }] });
    expect(await goOn()).toContain("locked");
  });
});

describe.runIf(canPlay)("(needs Linux, curl and python3) a run that cannot answer", () => {
  it("because it was stopped is named, with the way to end it, and is locked as soon as it goes on", async () => {
    const { run, goOn } = await start("echo ready; kill -STOP $PPID");
    const pid = run.process.pid ?? 0;
    await expect.poll(() => spawnSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim()).toBe("T");
    const lock = vaultIn(vaultFolder(), "lock");
    expect(lock).toMatchObject({ status: 10, out: "locked (no agent held the key), but for 1 run that did not answer\n" });
    expect(lock.err).toMatch(new RegExp(`the run of process ${pid} \\(since 20[-0-9]+T[:.0-9]+Z\\) did not answer.*kill -KILL ${pid}`));
    run.process.kill("SIGCONT");
    expect(await goOn()).toContain("locked");
  });
});

describe.runIf(canPlay)("(needs Linux, curl and python3) the agent's end", () => {
  it("by force locks the runs that had their secrets from it", async () => {
    built.vault(["unlock"]);
    const { goOn } = await start(`kill -KILL ${agentPid()}; sleep 0.2`);
    expect(await goOn()).toContain("locked");
  });

  it("by its time does not, as it never did, and lock reaches them all the same", async () => {
    built.vault(["unlock", "--ttl", "3s"]);
    const pid = agentPid();
    const [go, unlocked] = [join(built.folder, "expired"), "/when-the-time-is-over"];
    const { run, goOn } = await start(`echo ready; until [ -e ${go} ]; do sleep 0.05; done; ${curl(unlocked)}; echo served`);
    await expect.poll(() => hasEnded(pid), { timeout: 10_000 }).toBe(true);
    writeFileSync(go, "");
    await run.said("served");
    expect(received(unlocked)).toContain(VALUE);
    expect(vaultIn(vaultFolder(), "lock")).toMatchObject({ status: 0, out: "locked (no agent held the key)\n" });
    expect(await goOn()).toContain("locked");
  });
});
