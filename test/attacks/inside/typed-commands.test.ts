// The program types what its person could type: a host of its own for the token, another value, the words of a sealed file, a service that leads elsewhere, a run outside of the project's file. All of that is for
// whoever started the run: refused with status 13, nothing changed. It is a speed bump. A program that leaves both the run's processes and its variables is not recognised, and could read the key as well; the wall is for that.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { hasTerminals, openTerminal } from "../../support/terminal.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const VALUE = "real-value-of-this-test";
const TYPIST = fileURLToPath(new URL("../../support/typist.py", import.meta.url));
const manifest = JSON.parse(readFileSync(fileURLToPath(new URL("../../../oclif.manifest.json", import.meta.url)), "utf8")) as { commands: Record<string, { flags: Record<string, unknown> }> };

/** Each widens, reveals or replaces. By what is typed behind `vault`. */
const FOR_A_PERSON: Readonly<Record<string, string>> = {
  doctor: "doctor --try",
  "identity:accept": "identity accept did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
  "identity:reject": "identity reject thief",
  "identity:revoke": "identity revoke runner",
  init: "init --provider file",
  login: "login --issuer https://evil.example --name API_KEY",
  logout: "logout API_KEY",
  "rotate-master": "rotate-master",
  run: "run --no-project -- true",
  "secrets:attach-group": "secrets attach-group API_KEY --workspace w --group g",
  "secrets:create": "secrets create OTHER --host evil.example",
  "secrets:delete": "secrets delete API_KEY",
  "secrets:detach-group": "secrets detach-group API_KEY --workspace w --group g",
  "secrets:import": "secrets import plain.env",
  "secrets:rotate": "secrets rotate API_KEY",
  "secrets:update": "secrets update API_KEY --host evil.example --widen",
  serve: "serve",
  "services:add": "services add billing.json --yes",
  "store:migrate": "store migrate --to file",
  "store:restore": "store restore",
  unseal: "unseal config.json",
};
/** These look, lock, or seal, or speak for an identity of the program's own; `unlock` takes the passphrase, where there is one; what `audit` and `accept` settle is refused by the act itself, in a run, whoever asks. */
const FOR_ANYONE = ["accept", "ask", "audit", "aws-credential-process", "completion", "docker-credential", "explain", "git-credential", "help", "identity:claim", "identity:create", "identity:list", "kube-exec", "lock", "mcp", "program", "scan", "seal", "secrets:list", "secrets:show", "services:list", "services:show", "skill:install", "status", "unlock"];

/** These answer for the person, whom no program can ask to be let through: test/attacks/inside/approve-*.test.ts has them. */
const OUTSIDE_ALONE = ["approve", "deny"];

it("of each command it is decided whom it is for", () => {
  const known = Object.keys(manifest.commands);
  expect(known.filter((id) => "allow-in-run" in (manifest.commands[id]?.flags ?? {})).sort()).toEqual(Object.keys(FOR_A_PERSON).sort());
  expect(known.filter((id) => !(id in FOR_A_PERSON) && ![...FOR_ANYONE, ...OUTSIDE_ALONE].includes(id))).toEqual([]);
});

describe.skipIf(process.platform === "win32")("what the program types in its run", () => {
  let built: BuiltVault;
  let vaultFile: string;
  const typed = (command: string): string => `"${NODE}" "${RUN_JS}" ${command}`;
  /** @returns the status of the last command, and all that was said. */
  const inRun = async (script: string): Promise<{ readonly status: unknown; readonly said: string }> => {
    const run = built.run(`export VAULT_DIR="$HOME/vault"; cd; ${script}`);
    return { status: await run.ended, said: run.output() };
  };

  beforeAll(() => {
    built = openBuiltVault("api.example.com", VALUE, makeTestCa().certificate);
    vaultFile = join(built.folder, "vault", "vault.json");
    writeFileSync(join(built.folder, "config.json"), '{"password":"sealed-word"}');
    writeFileSync(join(built.folder, "sealed.env"), "WORD=sealed-word\n");
    writeFileSync(join(built.folder, "billing.json"), "{}");
    writeFileSync(join(built.folder, "plain.env"), "A=1\n");
    for (const [file, field] of [["config.json", "password"], ["sealed.env", "WORD"]] as const) built.vault(["seal", join(built.folder, file), "--field", field]);
  });
  afterAll(() => { built.close(); });

  it.each([...Object.values(FOR_A_PERSON), "run --upstream-ca own.pem -- true", "run --dotenv sealed.env -- printenv WORD"])("vault %s: refused, with a sentence for the person", async (command) => {
    const before = readFileSync(vaultFile);
    const { status, said } = await inRun(`echo value | ${typed(command)}`);
    expect(status).toBe(command.startsWith("run") ? 125 : 13);
    expect(said).toMatch(/^error: vault .* is for the person who started the run, and not for its program \(process \d+, a vault run, is above this one\)\nhint: type it in a terminal outside the run; or, where you see this at a terminal of your own, with --allow-in-run, which asks there$/m);
    expect(said).not.toContain("sealed-word");
    expect(readFileSync(vaultFile)).toEqual(before);
  });

  it.each<[string, string]>([
    ["without the run's variables", `env -i HOME="$HOME" VAULT_DIR="$VAULT_DIR" ${typed("secrets delete API_KEY")}`],
    ["some shells further down", `sh -c 'sh -c "sh -c \\"${typed("secrets delete API_KEY").replaceAll('"', '\\\\\\"')}\\"; exit \\$?"; exit $?'`],
    ["as a child of nobody, by the run's variables", `setsid -f sh -c '${typed("secrets delete API_KEY")} >said 2>&1; echo $? >status'; until [ -s status ]; do sleep 0.05; done; cat said; exit $(cat status)`],
    ["saying that a person does, without a terminal", typed("secrets delete API_KEY --allow-in-run")],
  ])("%s: refused", async (_name, script) => {
    const { status, said } = await inRun(script);
    expect(said).toContain("is for the person who started the run");
    expect(status).toBe(13);
  });

  it.skipIf(!hasTerminals || process.platform !== "linux")("saying so at a terminal that it has made, and typing yes there: refused (needs Linux and Python)", async () => {
    const { status, said } = await inRun(`python3 "${TYPIST}" '${typed("secrets delete API_KEY --allow-in-run")}' y`);
    expect(said).toContain("this is not the terminal that the run was started at");
    expect(status).toBe(13);
  });

  it("what looks, and what opens a file with the program's own key, is done", async () => {
    const { status, said } = await inRun(`set -e; ${["status", "secrets list", "secrets show API_KEY", "audit", "run -- true"].map(typed).join("; ")}; export OWN=b3BlbiBzZXNhbWUsIHNhaWQgYWxpIGJhYmEgdG8gaXQ=; echo A=1 >own.env; ${typed("seal own.env --field A --key-env OWN")}; ${typed("unseal own.env --key-env OWN")}`);
    expect(said).toMatch(/^A=1$/m);
    expect(status).toBe(0);
  });

  describe.runIf(hasTerminals)("a person in a shell that the run has started (needs Python)", () => {
    const atTerminal = (script: string): ReturnType<typeof openTerminal> =>
      openTerminal(["env", "-i", `PATH=${process.env["PATH"] ?? ""}`, `HOME=${built.folder}`, `VAULT_DIR=${join(built.folder, "vault")}`, NODE, RUN_JS, "run", "--", "sh", "-c", `export VAULT_DIR="$HOME/vault"; ${script}`]);

    it.each<[string, string, number]>([["yes", "y", 0], ["no", "n", 2]])("is asked, and says %s", async (_word, answer, status) => {
      const terminal = atTerminal(typed("secrets update API_KEY --host gist.example.com --allow-in-run"));
      await terminal.shows("this is inside a run, whose program may have typed it: secrets update, at your word? [y/N]");
      terminal.type(`${answer}\r`);
      await terminal.shows(`<exited ${status}>`);
      terminal.close();
    });

    it("is asked for the passphrase where there is one, whatever the environment holds and the agent knows", async () => {
      built.vault(["rotate-master", "--new-provider", "passphrase", "--new-passphrase-file", "-", "--kdf", "low"], "long passphrase");
      built.vault(["unlock", "--passphrase-file", "-"], "long passphrase");
      for (const [answer, status] of [["another", 5], ["long passphrase", 0]] as const) {
        const terminal = atTerminal(`VAULT_PASSPHRASE='long passphrase' ${typed("secrets update API_KEY --host gist.example.com --allow-in-run")}`);
        await terminal.shows("Passphrase");
        terminal.type(`${answer}\r`);
        await terminal.shows(`<exited ${status}>`);
        terminal.close();
      }
      built.vault(["lock"]);
    });
  });
});
