// A request of the program's waits for its person, and the program answers for that person: it types what the person would type, leaves its variables and its parents behind, speaks with the agent by our own source,
// answers for a request that is another by now. It is the same user as vault, without a wall. The request goes on waiting.
//
// What it can do all the same: have a process that no run is above, and that has none of a run's variables, answer for it. The documents say so; the wall is for that.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../../src/agent/approvals/answer.ts";
import type { HeldRequest } from "../../../src/agent/approvals/held-request.ts";
import { listWaiting, settle } from "../../../src/agent/client/approvals.ts";
import type { AgentClient } from "../../../src/agent/client/client.ts";
import { connectAgent } from "../../../src/agent/client/connect.ts";
import type { HeldRequests } from "../../../src/agent/client/held-requests.ts";
import { openHeldRequests } from "../../../src/agent/client/held-requests.ts";
import { openApproveServer } from "../../../src/cli/pages/approve-server.ts";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const supported = (name: string): string => fileURLToPath(new URL(`../../support/${name}`, import.meta.url));
const RUN_TS = fileURLToPath(new URL("../../../.config/run-ts.js", import.meta.url));
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const request = (path: string): HeldRequest => ({ kind: "request", run: "a1", programs: [], secrets: ["API_KEY"], secretIds: ["id-of-key"], rules: ["DELETE /**"], method: "DELETE", host: "api.example.com:443", path, body: { kind: "none" }, digest: digestOf(path) });

describe.runIf(process.platform === "linux")("(needs Linux) what the program does to approve its own request", () => {
  let built: BuiltVault;
  let run: AgentClient;
  let person: AgentClient;
  let held: HeldRequests;
  let decision: Promise<Decision>;
  let id: string;

  const connect = async (): Promise<AgentClient> => {
    const folder = join(built.folder, "vault", "run");
    const agent = await connectAgent({ folder, socket: join(folder, "agent.sock"), token: join(folder, "agent.token"), realm: join(built.folder, "vault"), state: folder });
    if (agent === undefined) throw new Error("no agent");
    return agent;
  };
  const typed = (command: string): string => `"${NODE}" "${RUN_JS}" ${command}`;
  const bySource = (announced: string): string => `"${NODE}" "${RUN_TS}" "${supported("own-approver.ts")}" "${join(built.folder, "vault", "run")}" ${announced}`;
  const inRun = async (script: string): Promise<{ readonly status: unknown; readonly said: string }> => {
    const started = built.run(`export VAULT_DIR="$HOME/vault"; cd; ${script}`);
    const closed = once(started.process, "close");
    const status = await started.ended;
    await closed;
    return { status, said: started.output() };
  };
  const stillWaits = async (): Promise<void> => {
    expect((await listWaiting(person)).map((one) => one.id)).toEqual([id]);
  };

  beforeAll(async () => {
    built = openBuiltVault("api.example.com", "real-value-of-this-test", makeTestCa().certificate);
    built.vault(["unlock"]);
    [run, person] = [await connect(), await connect()];
    person.announce();
    held = openHeldRequests(run);
  });
  afterAll(() => {
    run.close();
    person.close();
    built.vault(["lock"]);
    built.close();
  });
  beforeEach(async () => {
    const gone = new AbortController();
    id = await new Promise<string>((resolve) => { decision = held.hold(request("/repos/a"), gone.signal, resolve); });
    return async () => {
      gone.abort();
      await decision;
    };
  });

  it.each<[string, (id: string) => string]>([
    ["what waits", () => "approve"],
    ["what waits, as JSON", () => "approve --json"],
    ["its id", (waiting) => `approve ${waiting}`],
    ["its id, for all that comes", (waiting) => `approve ${waiting} --for rule`],
    ["a no, so that it is over", (waiting) => `deny ${waiting}`],
  ])("types %s: status 13", async (_name, command) => {
    const { status, said } = await inRun(typed(command(id)));
    expect(said).toMatch(/^(?:error: |\{"error":.*)vault (?:approve|deny) is for the person who started the run, and not for its program \(process \d+, a vault run, is above this one\)/m);
    expect(status).toBe(13);
    await stillWaits();
  });

  it.each<[string, (command: string) => string]>([
    ["without the run's variables", (command) => `env -i HOME="$HOME" VAULT_DIR="$VAULT_DIR" ${command}`],
    ["some shells further down", (command) => `sh -c 'sh -c "${command.replaceAll('"', '\\"')}; exit \\$?"; exit $?'`],
    ["as a child of nobody", (command) => `setsid -f sh -c '${command} >said 2>&1; echo $? >status'; until [ -s status ]; do sleep 0.05; done; cat said; s=$(cat status); rm status; exit $s`],
    ["in a session of its own", (command) => `setsid -w ${command}`],
  ])("types it %s: status 13", async (_name, disguise) => {
    const { status, said } = await inRun(disguise(typed(`approve ${id}`)));
    expect(said).toContain("is for the person who started the run");
    expect(status).toBe(13);
    await stillWaits();
  });

  it.each<[string, string, (command: string) => string]>([
    ["and does not announce itself", "", (command) => command],
    ["as a person's program does", "announced", (command) => command],
    ["as a person's program does, without the run's variables", "announced", (command) => `env -i ${command}`],
    ["as a person's program does, as a child of nobody", "announced", (command) => `setsid -f sh -c '${command} >said 2>&1; echo >done'; until [ -e done ]; do sleep 0.05; done; cat said; rm done`],
    ["as a person's program does, as a child of nobody whose parent has the run's variables", "announced", (command) => `setsid -f sh -c 'env -i ${command} >said 2>&1; echo >done'; until [ -e done ]; do sleep 0.05; done; cat said; rm done`],
  ])("speaks with the agent by our own source, %s: refused", async (_name, announced, disguise) => {
    const { said } = await inRun(disguise(bySource(announced)));
    expect(said).toContain("refused: inside-run");
    expect(said).not.toContain("approved");
    await stillWaits();
  });

  it.each<[string, (command: string) => string]>([
    ["", (command) => command],
    [", without the run's variables", (command) => `env -i ${command}`],
  ])("reads the token of the person's page, and answers there%s: refused", async (_name, disguise) => {
    const page = await openApproveServer({
      approvals: { list: () => listWaiting(person), look: () => Promise.resolve(undefined), answer: (seen, answer) => settle(person, seen, answer, "page"), close: () => undefined },
      claims: { list: () => Promise.resolve([]), answer: () => { throw new Error("a program has accepted an identity"); } },
    });
    try {
      const { origin, host, hash } = new URL(page.url);
      const order = JSON.stringify({ id, digest: digestOf("/repos/a"), word: "once", reason: "" });
      const headers = { Origin: origin, "X-Vault-Token": hash.slice(1), "Content-Type": "application/json" };
      const curlTo = (path: string, text: string): string => `curl -s --noproxy "*" -o /dev/null -w "%{http_code}" ${Object.entries(headers).map(([name, value]) => `-H "${name}: ${value}"`).join(" ")} -d '${text}' http://${host}${path}`;
      const curl = curlTo("/answer", order);
      const claim = JSON.stringify({ did: "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", handle: "ci", word: "accept", workspace: null, group: null });
      expect((await inRun(disguise(curlTo("/claim", claim)))).said).toMatch(/^403/);
      expect((await inRun(disguise(curl))).said).toMatch(/^403/);
      await stillWaits();
      // The same from outside is taken.
      const answered = await promisify(execFile)("sh", ["-c", curl]);
      expect(answered.stdout).toBe("200");
      expect(await decision).toMatchObject({ kind: "allowed", by: "page" });
    } finally {
      page.close();
    }
  });

  it("shows that the same done outside is answered", async () => {
    expect(built.vault(["approve", id])).toContain("approved: DELETE api.example.com/repos/a");
    expect(await decision).toEqual({ kind: "allowed", by: "command", extent: "once" });
    expect(await listWaiting(person)).toEqual([]);
  });

  it("waits for the answer to one, and has another in its place: the answer is for none", async () => {
    const [seen] = await listWaiting(person);
    if (seen === undefined) throw new Error("nothing waits");
    const other = { ...seen, request: { ...seen.request, digest: digestOf("/repos/b") } };
    expect(await settle(person, other, { kind: "allow", extent: { kind: "once" } }, "command")).toBe(false);
    await stillWaits();
  });

  it("sends the same request once more after the answer: that one waits anew", async () => {
    built.vault(["approve", id]);
    await decision;
    const gone = new AbortController();
    const next = await new Promise<string>((resolve) => { decision = held.hold(request("/repos/a"), gone.signal, resolve); });
    expect(next).not.toBe(id);
    expect((await listWaiting(person)).map((one) => one.id)).toEqual([next]);
    gone.abort();
    expect(await decision).toEqual({ kind: "unanswered" });
  });
});
