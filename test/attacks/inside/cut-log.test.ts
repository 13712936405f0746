// A program in a run has used a secret for something that nobody is to know of, and takes care of the record: it kills the run before it can write its end, and cuts the run's log,
// or all that the main log has of the run, or puts back a log that it had kept. As the same user it can write to all of these files. Each of these is named when the log is verified,
// a run that goes on is known as such, and what a later command writes makes nothing good.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { BuiltVault, VaultRun } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { RawServer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";
import { hasTools } from "../../support/transcript.ts";

const ca = makeTestCa();
/** One entry of the run's log. */
const ask = (): string => `curl -s -i https://localhost:${server.port}/ -H "Authorization: Bearer $API_KEY"`;

let server: RawServer;
let built: BuiltVault;
let audit: string;

beforeAll(async () => {
  server = await openRawServer(ca.identityFor("localhost"), () => plainAnswer("fine"));
});
afterAll(() => server.close());

beforeEach(() => {
  built = openBuiltVault(`localhost:${server.port}`, VALUE, ca.certificate);
  audit = join(built.folder, "vault", "audit");
  const { folder } = built;
  onTestFinished(() => {
    spawnSync(NODE, [RUN_JS, "lock"], { env: { HOME: folder, VAULT_DIR: join(folder, "vault") } });
    built.close();
  });
});

/** A run that has used its secret so often, and now waits for a line on its stdin. */
async function startRun(uses = 3): Promise<VaultRun> {
  const run = built.run(`${Array.from({ length: uses }, ask).join("; ")}; echo used; while read command; do eval "$command"; done`);
  await run.said("used");
  return run;
}

async function killRun(run: VaultRun): Promise<void> {
  run.process.kill("SIGKILL");
  await run.ended;
  run.process.stdin?.end();
}

async function endRun(run: VaultRun): Promise<void> {
  run.process.stdin?.end();
  await run.ended;
}

async function tellVault(...args: readonly string[]): Promise<{ readonly status: unknown; readonly said: string }> {
  const run = built.start(NODE, [RUN_JS, ...args], built.folder);
  return { status: await run.ended, said: run.output() };
}

const verify = (): ReturnType<typeof tellVault> => tellVault("audit", "--verify");

const logFile = (): string => join(audit, "audit.jsonl");
const linesOf = (path: string): string[] => readFileSync(path, "utf8").trimEnd().split("\n");
const writeLines = (path: string, lines: readonly string[]): void => { writeFileSync(path, lines.map((line) => `${line}\n`).join("")); };
const segment = (): string => join(audit, "runs", readdirSync(join(audit, "runs"))[0] ?? "");
/** Nothing in the main log is left of runs, nor what the vault was told behind its last change. */
const dropRuns = (): void => { writeLines(logFile(), linesOf(logFile()).filter((line) => !/"kind":"(?:run|vault\.unlock)/.test(line))); };

describe.skipIf(!hasTools())("a run that goes on (needs curl)", () => {
  it("is known as such, and nothing is wrong; when it has ended, nothing is wrong either", async () => {
    const run = await startRun();
    const during = await verify();
    expect(during).toMatchObject({ status: 0, said: expect.stringMatching(/^run [0-9a-f]{16} \(sh, process \d+\) goes on since /m) as string });
    await endRun(run);
    expect(await verify()).toMatchObject({ status: 0, said: expect.stringMatching(/^4 entries and 1 runs verified\n$/) as string });
  });

  it.each<[string, () => void]>([
    ["loses its last line", () => { writeLines(segment(), linesOf(segment()).slice(0, -1)); }],
    ["is removed", () => { rmSync(segment()); }],
    ["is put aside, with a copy in its place", () => { const path = segment(); renameSync(path, `${audit}/kept`); copyFileSync(`${audit}/kept`, path); }],
  ])("notices itself when its log %s, tells the person, and lets nothing out any more", async (_what, cut) => {
    const run = await startRun();
    // What was written so far was found whole by then.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    cut();
    run.process.stdin?.write(`${ask()}\n`);
    await run.said("no secret of this run goes out any more");
    expect(run.output()).toMatch(/warning: the log of run [0-9a-f]{16} in ".*" was cut, or put aside, by another process/);
    const before = server.received().length;
    run.process.stdin?.write(`${ask()}\n`);
    await run.said("x-vault-refusal: audit");
    expect(server.received().slice(before)).toBe("");
    await endRun(run);
    expect((await verify()).status).toBe(6);
  }, 60_000);

  it("notices when it ends that the main log has lost its start, and says so", async () => {
    const run = await startRun(1);
    writeLines(logFile(), linesOf(logFile()).slice(0, -1));
    rmSync(join(audit, "head.json"));
    await endRun(run);
    expect(run.output()).toMatch(/warning: the audit log in ".*" cannot be written, so nothing was done: the audit log ends at entry 2/);
    expect((await verify()).status).toBe(6);
  });
});

describe.skipIf(!hasTools())("a run that is killed (needs curl)", () => {
  it.each<[string, () => void]>([
    ["left as it was", () => undefined],
    ["cut by a line", () => { writeLines(segment(), linesOf(segment()).slice(0, -1)); }],
  ])("is named, whether or not its log was cut: %s", async (_what, cut) => {
    await killRun(await startRun());
    cut();
    const { status, said } = await verify();
    expect(status).toBe(6);
    expect(said).toMatch(/^entry 3 of .*: run [0-9a-f]{16} \(sh\) has no end, and does not run any more: it was killed, or its end was cut off; its log goes up to entry \d+$/m);
    expect(said).toContain("once you know what happened: vault audit --accept 3");
  });

  it("is settled once its owner says so, and what its log has then is known", async () => {
    await killRun(await startRun());
    expect((await tellVault("audit", "--accept", "2")).said).toContain("entry 2 is in no doubt");
    expect(await tellVault("audit", "--accept", "3")).toMatchObject({ status: 0 });
    expect((await verify()).status).toBe(0);
    writeLines(segment(), linesOf(segment()).slice(0, -1));
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringContaining("entries 3 to 3 are missing") as string });
  });

  it("is named where the main log has lost all that it had of runs, and the head file with it", async () => {
    await killRun(await startRun());
    rmSync(join(audit, "runs"), { recursive: true });
    dropRuns();
    rmSync(join(audit, "head.json"));
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringMatching(/^entry 3: the head file ".*head\.json" is missing: entries that stood last may have been cut off/m) as string });
    // What is written next does not make it good.
    built.vault(["secrets", "update", "API_KEY", "--host", "localhost"]);
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringMatching(/^entry 3 of .*: the head file was lost before this entry: entries that stood last may have been cut off/m) as string });
    expect(await tellVault("audit", "--accept", "3")).toMatchObject({ status: 0 });
    expect((await verify()).status).toBe(0);
  });

  it("is named where the head file was made up", async () => {
    const before = linesOf(logFile());
    await killRun(await startRun());
    rmSync(join(audit, "runs"), { recursive: true });
    writeLines(logFile(), before);
    const { prev } = JSON.parse(linesOf(logFile())[1] ?? "") as { readonly prev: string };
    writeFileSync(join(audit, "head.json"), JSON.stringify({ sequence: 1, hash: prev, macs: [Buffer.alloc(32).toString("base64")] }), { mode: 0o600 });
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringContaining("was not written with this vault's key") as string });
  });

  it("is named where its log is left and the main log does not know of it", async () => {
    await killRun(await startRun());
    dropRuns();
    rmSync(join(audit, "head.json"));
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringMatching(/there is a log of run [0-9a-f]{16}, and the audit log does not know of that run/) as string });
  });
});

describe.skipIf(!hasTools())("while an agent runs, it is a witness (needs curl)", () => {
  beforeEach(() => { built.vault(["unlock"]); });

  it("of a main log that was put back whole, head file and all, to what it was before the run", async () => {
    const kept = join(built.folder, "kept");
    cpSync(audit, kept, { recursive: true });
    await killRun(await startRun());
    rmSync(audit, { recursive: true });
    cpSync(kept, audit, { recursive: true });
    expect(existsSync(join(audit, "runs"))).toBe(false);
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringContaining("entries 4 to 4 are missing") as string });
  });

  it("of the log of a run that was cut while it went on, or when it was killed", async () => {
    const run = await startRun();
    // The agent is told within a tenth of a second.
    await new Promise((resolve) => setTimeout(resolve, 400));
    await killRun(run);
    writeLines(segment(), linesOf(segment()).slice(0, 1));
    expect(await verify()).toMatchObject({ status: 6, said: expect.stringMatching(/the log of run [0-9a-f]{16} was changed: entry 2: entries 2 to 3 are missing/) as string });
  });

  it("and of nothing that is not so: all is well where nothing was cut", async () => {
    const run = await startRun();
    expect((await verify()).status).toBe(0);
    await endRun(run);
    built.vault(["secrets", "update", "API_KEY", "--host", "localhost"]);
    expect((await verify()).status).toBe(0);
  });
});
