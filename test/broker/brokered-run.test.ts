// A run whose keys, values and log are on another machine, with the program as it is shipped: what it can do, and what it is told.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import { can } from "../support/machine.ts";

let stage: BrokerStage;
let broker: RunningBroker;
beforeAll(async () => {
  stage = await openBrokerStage();
  broker = await stage.serve();
});
afterAll(() => stage.close());

const ask = (path = "/"): string => `curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}${path}`;
const run = async (script: string, flags: readonly string[] = []) => endOf(stage.run(broker, script, flags));

describe("a run at a broker", () => {
  it("has nothing until the vault's owner has accepted its identity, and uses a secret without having it from then on", async () => {
    expect((await stage.runner(["identity", "create", HANDLE])).status).toBe(0);
    const [before, unknown] = [await run(ask()), await stage.runner(["identity", "claim", "--identity", HANDLE, "--broker", broker.url])];
    expect([before.status, before.output]).toEqual([125, expect.stringContaining("has not accepted this identity")]);
    expect(unknown.status).toBe(0);
    expect((await run(ask())).status).toBe(125);
    expect(stage.owner.vault(["identity", "list"])).toContain(`asks: ${HANDLE}`);
    // Another one's, and what is no key; then by the handle alone, which is told.
    expect(() => stage.owner.vault(["identity", "accept", HANDLE, "--did", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"])).toThrow("has another key than the one you expect");
    expect(() => stage.owner.vault(["identity", "accept", HANDLE, "--did", HANDLE])).toThrow("is none");
    expect((await run(ask())).status).toBe(125);
    stage.owner.vault(["identity", "accept", HANDLE]);
    const { status, output } = await run(`${ask("/echo")} -D -; env`);
    expect([status, output]).toEqual([0, expect.stringContaining("authorization: Bearer")]);
    expect(stage.upstream.received()).toContain(`authorization: Bearer ${stage.value}`);
    expect(output).not.toContain(stage.value);
    // A proxy of its own machine, and a placeholder.
    expect(output).toMatch(/HTTPS_PROXY=http:\/\/vault:[0-9a-f]{64}@127\.0\.0\.1:/);
  });

  it("leads a Node there that looks at no proxy variable, by agents of its own", async () => {
    const script = `const { Agent, get } = require("node:https"); get("https://${stage.bound}/", { agent: new Agent(), headers: { authorization: "Bearer " + process.env.API_KEY } }, (answer) => { console.log("answered", answer.statusCode); }).on("error", (error) => { console.log(error.message); })`;
    const before = stage.upstream.received().length;
    const { status, output } = await run(`NODE_USE_ENV_PROXY= exec "$NODE" -e '${script}'`.replace("$NODE", process.execPath));
    expect([status, output]).toEqual([0, expect.stringContaining("answered 200")]);
    expect(stage.upstream.received().slice(before)).toContain(`Bearer ${stage.value}`);
  });

  it("proves its identity by a variable as well, which the program does not get", async () => {
    const file = join(stage.runnerFolder, "vault", "identities", `${HANDLE}.key`);
    const key = readFileSync(file, "utf8");
    renameSync(file, `${file}.away`);
    try {
      const { status, output } = await stage.runner(["run", "--broker", broker.url, "--identity", HANDLE, "--", "sh", "-c", "cat /proc/self/environ; exit 5"], { VAULT_IDENTITY_KEY: key });
      expect(status).toBe(5);
      expect(output).toContain("API_KEY=");
      expect(output).not.toContain(key.trim());
    } finally {
      renameSync(`${file}.away`, file);
    }
  });

  it("ends with the program's own status", async () => {
    for (const [script, status] of [["exit 0", 0], ["exit 7", 7], ["kill -TERM $$", 143]] as const) expect((await run(script)).status).toBe(status);
    const start = (program: string) => stage.runner(["run", "--broker", broker.url, "--identity", HANDLE, "--", program]);
    expect(await start("no-such-program-anywhere")).toMatchObject({ status: 127, output: expect.stringContaining("was not found") });
    expect(await start("/etc/passwd")).toMatchObject({ status: 126, output: expect.stringContaining("cannot be executed") });
  });

  it("tells what was used, in a table and in a log", async () => {
    const log = join(stage.runnerFolder, "run.jsonl");
    const { status, output } = await run(`${ask()}; sleep 1`, ["--summary", "--log", log]);
    expect([status, output]).toEqual([0, expect.stringMatching(new RegExp(`${stage.bound}.*API_KEY|API_KEY.*${stage.bound}`, "s"))]);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { readonly decision: string });
    expect(lines.map(({ decision }) => decision)).toContain("substituted");
    expect(readFileSync(log, "utf8")).not.toContain(stage.value);
  });

  it("gets what it names and no more", async () => {
    stage.owner.vault(["secrets", "create", "OTHER_KEY", "--host", "other.example"], "another-value-of-this-test");
    const one = await run('echo "[$OTHER_KEY][$API_KEY][$KEY]"', ["-s", "KEY=API_KEY"]);
    expect([one.status, one.output]).toEqual([0, expect.stringMatching(/^\[\]\[\]\[[^\]]+\]$/m)]);
    const none = await run("true", ["-s", "NO_SUCH"]);
    expect([none.status, none.output]).toEqual([125, expect.stringContaining("no such secret")]);
  });

  it("is narrowed by its project's file, and only narrowed", async () => {
    const file = join(stage.runnerFolder, "vault.run.json");
    try {
      writeFileSync(file, JSON.stringify({ secrets: { MY_KEY: { secret: "API_KEY", hosts: ["elsewhere.example"] } } }));
      const wide = await run("true");
      expect([wide.status, wide.output]).toEqual([125, expect.stringContaining("vault.run.json")]);
      writeFileSync(file, JSON.stringify({ secrets: { MY_KEY: { secret: "API_KEY", places: ["basic"] } }, denyUnmatched: true }));
      const { status, output } = await run(`echo "[$OTHER_KEY][$API_KEY]"; curl -sS -H "x-key: $MY_KEY" https://${stage.bound}/; curl -sS https://other.invalid/`);
      expect([status, output]).toEqual([56, expect.stringMatching(/^\[\]\[\]$/m)]);
      expect(output).toContain("403");
    } finally {
      rmSync(file);
    }
  });

  it("refuses other hosts, and misplaced placeholders, where it is told to", async () => {
    const received = stage.upstream.received().length;
    const denied = await run("curl -sS https://other.invalid/", ["--deny-unmatched"]);
    expect([denied.status, denied.output]).toEqual([56, expect.stringContaining("403")]);
    const strict = await run(`curl -sS -o /dev/null -w '%{http_code}' "https://${stage.bound}/?key=$API_KEY"`, ["--strict"]);
    // With what allows it, for the person.
    expect(strict.output).toMatch(/400[^]*run is strict[^]*without --strict/);
    expect(stage.upstream.received().length).toBe(received);
  });

  it("sees what its identity was accepted for, a group's secrets say, and may ask for nothing else", async () => {
    stage.owner.vault(["secrets", "create", "TEAM_KEY", "--host", stage.bound, "--workspace", "acme", "--group", "ci"], "the-value-of-a-team");
    await stage.introduce(broker, "team", { accept: ["--workspace", "acme", "--group", "ci"] });
    const theirs = await run(`curl -sS -H "authorization: Bearer $TEAM_KEY" https://${stage.bound}/`, ["--identity", "team"]);
    expect([theirs.status, theirs.output]).toEqual([0, "hello from upstream\n"]);
    expect(stage.upstream.received()).toContain("Bearer the-value-of-a-team");
    const named = await run("echo \"[$TEAM_KEY]\"", ["--identity", "team", "--workspace", "acme", "--group", "ci"]);
    expect(named.output).toMatch(/^\[.+\]$/m);
    for (const flags of [["--identity", "team", "--workspace", "acme"], ["--workspace", "acme", "--group", "ci"]]) {
      const { status, output } = await run("true", flags);
      expect([status, output]).toEqual([125, expect.stringContaining("has not accepted this identity")]);
    }
    expect((await run('echo "[$TEAM_KEY]"')).output).toBe("[]\n");
  });

  it("says what a machine without values cannot do", async () => {
    writeFileSync(join(stage.runnerFolder, ".env"), "A=b\n");
    for (const flags of [["--redact"], ["--dotenv", ".env"], ["--upstream-ca", join(stage.owner.folder, "server.pem")]]) {
      const { status, output } = await run("echo started", flags);
      expect([status, output]).toEqual([125, expect.stringContaining("with --broker")]);
      expect(output).not.toContain("started");
    }
    const nobody = await stage.runner(["run", "--broker", broker.url, "--identity", "nobody", "--", "true"]);
    expect([nobody.status, nobody.output]).toEqual([125, expect.stringContaining('there is no identity "nobody" here')]);
    const away = await stage.runner(["run", "--broker", "http://broker.example:7998", "--identity", HANDLE, "--", "true"]);
    expect([away.status, away.output]).toEqual([125, expect.stringContaining("https:// alone")]);
    const deaf = await stage.runner(["run", "--broker", "http://127.0.0.1:1", "--identity", HANDLE, "--", "true"]);
    expect([deaf.status, deaf.output]).toEqual([125, expect.stringContaining("cannot be reached (ECONNREFUSED)")]);
  });

  it.skipIf(!can.wall)("goes behind a wall as well, where the broker is the only way out (needs bubblewrap)", async () => {
    const { status, output } = await run(`${ask("/echo")}; curl -sS --noproxy '*' --max-time 5 http://127.0.0.1:${broker.port}/health; cat "${join(stage.runnerFolder, "vault", "identities", `${HANDLE}.key`)}"; grep -rsl "vault-identity-1:" "$HOME" /proc/[0-9]*/environ; exit 5`, ["--sandbox"]);
    expect([status, output]).toEqual([5, expect.stringContaining("authorization: Bearer")]);
    expect(output).not.toContain(stage.value);
    expect(output).not.toContain('"status":"ok"');
    // The identity's key is not there.
    expect(output).toMatch(/cat: .*No such file/);
    expect(output).not.toMatch(/^vault-identity-1:|\.key$|environ$/m);
  });

  it.skipIf(!can.wall)("shows placeholders there for what this machine has under the names of lent secrets (needs bubblewrap)", async () => {
    const [older, twice, quoted] = ["sk-older-Value_1234567", "sk-twice-Value_1234567", "sk-quoted#Value 1234567"];
    writeFileSync(join(stage.runnerFolder, ".env"), `API_KEY=${twice}\nexport API_KEY="${quoted}"\nPORT=8080\nSAME=${older}\n`);
    const shown = await stage.runner(["run", "--broker", broker.url, "--identity", HANDLE, "--sandbox", "--", "sh", "-c", `cat "$HOME/.env"; env; ${ask()}`], { API_KEY: older, OTHER_NAME: older });
    expect([shown.status, shown.output]).toEqual([0, expect.stringMatching(/^PORT=8080$/m)]);
    expect([older, twice, quoted].filter((value) => shown.output.includes(value))).toEqual([]);
    const placeholder = /^API_KEY=(\S+)$/m.exec(shown.output)?.[1] ?? "none";
    expect(shown.output).toContain(`SAME=${placeholder}\n`);
    expect(shown.output).toContain(`OTHER_NAME=${placeholder}\n`);
    expect(readFileSync(join(stage.runnerFolder, ".env"), "utf8")).toContain(twice);
  });

  it("stands in the vault's audit log, with the identity that it was", () => {
    const { entries } = JSON.parse(stage.owner.vault(["audit", "--json", "--limit", "1000"])) as { readonly entries: readonly { readonly event: Readonly<Record<string, unknown>> }[] };
    const events = entries.map(({ event }) => event);
    expect(events).toContainEqual(expect.objectContaining({ kind: "run.start", identity: expect.stringMatching(/^did:key:z/), handle: HANDLE, session: expect.stringMatching(/^[0-9a-f]{32}$/) }));
    expect(events).toContainEqual(expect.objectContaining({ kind: "run.end", outcome: { kind: "exited", status: 7 } }));
    expect(stage.owner.vault(["audit", "--verify"])).toMatch(/whole|intact|verified/);
  });
});
