// The unit: by systemd's own judges, and its command line by a start.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { makeFolder } from "../support/temporary.ts";
import { DEPLOY, readDeployFile } from "./deploy-files.ts";

const UNIT = "vault-broker.service";
const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
const unit = readDeployFile(`systemd/${UNIT}`);
const valueOf = (key: string): string => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";

test.skipIf(!hasAnalyze)("systemd takes it (needs systemd-analyze)", () => {
  const root = makeFolder();
  for (const folder of ["etc/systemd/system", "usr/local/bin"]) mkdirSync(join(root, folder), { recursive: true });
  cpSync(join(DEPLOY, "systemd", UNIT), join(root, "etc/systemd/system", UNIT));
  writeFileSync(join(root, "usr/local/bin/vault"), "", { mode: 0o755 });
  const { status, stderr } = spawnSync("systemd-analyze", [`--root=${root}`, "verify", "--man=no", "--recursive-errors=no", UNIT], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.skipIf(!hasAnalyze)("its exposure is 1.3 of 10 by systemd's table (needs systemd-analyze)", () => {
  const { status, stdout } = spawnSync("systemd-analyze", ["security", "--offline=yes", "--threshold=15", "--no-pager", join(DEPLOY, "systemd", UNIT)], { encoding: "utf8" });
  expect(status, stdout).toBe(0);
});

test.skipIf(spawnSync("systemd-sysusers", ["--version"]).status !== 0)("the user is one that systemd-sysusers can make", () => {
  const { status, stderr } = spawnSync("systemd-sysusers", ["--dry-run", join(DEPLOY, "systemd/vault-broker.sysusers.conf")], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(valueOf("User")).toBe("vault-broker");
  // V8 makes code while it runs.
  expect(unit).not.toMatch(/^MemoryDenyWriteExecute=(yes|true|on|1)/m);
});

test("its command line starts a broker, with credentials where systemd would put them", async () => {
  const folder = makeFolder();
  const ca = makeTestCa();
  const { cert, key } = ca.identityFor("localhost");
  for (const [name, text] of [["tls-cert", cert], ["tls-key", key], ["passphrase", "correct horse battery staple"]] as const) writeFileSync(join(folder, name), text);
  const command = valueOf("ExecStart");
  expect([...unit.matchAll(/^LoadCredential=([\w-]+):\/etc\/vault-broker\//gm)].map(([, name]) => name).sort()).toEqual([...command.matchAll(/%d\/([\w-]+)/g)].map(([, name]) => name).sort());
  const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") };
  execFileSync(NODE, [RUN_JS, "init", "--provider", "passphrase", "--kdf", "low", "--passphrase-file", join(folder, "passphrase")], { env });
  const [, ...words] = command.replaceAll("%d", folder).replaceAll("%H", "localhost").replace("[::]:7998", "127.0.0.1:0").split(" ");
  const trace = join(folder, "trace");
  // What V8 asks for and does without: as the unit's filter answers.
  const traced = hasAnalyze && can.strace ? ["strace", "-D", "-f", "-qq", "-o", trace, "-e", `inject=${REFUSED.join(",")}:error=EPERM`] : [];
  const child = spawn("env", [...traced, NODE, RUN_JS, ...words, "--json"], { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => { child.kill("SIGKILL"); });
  const [line] = await once(createInterface({ input: child.stdout }), "line") as [string];
  const { broker, port } = JSON.parse(line) as { readonly broker: string; readonly port: number };
  expect(broker).toBe("https://localhost:7998");
  for (const path of ["/health", "/ready"]) expect(await statusOf(`https://localhost:${port}${path}`, ca.certificate), path).toBe(200);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  if (traced.length > 0) {
    const used = new Set([...readFileSync(trace, "latin1").matchAll(/^\d+ +([a-z]\w*)\(/gm)].map(([, name = ""]) => name));
    const [[, granted = ""] = [], [, denied = ""] = []] = [...unit.matchAll(/^SystemCallFilter=~?(.*)$/gm)];
    const [allowed, never] = [expandCalls(granted), expandCalls(denied)];
    expect(used.size).toBeGreaterThan(40);
    expect([...used].filter((name) => (!allowed.has(name) || never.has(name)) && !REFUSED.includes(name))).toEqual([]);
  }
});

/** System calls that the unit does not allow, and that a broker is seen to do without. */
const REFUSED: readonly string[] = ["pkey_alloc"];

/** @param names of sets, such as `@system-service`, by this machine's systemd. */
function expandCalls(names: string): Set<string> {
  const lines = names.split(" ").flatMap((name) => execFileSync("systemd-analyze", ["syscall-filter", "--no-pager", name], { encoding: "utf8" }).split("\n").slice(1).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#")));
  return new Set(lines.flatMap((line) => (line.startsWith("@") ? [...expandCalls(line)] : [line])));
}

async function statusOf(url: string, ca: string): Promise<number | undefined> {
  const [response] = await once(get(url, { ca, agent: false, lookup: (_host, _options, found) => { found(null, [{ address: "127.0.0.1", family: 4 }]); } }), "response") as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
