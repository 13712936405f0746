// The program has a placeholder where the user has exported the real token, and goes looking for the original: in the environment that its parent was started with, which the system shows to every program of
// the same user (/proc/<pid>/environ), and in those of the shells above. In vault's own nothing is left: it is overwritten before the program starts. What stands in a shell's, only the user can do something about, and is told so.
import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBuiltStage } from "../../support/built-stage.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { hasTools } from "../../support/transcript.ts";
import { openUserProxy } from "../../support/user-proxy.ts";

const VALUE = `sk-${randomBytes(16).toString("hex")}`;
/** Everything that the system shows of environments, to whoever runs this. Its own holds placeholders. */
const LOOK = `for file in /proc/[0-9]*/environ; do tr '\\0' '\\n' <$file 2>/dev/null; done | grep -a -e`;

const { built } = await openBuiltStage(VALUE);

async function look(secret: string, variables: Readonly<Record<string, string>>, options: readonly string[] = [], more = ":"): Promise<string> {
  const [head, tail] = [secret.slice(0, 8), secret.slice(8)];
  const run = built.run(`A='${head}'; B='${tail}'; ${LOOK} "$A$B" && echo found || echo nothing; ${more}`, variables, options);
  expect(await run.ended).toBe(0);
  return run.output();
}

describe.runIf(process.platform === "linux")("(needs Linux) in the environment of vault itself the program finds nothing of", () => {
  const other = `pw-${randomBytes(16).toString("hex")}`;
  it.each<[string, string, Record<string, string>, string[]?]>([
    ["a granted value", VALUE, { MY_TOKEN: VALUE }],
    ["one under the very name that the placeholder has", VALUE, { API_KEY: VALUE }],
    ["several", VALUE, { A: VALUE, B: VALUE, C: VALUE, EMPTY: "" }],
    ["a passphrase", other, { VAULT_PASSPHRASE: other }],
    ["a new passphrase", other, { VAULT_NEW_PASSPHRASE: other }],
    ["HashiCorp's token", other, { VAULT_TOKEN: other }],
    ["a key of sealed files", other, { SEALS: other }, ["--dotenv", "FILE", "--key-env", "SEALS"]],
  ])("%s", async (_name, secret, variables, options = []) => {
    const file = join(built.folder, "plain.env");
    writeFileSync(file, "PLAIN=1\n");
    const said = await look(secret, variables, options.map((word) => (word === "FILE" ? file : word)));
    expect(said).toContain("nothing\n");
    expect(said).not.toContain("start from a fresh shell");
    expect(said).toMatch(new RegExp(`^warning: ${Object.entries(variables).flatMap(([name, value]) => (value === "" ? [] : [name])).join(", ")} (?:is|are) hidden from this program, and from no other .*: unset (?:it|them)$`, "m"));
  });

  it.skipIf(!hasTools())("a proxy's credential, which is used all the same", async () => {
    const proxy = await openUserProxy(`me:${other}`);
    const said = await look(other, { HTTP_PROXY: `http://me:${other}@127.0.0.1:${proxy.port}` }, [], "curl -s http://plain.example.test/");
    await proxy.close();
    expect(said).toContain("nothing\n");
    expect(proxy.requests()).toEqual([{ method: "GET", target: "http://plain.example.test:80/", isAdmitted: true }]);
  });

  it("but all that is no secret, byte for byte", async () => {
    const odd = "ä=b\tc  $d";
    const run = built.run(`tr '\\0' '\\n' </proc/$PPID/environ | grep -a -e ORDINARY -e MY_TOKEN -e LAST`, { ORDINARY: odd, MY_TOKEN: VALUE, LAST: "stays" });
    expect(await run.ended).toBe(0);
    expect(run.output().split("\n").filter((line) => !line.startsWith("warning: ")).sort()).toEqual(["", "LAST=stays", "MY_TOKEN=", `ORDINARY=${odd}`]);
  });
});

describe.runIf(process.platform === "linux" && hasTools())("(needs Linux) of the environment of a shell above", () => {
  const startFrom = async (shell: string, variables: Readonly<Record<string, string>>): Promise<string> => {
    const child = spawn("sh", ["-c", shell, "sh", NODE, RUN_JS], { env: { PATH: process.env["PATH"] ?? "", HOME: built.folder, VAULT_DIR: join(built.folder, "vault"), ...variables }, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    return said;
  };

  it.each<[string, string, string, Record<string, string>]>([
    ["the user hears, in one line with what to do", "MY_TOKEN", '"$1" "$2" run -- true; :', { MY_TOKEN: VALUE }],
    ["also where it was unset: the shell was started with it", "MY_TOKEN", 'unset MY_TOKEN; "$1" "$2" run -- true; :', { MY_TOKEN: VALUE }],
    ["also where the value stands within a longer one", "MY_URL", 'unset MY_URL; "$1" "$2" run -- true; :', { MY_URL: `https://me:${VALUE}@example.com` }],
    ["also of a passphrase", "VAULT_PASSPHRASE", '"$1" "$2" run -- true; :', { VAULT_PASSPHRASE: "correct horse" }],
  ])("%s", async (_name, variable, shell, variables) => {
    const said = await startFrom(shell, variables);
    expect(said).toMatch(new RegExp(`^warning: the program can read ${variable} in the environment of process \\d+ \\(sh\\) \\(/proc/<pid>/environ\\): unset it where it was set, and start from a fresh shell$`, "m"));
    expect(said.split("fresh shell")).toHaveLength(2);
    for (const secret of [VALUE, "correct horse"]) expect(said).not.toContain(secret);
  });

  it("nothing is said where there is nothing to say", async () => {
    expect(await startFrom('"$1" "$2" run -- true; :', { ORDINARY: "1", VAULT_PASSPHRASE: "", VAULT_ADDR_OF_MINE: "x" })).toBe("");
  });
});
