import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeFolder } from "../../support/temporary.ts";

it("what NODE_OPTIONS asks of every Node is done by the program that is run, and not by the one that runs it", () => {
  const folder = makeFolder();
  const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: `${folder}/vault` };
  const vault = (variables: Readonly<Record<string, string>>, ...args: readonly string[]): number | null => spawnSync(NODE, [RUN_JS, ...args], { env: { ...env, ...variables } }).status;
  const written = (): string[] => readdirSync(folder).filter((name) => /^(?:Heap|report)\./.test(name)).map((name) => name.split(".")[0] ?? "").sort();
  const options = [`--diagnostic-dir=${folder}`, `--report-directory=${folder}`, "--heapsnapshot-signal=SIGUSR2", "--report-on-signal", "--report-signal=SIGHUP"].join(" ");
  expect(vault({}, "init", "--provider", "file")).toBe(0);
  expect(vault({ NODE_OPTIONS: options }, "run", "--", "sh", "-c", 'trap "" USR2 HUP; kill -USR2 "$PPID"; kill -HUP "$PPID"; sleep 0.5')).toBe(0);
  expect(written()).toEqual([]);
  const program = 'process.kill(process.pid, "SIGUSR2"); process.kill(process.pid, "SIGHUP"); setTimeout(() => undefined, 500)';
  expect(vault({ NODE_OPTIONS: options }, "run", "--", NODE, "-e", program)).toBe(0);
  expect(written()).toEqual(["Heap", "report"]);
});
