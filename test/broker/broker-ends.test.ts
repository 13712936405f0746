// What becomes of a run when its broker, its session or its identity ends before its program does.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, afterAll, describe, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import type { VaultRun } from "../support/built-vault.ts";
import { connect } from "../support/raw-sockets.ts";
import { openRecordingRelay } from "../support/recording-relay.ts";

let stage: BrokerStage;
let broker: RunningBroker | undefined;
beforeAll(async () => {
  stage = await openBrokerStage();
  broker = await stage.serve();
  await stage.introduce(broker, HANDLE);
});
afterEach(async () => {
  await broker?.stop();
  broker = undefined;
});
afterAll(() => stage.close());

/** Asks once, says so, waits for a line, and asks again: on a connection that was open all the while, and on a new one. */
function startAsking(at: RunningBroker, flags: readonly string[] = []): { readonly run: VaultRun; readonly goOn: () => void } {
  const ask = `curl -sS -m 20 -o /dev/null -w '%{http_code}' -H "authorization: Bearer $API_KEY" https://${stage.bound}/`;
  const run = stage.run(at, `${ask}; echo asked; read line; ${ask}; echo again; sleep 1; exit 9`, flags);
  return { run, goOn: () => run.process.stdin?.write("\n") };
}

/** A connection of the program's that is held open through its run. */
const HOLD = `exec 3<>/dev/tcp/127.0.0.1/$(echo $HTTPS_PROXY | sed 's/.*://;s/[^0-9].*//'); printf 'CONNECT %s HTTP/1.1\\r\\nHost: a\\r\\nProxy-Authorization: Basic %s\\r\\n\\r\\n' "$TARGET" "$(echo -n $HTTPS_PROXY | sed 's,http://,,;s,@.*,,' | base64 -w0)" >&3; head -c 12 <&3; echo; cat <&3 >/dev/null; echo "cut"; exit 9`;
const startHolding = (at: RunningBroker): VaultRun => stage.run(at, `TARGET=${stage.bound} bash -c '${HOLD.replaceAll("'", `'"'"'`)}'`);

async function cutBy(run: VaultRun, act: () => unknown): Promise<void> {
  await run.said("HTTP/1.1 200");
  await act();
  await run.said("cut");
}

describe("a run at a broker", () => {
  it("loses its connections when the broker is stopped, which ends each session in the log", async () => {
    broker ??= await stage.serve();
    const run = startHolding(broker);
    let stopped: unknown;
    await cutBy(run, async () => { stopped = await broker?.stop(); });
    expect(stopped).toBe(0);
    expect((await run.ended)).toBe(9);
    const { entries } = JSON.parse(stage.owner.vault(["audit", "--json", "--limit", "3"])) as { readonly entries: readonly { readonly event: Readonly<Record<string, unknown>> }[] };
    expect(entries.map(({ event }) => event)).toContainEqual(expect.objectContaining({ kind: "run.end", outcome: { kind: "abandoned" } }));
    stage.owner.vault(["audit", "--verify"]);
  });

  it("whose broker is killed ends with its program's status, and the person is told", async () => {
    broker = await stage.serve();
    const { run, goOn } = startAsking(broker);
    await run.said("asked");
    await broker.stop("SIGKILL");
    goOn();
    const { status, output } = await endOf(run);
    expect([status, output]).toEqual([9, expect.stringMatching(/200asked[^]*000again/)]);
    expect(output).toContain(`the broker at ${broker.url} cannot be reached (ECONNREFUSED)`);
    expect(output.match(/cannot be reached/g)).toHaveLength(1);
  });

  it("whose broker was started anew is told that its session is over", async () => {
    broker = await stage.serve();
    const { run, goOn } = startAsking(broker);
    await run.said("asked");
    await broker.stop("SIGKILL");
    broker = await stage.serve({ port: broker.port });
    await run.said("has ended this run's session");
    goOn();
    const { status, output } = await endOf(run);
    expect([status, output]).toEqual([9, expect.stringContaining("000again")]);
    // And the next is served.
    expect((await endOf(stage.run(broker, "exit 4"))).status).toBe(4);
  });

  it("loses its connections when the vault is locked, and has others when it runs again", async () => {
    broker = await stage.serve();
    const run = startHolding(broker);
    await cutBy(run, () => stage.owner.vault(["lock"]));
    expect(await endOf(run)).toMatchObject({ status: 9, output: expect.stringContaining("has ended this run's session") });
    expect((await endOf(stage.run(broker, "exit 4"))).status).toBe(4);
  });

  it("loses its connections when its identity is revoked, and gets no others", async () => {
    broker = await stage.serve();
    await stage.introduce(broker, "gone");
    const run = stage.run(broker, `TARGET=${stage.bound} bash -c '${HOLD.replaceAll("'", `'"'"'`)}'`, ["--identity", "gone"]);
    const other = startAsking(broker);
    await other.run.said("asked");
    await cutBy(run, () => stage.owner.vault(["identity", "revoke", "gone"]));
    expect(await endOf(run)).toMatchObject({ status: 9, output: expect.stringContaining("has ended this run's session") });
    expect(await endOf(stage.run(broker, "true", ["--identity", "gone"]))).toMatchObject({ status: 125, output: expect.stringContaining("has not accepted this identity") });
    // Nobody else notices.
    other.goOn();
    expect(await endOf(other.run)).toMatchObject({ status: 9, output: expect.stringMatching(/^200asked\n200again\n$/) });
  });

  it("goes on after a network that has failed for a moment, its log too", async () => {
    const { port } = await stage.serve().then(async (first) => {
      await first.stop();
      return first;
    });
    const relay = await openRecordingRelay(port);
    const url = `http://127.0.0.1:${relay.port}`;
    broker = await stage.serve({ port, flags: ["--name", url] });
    const log = join(stage.runnerFolder, "cut.jsonl");
    const { run, goOn } = startAsking({ ...broker, url }, ["--log", log]);
    await run.said("asked");
    const lines = (): number => relay.recorded().toString("latin1").split("/events HTTP/1.1").length - 1;
    expect(lines()).toBe(1);
    relay.cut();
    await expect.poll(lines).toBe(2);
    // Its answer as well.
    await expect.poll(() => relay.recorded().toString("latin1").split("Upgrade: vault-events\r\n\r\n").length).toBeGreaterThanOrEqual(3);
    goOn();
    const { status, output } = await endOf(run);
    expect([status, output]).toEqual([9, "200asked\n200again\n"]);
    expect(readFileSync(log, "utf8").match(/"decision":"substituted"/g)).toHaveLength(2);
    await relay.close();
  });

  it("that is killed leaves no connection behind", async () => {
    broker = await stage.serve();
    const run = startHolding(broker);
    await run.said("HTTP/1.1 200");
    run.process.kill("SIGKILL");
    // The program hears of it by its own connection.
    await run.said("cut");
    const metrics = async (): Promise<string> => {
      const answer = await fetch(`${broker?.url ?? ""}/metrics`);
      return answer.text();
    };
    // The session itself waits for a run that may come back.
    expect(await metrics()).toMatch(/vault_broker_sessions 1\n/);
  });

  it("is not disturbed by whoever connects to the broker and says nothing", async () => {
    broker = await stage.serve();
    const { run, goOn } = startAsking(broker);
    await run.said("asked");
    const port = broker.port;
    const sockets = Array.from({ length: 1500 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))));
    goOn();
    expect(await endOf(run)).toMatchObject({ status: 9, output: expect.stringMatching(/^200asked\n200again\n$/) });
    for (const socket of sockets) socket.destroy();
  });
});
