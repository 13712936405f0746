// npm run demo: the whole story, for real, in a temporary folder. Exits 0 only if every claim that it prints was checked.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE, RUN_JS } from "../support/program.ts";
import { openRawUpstream } from "../support/raw-upstream.ts";

const REAL = "sk-demo-THE-REAL-VALUE-0123456789";
const PASSPHRASES = ["correct horse battery staple", "a new and longer passphrase"] as const;

const folder = mkdtempSync(join(tmpdir(), "vault-demo-"));
chmodSync(folder, 0o700);
const server = await openRawUpstream();
const authority = `localhost:${server.port}`;
const client = spawnSync("curl", ["--version"]).status === 0 ? "curl" : "node";
let failures = 0;

try {
  mkdirSync(join(folder, "tmp"));
  writeFileSync(join(folder, "server.pem"), server.certificate);

  await vault("init --provider passphrase", [], { VAULT_PASSPHRASE: PASSPHRASES[0] });
  await vault("unlock", [], { VAULT_PASSPHRASE: PASSPHRASES[0] });
  await vault(`secrets create API_KEY --host ${authority}`, [], {}, REAL);
  await useSecret("The program runs:");
  await vault("rotate-master", [], { VAULT_NEW_PASSPHRASE: PASSPHRASES[1] });
  await useSecret("With a new master key, the secret still works:");
  await vault("lock");
  const refused = await vault("run", ["--", "true"], {}, "", 125);
  check("locked, nothing runs", refused.includes("locked"));
  const leaks = findFiles(folder).filter((path) => readFileSync(path).includes(REAL));
  check("no file holds the real value", leaks.length === 0);
} finally {
  await vault("lock");
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? "\nevery claim was checked and held; the folder is gone" : `\n${failures} claims did not hold`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs a request in a program of its own, and shows what it held beside what the server got. */
async function useSecret(title: string): Promise<void> {
  console.log(`\n${title}`);
  const before = server.received().length;
  const request = client === "curl"
    ? ["sh", "-c", `env | grep ^API_KEY=; curl -s https://${authority}/echo -H "Authorization: Bearer $API_KEY"`]
    : ["node", "-e", `const k=process.env.API_KEY;console.log("API_KEY="+k);require("node:child_process");fetch("https://${authority}/echo",{headers:{authorization:"Bearer "+k}}).then(r=>r.text()).then(console.log)`];
  const output = await vault("run --upstream-ca server.pem", ["--", ...request], {}, "", 0, join(folder));
  const held = /^API_KEY=(.*)$/m.exec(output)?.[1] ?? "";
  const sent = /^authorization: (.*)\r$/im.exec(server.received().slice(before))?.[1] ?? "";
  console.log(`\n  the program held    ${held}\n  the server received ${sent}\n`);
  check("the program held a placeholder", held.startsWith("vault_ph_"));
  check("the server received the real value", sent === `Bearer ${REAL}`);
  check("what the server echoed came back as the placeholder", output.includes(`Bearer ${held}`) && !output.includes(REAL));
}

/** Runs `vault` as a user would, prints the line, and gives back all that it said. */
async function vault(line: string, words: readonly string[] = [], extra: NodeJS.ProcessEnv = {}, input = "", status = 0, cwd = folder): Promise<string> {
  console.log(`$ ${input === "" ? "" : 'printf %s "$REAL" | '}vault ${[line, ...words.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`))].join(" ")}`);
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: join(folder, "tmp"), VAULT_DIR: join(folder, "vault"), ...extra };
  const child = spawn(NODE, [RUN_JS, ...line.split(" "), ...words], { cwd, env });
  child.stdin.end(input);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = await new Promise<number | null>((resolve) => child.on("close", resolve));
  for (const text of said.trimEnd().split("\n").filter((each) => each !== "")) console.log(`  ${text.trimEnd()}`);
  if (ended !== status) check(`vault ${line} ends with ${status}, and not with ${ended ?? "a signal"}`, false);
  return said;
}

function check(claim: string, holds: boolean): void {
  if (!holds) failures += 1;
  console.log(`  ${holds ? "ok    " : "FAILED"} ${claim}`);
}

function findFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => join(root, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
