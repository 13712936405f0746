// Stdin, read by the built program: from writers that wait, dribble, close early, or never do, and from whatever else a shell puts there.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { makeKeyText } from "../../../src/sealed/sealing-key.ts";
import { openSecrets } from "../../../src/vault/envelope.ts";
import { VALUE_BYTES_MAX } from "../../../src/vault/record.ts";
import { makeHomeIn } from "../../support/home.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { hasTerminals, openTerminal } from "../../support/terminal.ts";

const hasPython = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
const folder = mkdtempSync(join(tmpdir(), "vault-stdin-"));
const variables: Record<string, string> = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder, VAULT_DIR: join(folder, "vault"), SEALING: makeKeyText() };
/** Longer than a pipe takes to say that it has nothing yet. */
const A_WHILE_MS = 300;

interface Outcome {
  readonly status: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], stdin: "pipe" | number = "pipe"): { readonly child: ChildProcess; readonly ended: Promise<Outcome> } {
  const child = spawn(NODE, [RUN_JS, ...args], { env: variables, stdio: [stdin, "pipe", "pipe"], cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.on("error", () => undefined);
  return { child, ended: new Promise((resolve) => child.once("close", (status, signal) => { resolve({ status: status ?? signal, stdout, stderr }); })) };
}

/** What a shell makes of it: its stdin is the pipe of a pipeline. */
function shell(script: string): Outcome {
  const { status, signal, stdout, stderr } = spawnSync("sh", ["-c", script.replaceAll("vault ", `"${NODE}" "${RUN_JS}" `)], { env: variables, cwd: folder, encoding: "utf8" });
  return { status: status ?? signal, stdout, stderr };
}

async function valueOf(name: string): Promise<string | undefined> {
  const { surroundings } = makeHomeIn(folder, { VAULT_DIR: variables["VAULT_DIR"] ?? "" });
  return withOpenVault(surroundings, async ({ file, holder }) => {
    const record = file.contents.secrets.find((secret) => secret.name === name);
    const [value] = record === undefined ? [] : await openSecrets(holder, file.contents.id, [record]);
    return value === undefined ? undefined : Buffer.from(value.reveal()).toString();
  });
}

beforeAll(() => {
  expect(spawnSync(NODE, [RUN_JS, "init", "--provider", "file"], { env: variables }).status).toBe(0);
});

afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe("a writer", () => {
  it.each([
    ["secrets create", "vault secrets create SLOW --host api.example.com", "SLOW"],
    ["secrets create --from-file -", "vault secrets create SLOW_FILE --host api.example.com --from-file -", "SLOW_FILE"],
    ["secrets create --from-file /dev/stdin", "vault secrets create SLOW_DEVICE --host api.example.com --from-file /dev/stdin", "SLOW_DEVICE"],
  ])("that waits: %s", async (_name, command, name) => {
    expect(shell(`(sleep 0.3; printf slow-value) | ${command}`)).toMatchObject({ status: 0, stderr: "" });
    expect(await valueOf(name)).toBe("slow-value");
  });

  it("that waits: secrets rotate", async () => {
    shell("printf old | vault secrets create ROTATED --host api.example.com");
    expect(shell("(sleep 0.3; printf new-value) | vault secrets rotate ROTATED")).toMatchObject({ status: 0 });
    expect(await valueOf("ROTATED")).toBe("new-value");
  });

  it("that waits: secrets import -, services add -, unseal -, init --project -", async () => {
    expect(shell("(sleep 0.3; echo IMPORTED=imported-value) | vault secrets import - --format entries --host IMPORTED=api.example.com")).toMatchObject({ status: 0 });
    expect(await valueOf("IMPORTED")).toBe("imported-value");
    writeFileSync(join(folder, "billing.json"), JSON.stringify({ id: "billing-of-mine", name: "Billing", hosts: ["billing.example.com"], env: ["BILLING_OF_MINE"], inject: ["header"] }));
    expect(shell("(sleep 0.3; cat billing.json) | vault services add - --yes").stderr).not.toMatch(/EAGAIN|stdin/);
    writeFileSync(join(folder, "sealed.env"), "A=one\n");
    shell("vault seal sealed.env --field A --key-env SEALING");
    expect(shell("(sleep 0.3; cat sealed.env) | vault unseal - --format dotenv --key-env SEALING")).toMatchObject({ status: 0, stdout: "A=one\n" });
    expect(shell("mkdir -p project && cd project && (sleep 0.3; echo OPENAI_API_KEY=sk-x) | vault init --project -")).toMatchObject({ status: 0 });
  });

  it("that waits: passphrases and keys", () => {
    const other = join(folder, "other");
    const at = `VAULT_DIR='${other}'`;
    expect(shell(`(sleep 0.3; printf 'pass phrase one\\n') | ${at} vault init --provider passphrase --kdf low --passphrase-file -`)).toMatchObject({ status: 0 });
    expect(shell(`(sleep 0.3; printf 'pass phrase one\\n') | ${at} vault unlock --passphrase-file -`)).toMatchObject({ status: 0 });
    expect(shell(`(sleep 0.3; printf 'pass phrase two\\n') | ${at} vault rotate-master --new-passphrase-file - --kdf low`)).toMatchObject({ status: 0 });
    expect(shell(`(sleep 0.3; printf %s '${makeKeyText()}') | ${at} vault rotate-master --new-provider file --new-key-file -`)).toMatchObject({ status: 0 });
    shell(`${at} vault lock`);
  });

  it("that dribbles", async () => {
    const { child, ended } = start(["secrets", "create", "DRIBBLED", "--host", "api.example.com"]);
    for (const letter of "dribble\n") {
      child.stdin?.write(letter);
      await pause(A_WHILE_MS / 4);
    }
    child.stdin?.end();
    expect(await ended).toMatchObject({ status: 0 });
    expect(await valueOf("DRIBBLED")).toBe("dribble");
  });

  it("that closes at once, and stdin that is empty, closed or /dev/null, give no value", async () => {
    for (const script of ["true | vault secrets create NOTHING", "vault secrets create NOTHING < /dev/null", "vault secrets create NOTHING <&-", "printf '' > empty; vault secrets create NOTHING < empty"]) {
      const { status, stderr } = shell(script);
      expect([script, status, stderr]).toEqual([script, 2, expect.stringMatching(/empty/)]);
    }
    expect(await valueOf("NOTHING")).toBe(undefined);
  });

  it("that goes on without an end is stopped at the bound", async () => {
    expect(shell("yes | vault secrets create ENDLESS --host api.example.com")).toMatchObject({ status: 2, stderr: expect.stringContaining("longer than") as unknown });
    expect(shell("vault secrets create ENDLESS --host api.example.com < /dev/zero")).toMatchObject({ status: 2 });
    const most = "x".repeat(VALUE_BYTES_MAX);
    const exact = start(["secrets", "create", "LONGEST", "--host", "api.example.com"]);
    exact.child.stdin?.end(`${most}\r\n`);
    expect(await exact.ended).toMatchObject({ status: 0 });
    expect(await valueOf("LONGEST")).toBe(most);
    const longer = start(["secrets", "create", "LONGER", "--host", "api.example.com"]);
    longer.child.stdin?.end(`${most}x`);
    expect(await longer.ended).toMatchObject({ status: 2 });
  });

  it("that never closes can be interrupted", async () => {
    const { child, ended } = start(["secrets", "create", "NEVER", "--host", "api.example.com"]);
    child.stdin?.write("half of it");
    await pause(A_WHILE_MS);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ status: "SIGINT" });
  });
});

describe("stdin", () => {
  it("that is a file is read to its end", async () => {
    writeFileSync(join(folder, "value"), "from a file\n");
    const file = openSync(join(folder, "value"), "r");
    expect(await start(["secrets", "create", "REDIRECTED", "--host", "api.example.com"], file).ended).toMatchObject({ status: 0 });
    closeSync(file);
    expect(await valueOf("REDIRECTED")).toBe("from a file");
  });

  it("that is a folder is none", () => {
    mkdirSync(join(folder, "a folder"));
    expect(shell("vault secrets create FOLDER --host api.example.com < 'a folder'")).toMatchObject({ status: 2, stderr: expect.stringContaining("folder") as unknown });
  });

  it.skipIf(!hasPython)("that another program made non-blocking is waited for, and blocks its next reader as before", async () => {
    const script = "import os,subprocess,sys,threading,time\nr,w=os.pipe();os.set_blocking(r,False)\nthreading.Thread(target=lambda:(time.sleep(0.3),os.write(w,b'late'),os.close(w))).start()\nsys.exit(subprocess.run(sys.argv[1:],stdin=r).returncode)";
    const { status } = spawnSync("python3", ["-c", script, NODE, RUN_JS, "secrets", "create", "NON_BLOCKING", "--host", "api.example.com"], { env: variables });
    expect(status).toBe(0);
    expect(await valueOf("NON_BLOCKING")).toBe("late");
    // A program that leaves the pipe non-blocking breaks the next one that reads it: cat says EAGAIN then.
    expect(shell("(printf ''; sleep 0.3; printf rest) | (vault secrets list > list; cat)")).toMatchObject({ status: 0, stdout: "rest" });
    expect(shell("(head -c 200000 /dev/zero; sleep 0.3; printf rest) | (vault secrets create BIG; cat | tail -c 4)")).toMatchObject({ status: 0, stdout: "rest" });
  });

  it("cannot be read twice", () => {
    const at = `VAULT_DIR='${join(folder, "twice")}'`;
    shell(`printf 'pass phrase' | ${at} vault init --provider passphrase --kdf low --passphrase-file -; ${at} vault lock`);
    expect(shell(`printf 'pass phrase' | ${at} vault secrets create TWICE --host api.example.com --passphrase-file -`)).toMatchObject({ status: 2, stderr: expect.stringContaining("stdin") as unknown });
  });

  it("of a program in a run is the program's", () => {
    expect(shell("(sleep 0.3; printf for-the-program) | vault run -- cat")).toMatchObject({ status: 0, stdout: "for-the-program" });
  });
});

describe.skipIf(!hasTerminals)("at a terminal", () => {
  const atTerminal = (script: string) => openTerminal(["env", "-i", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), "TERM=xterm", "sh", "-c", `cd '${folder}'; ${script}`.replaceAll("vault ", `"${NODE}" "${RUN_JS}" `)]);

  it("a writer that says nothing for a second is named, with what is waited for, and Ctrl-C ends it", async () => {
    const terminal = atTerminal("sleep 60 | vault secrets create WAITED --host api.example.com 2> errors");
    try {
      await terminal.shows('waiting for the value of WAITED on stdin');
      terminal.type("\u0003");
      await terminal.shows("<");
      expect(terminal.shown()).toMatch(/<(?:signalled SIGINT|exited 130)>/);
    } finally {
      terminal.close();
    }
    expect(readFileSync(join(folder, "errors"), "utf8")).toBe("");
    expect(await valueOf("WAITED")).toBe(undefined);
  });

  it("a file on it is ended with Ctrl-D", async () => {
    const terminal = atTerminal("vault unseal - --format dotenv");
    try {
      await terminal.shows("Ctrl-D");
      terminal.type("PORT=3000\n\u0004");
      await terminal.shows("<exited");
    } finally {
      terminal.close();
    }
  });

  it("a value that is asked for on stdin is typed without being seen", async () => {
    const terminal = atTerminal("vault secrets create TYPED --host api.example.com --from-file -");
    try {
      await terminal.shows("Value of TYPED");
      terminal.type("never-to-be-seen\r");
      await terminal.shows("<exited 0>");
      expect(terminal.shown()).not.toContain("never-to-be-seen");
    } finally {
      terminal.close();
    }
    expect(await valueOf("TYPED")).toBe("never-to-be-seen");
  });
});
