// A refresh that is killed at each of its system calls, at a real authorization server that ends a login one of whose tokens it sees twice: the login goes on, or was lost in the one place where it can be, and says so.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyTrail } from "../../src/app/auditing/verify-trail.ts";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import type { AuthorizationServer } from "../support/authorization-server.ts";
import { openAuthorizationServer } from "../support/authorization-server.ts";
import { makeHomeIn } from "../support/home.ts";
import { addLogin, replaceLogin } from "../support/login-secret.ts";
import { can } from "../support/machine.ts";
import { NODE } from "../support/program.ts";
import { openRefresher } from "../support/refresher.ts";
import type { Moment } from "../support/system-calls.ts";
import { listMomentsMeanwhile, runWithFaultMeanwhile } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The soak takes every moment. */
const STRIDE = process.env["VAULT_SOAK"] === undefined ? 5 : 1;

describe.skipIf(!can.strace)("a refresh under fault injection (needs strace)", () => {
  const script = join(ROOT, `node_modules/.cache/refresh-once-${process.pid}.mjs`);
  const command = [NODE, script];
  let server: AuthorizationServer;
  beforeAll(async () => {
    server = await openAuthorizationServer();
    await build({ absWorkingDir: ROOT, entryPoints: ["test/support/refresh-once.ts"], outfile: script, bundle: true, packages: "external", platform: "node", target: "node20.19", format: "esm" });
  });
  afterAll(async () => {
    rmSync(script, { force: true });
    await server.close();
  });

  const environment = (folder: string): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault") });
  const homeIn = (folder: string): Surroundings => makeHomeIn(folder, { VAULT_DIR: join(folder, "vault") }).surroundings;

  /** A vault with a login in it. */
  async function makeTemplate(): Promise<string> {
    const folder = makeFolder();
    await makeVault(homeIn(folder), { provider: "file", path: undefined });
    await addLogin(homeIn(folder), { name: "LOGIN", host: server.apiHost, source: server.source, sealed: { refreshToken: await server.logIn(), roots: server.certificate } });
    return folder;
  }

  /** A copy of it, in which somebody has just logged in anew. */
  async function prepare(template: string): Promise<string> {
    const folder = makeFolder();
    cpSync(template, folder, { recursive: true, preserveTimestamps: true });
    await replaceLogin(homeIn(folder), { name: "LOGIN", source: server.source, sealed: { refreshToken: await server.logIn(), roots: server.certificate } });
    return folder;
  }

  /** What the next refresh comes to. */
  async function refresh(surroundings: Surroundings): Promise<string> {
    const refresher = await openRefresher(surroundings, "LOGIN");
    try {
      const answer = await refresher.ask();
      return answer.kind === "value" ? "value" : answer.failure.reason;
    } finally {
      refresher.lock();
    }
  }

  it("goes on after a SIGKILL at every moment but those between the question and the write of its answer, after which the login is lost and says so", async () => {
    const template = await makeTemplate();
    const traced = await prepare(template);
    const moments = await listMomentsMeanwhile(command, { env: environment(traced), under: traced });
    const at = (pattern: RegExp): number => moments.findIndex(({ line = "" }) => pattern.test(line));
    const [asked, written] = [at(/^rename.*\.asked"\)/), at(/^rename.*vault\.json"\)/)];
    expect(asked).toBeGreaterThan(0);
    expect(written).toBeGreaterThan(asked);
    const lost: number[] = [];
    for (const [index, moment] of moments.entries()) {
      if (index % STRIDE !== 0 && index !== asked && index !== written && index !== written + 1) continue;
      const folder = await prepare(template);
      const { output, log } = await runWithFaultMeanwhile(command, moment, "SIGKILL", { env: environment(folder) });
      const where = `killed at ${describeMoment(moment)}: ${output}`;
      // Where it was killed indeed: between the end of the mark and that of the vault's change.
      const isBetween = /^rename.*\.asked"\) += 0$/m.test(log) && !/^rename.*vault\.json"\) += 0$/m.test(log);
      const outcome = await refresh(homeIn(folder));
      if (outcome === "lost") lost.push(index);
      else expect([outcome, await refresh(homeIn(folder))], where).toEqual(["value", "value"]);
      if (outcome === "lost") expect([await refresh(homeIn(folder)), isBetween], where).toEqual(["lost", true]);
      await verifyTrail(homeIn(folder));
    }
    // It is there: were it not, the server would be one that keeps old tokens.
    expect(lost.length).toBeGreaterThan(0);
    // All of it is one change of the vault: its lock, its entry in the log, its file. (The first is the end of the mark.)
    expect(moments.slice(asked + 2, written + 1).filter(({ line = "" }) => !/\/vault\.lock|\/audit\b|\/\.?vault\.json/.test(line))).toEqual([]);
  }, 900_000);
});

function describeMoment({ call, nth, line = "" }: Moment): string {
  return `${call} ${nth} (${line.slice(0, 200)})`;
}
