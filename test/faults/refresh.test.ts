// A refresh that is killed at each of its system calls, at a real authorization server that ends a login one of whose tokens it sees twice: the login goes on, or was lost in the one place where it can be, and says so.
import { rmSync } from "node:fs";
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
import { closeEngine, copyVault, nameTestStore } from "../support/store-copies.ts";
import type { Moment } from "../support/system-calls.ts";
import { isOfStore, listMomentsMeanwhile, runWithFaultMeanwhile } from "../support/system-calls.ts";
import { makeFolder } from "../support/temporary.ts";
import { closeTestStore, openTestStore, storeVariables, TEST_STORE } from "../support/test-store.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The soak takes every moment. */
const STRIDE = process.env["VAULT_SOAK"] !== undefined ? 1 : TEST_STORE === undefined ? 5 : 7;
/** The end of the mark, in a file or in an entry of the store; and that of the vault's change here, which in a store is made before. */
const MARKED = TEST_STORE === undefined ? /^rename.*\.asked"\)/ : /^writev?\(\d+<TCP:.*asked\//;
const MARKED_INDEED = TEST_STORE === undefined ? /^rename.*\.asked"\) += 0$/m : /^writev?\(\d+<TCP:.*asked\/.* = \d+$/m;
const WRITTEN = /^rename.*vault\.json"\)/;

describe.skipIf(!can.strace)(`a refresh under fault injection${TEST_STORE === undefined ? "" : ` on ${TEST_STORE}`} (needs strace)`, () => {
  const script = join(ROOT, `node_modules/.cache/refresh-once-${process.pid}.mjs`);
  const command = [NODE, script];
  let server: AuthorizationServer;
  beforeAll(async () => {
    await openTestStore();
    server = await openAuthorizationServer();
    await build({ absWorkingDir: ROOT, entryPoints: ["test/support/refresh-once.ts"], outfile: script, bundle: true, packages: "external", platform: "node", target: "node20.19", format: "esm" });
  });
  afterAll(async () => {
    rmSync(script, { force: true });
    await server.close();
    await closeTestStore();
  });

  const environment = (folder: string): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), ...storeVariables() });
  const homeIn = (folder: string): Surroundings => makeHomeIn(folder, { VAULT_DIR: join(folder, "vault") }).surroundings;

  /** With what was opened for it closed afterwards. */
  async function withHome<T>(folder: string, use: (surroundings: Surroundings) => Promise<T>): Promise<T> {
    const surroundings = homeIn(folder);
    try {
      return await use(surroundings);
    } finally {
      await closeEngine(surroundings.paths);
    }
  }

  /** A vault with a login in it. */
  async function makeTemplate(): Promise<string> {
    const folder = makeFolder();
    nameTestStore(join(folder, "vault"));
    await withHome(folder, async (surroundings) => {
      await makeVault(surroundings, { provider: "file", path: undefined });
      await addLogin(surroundings, { name: "LOGIN", host: server.apiHost, source: server.source, sealed: { refreshToken: await server.logIn(), roots: server.certificate } });
    });
    return folder;
  }

  /** A copy of it, in which somebody has just logged in anew. */
  async function prepare(template: string): Promise<string> {
    const folder = makeFolder();
    await copyVault(template, folder, "vault");
    await withHome(folder, async (surroundings) => replaceLogin(surroundings, { name: "LOGIN", source: server.source, sealed: { refreshToken: await server.logIn(), roots: server.certificate } }));
    return folder;
  }

  /** What the next refresh comes to. */
  function refresh(folder: string): Promise<string> {
    return withHome(folder, async (surroundings) => {
      const refresher = await openRefresher(surroundings, "LOGIN");
      try {
        const answer = await refresher.ask();
        return answer.kind === "value" ? "value" : answer.failure.reason;
      } finally {
        refresher.lock();
      }
    });
  }

  it("goes on after a SIGKILL at every moment but those between the question and the write of its answer, after which the login is lost and says so", async () => {
    const template = await makeTemplate();
    const traced = await prepare(template);
    const moments = await listMomentsMeanwhile(command, { env: environment(traced), under: traced });
    const at = (pattern: RegExp): number => moments.findIndex(({ line = "" }) => pattern.test(line));
    const [asked, written] = [at(MARKED), at(WRITTEN)];
    expect(asked).toBeGreaterThan(0);
    expect(written).toBeGreaterThan(asked);
    const lost: number[] = [];
    for (const [index, moment] of moments.entries()) {
      if (index % STRIDE !== 0 && index !== asked && index !== written && index !== written + 1) continue;
      const folder = await prepare(template);
      const { output, log } = await runWithFaultMeanwhile(command, moment, "SIGKILL", { env: environment(folder) });
      const where = `killed at ${describeMoment(moment)}: ${output}`;
      // Where it was killed indeed: between the end of the mark and that of the vault's change.
      const isBetween = MARKED_INDEED.test(log) && !/^rename.*vault\.json"\) += 0$/m.test(log);
      const outcome = await refresh(folder);
      if (outcome === "lost") lost.push(index);
      else expect([outcome, await refresh(folder)], where).toEqual(["value", "value"]);
      if (outcome === "lost") expect([await refresh(folder), isBetween], where).toEqual(["lost", true]);
      await withHome(folder, verifyTrail);
    }
    // It is there: were it not, the server would be one that keeps old tokens.
    expect(lost.length).toBeGreaterThan(0);
    // All of it is one change of the vault: its lock, its entry in the log, its file (and where that is a copy, the copy's lock). (The first is the end of the mark.)
    expect(moments.slice(asked + 2, written + 1).filter((moment) => !isOfStore(moment) && !/ = -1 EEXIST /.test(moment.line ?? "")).filter(({ line = "" }) => !/\/(?:vault|copy)\.lock|\/audit\b|\/\.?vault\.json/.test(line))).toEqual([]);
  }, 900_000);
});

function describeMoment({ call, nth, line = "" }: Moment): string {
  return `${call} ${nth} (${line.slice(0, 200)})`;
}
