// A store that is full, or that takes no changes, from before a command or from one of its questions on: through the commands, at real servers. Each says what it is and ends with its status; nothing is lost, and the vault is whole.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openCountingRelay } from "../support/counting-relay.ts";
import type { EngineKind } from "../support/engine-places.ts";
import { ENGINES } from "../support/engine-places.ts";
import { can } from "../support/machine.ts";
import type { SpoiledStore } from "../support/spoiled-stores.ts";
import { openSpoiledStore } from "../support/spoiled-stores.ts";
import type { Said } from "../support/started-program.ts";
import type { Machine } from "../support/store-machines.ts";
import { openMachine } from "../support/store-machines.ts";
import { TEST_STORE } from "../support/test-store.ts";

/** In every run of the tests a full store is met from the beginning of a command on; where the suite is run for one store, each refusal, and in the midst of a command as well; in the soak, from each of its questions on. */
const SUDDEN_TIMES = process.env["VAULT_SOAK"] !== undefined ? Infinity : TEST_STORE !== undefined ? 3 : 0;
const KINDS: readonly EngineKind[] = TEST_STORE === undefined ? ["redis", "postgres", "s3"] : [TEST_STORE];

async function makeMachine(store: SpoiledStore, port: number): Promise<Machine> {
  const place = store.place(port);
  const machine = openMachine(place);
  expect(await machine.start(["init", "--provider", "file", "--store", place.url])).toMatchObject({ status: 0 });
  expect(await machine.start(["secrets", "create", "BEFORE", "--host", "a.example"], "a value")).toMatchObject({ status: 0 });
  store.settle();
  return machine;
}

const COMMANDS: Readonly<Record<string, (machine: Machine, name: string) => Promise<Said>>> = {
  "secrets create": (machine, name) => machine.start(["secrets", "create", name, "--host", "a.example"], "another"),
  "rotate-master": (machine) => machine.start(["rotate-master"]),
  "run": (machine) => machine.start(["run", "--", "echo", "started"]),
};
const failedOf = (command: string): number => (command === "run" ? 125 : 14);

/** The end of a run that the store would not take is told, and missing in the log: its person, who knows that, settles it by the command that is named. */
async function settleEnd(machine: Machine, { err }: Said, says: RegExp, where: string): Promise<void> {
  const { status, out, err: hints } = await machine.start(["audit", "--verify"]);
  if (status === 0) return;
  expect([status, err, out], where).toEqual([6, expect.stringMatching(says), expect.stringContaining("has no end")]);
  const [, command = ""] = /vault (audit --accept \d+)\n/.exec(hints) ?? [];
  expect(await machine.start(command.split(" ")), where).toMatchObject({ status: 0 });
}

async function requireWhole(machine: Machine, names: readonly string[], where: string): Promise<void> {
  const listed = await machine.start(["secrets", "list", "--json"]);
  expect(listed, where).toMatchObject({ status: 0 });
  expect((JSON.parse(listed.out) as { secrets: { name: string }[] }).secrets.map(({ name }) => name).sort(), where).toEqual([...names].sort());
  // It opens every secret with the key.
  expect(await machine.start(["doctor"]), where).toMatchObject({ status: 0 });
  expect(await machine.start(["audit", "--verify"]), where).toMatchObject({ status: 0 });
}

for (const kind of KINDS) {
  describe.skipIf(!ENGINES[kind].isHere || !can.mount)(`a store that refuses: ${kind} (needs its server, and to mount a small file system)`, () => {
    let store: SpoiledStore | undefined;
    beforeAll(async () => { store = await openSpoiledStore(kind); });
    afterAll(() => store?.close());
    const opened = (): SpoiledStore => {
      if (store === undefined) throw new Error("the server does not run yet");
      return store;
    };
    const names = { redis: ["full (maxmemory, noeviction)", "without the replicas that it wants", "a replica"], postgres: ["full (its tablespace)", "read only (default_transaction_read_only)", "a standby"], s3: ["full (its disk)", "read only (its disk)"] }[kind];

    test.each(SUDDEN_TIMES > 0 ? names : names.slice(0, 1))("%s: each command says so, and afterwards all is as it was", async (name) => {
      const machine = await makeMachine(opened(), opened().port);
      const spoiling = opened().spoilings[name];
      if (spoiling === undefined) throw new Error("no such spoiling");
      onTestFinished(spoiling.mend);
      await spoiling.spoil();
      for (const [command, play] of Object.entries(COMMANDS)) {
        const said = await play(machine, "NEW");
        expect([said.status, said.out], `${command}: ${said.err}`).toEqual([failedOf(command), ""]);
        expect(said.err, command).toMatch(spoiling.says);
      }
      expect((await machine.start(["secrets", "list"])).status).toBe(spoiling.isReadable ? 0 : 14);
      await spoiling.mend();
      await requireWhole(machine, ["BEFORE"], name);
      for (const [command, play] of Object.entries(COMMANDS)) expect(await play(machine, "NEW"), command).toMatchObject({ status: 0 });
      await requireWhole(machine, ["BEFORE", "NEW"], name);
    }, 300_000);

    test.each(SUDDEN_TIMES > 0 ? names : [])("%s, from one of a command's questions on: it is done, or refused with nothing done", async (name) => {
      const spoiling = opened().spoilings[name];
      if (spoiling?.isSudden !== true) return;
      const relay = await openCountingRelay(opened().port);
      onTestFinished(() => relay.close());
      const machine = await makeMachine(opened(), relay.port);
      const made = ["BEFORE"];
      for (const [at, [command, play]] of Object.entries(COMMANDS).entries()) {
        relay.at("question", Infinity, "cut");
        const first = `${command.slice(0, 3).toUpperCase()}_0`;
        expect(await play(machine, first), command).toMatchObject({ status: 0 });
        if (command === "secrets create") made.push(first);
        const total = relay.count("question");
        for (let nth = 2 + at; nth <= total; nth += Math.max(1, Math.floor(total / SUDDEN_TIMES))) {
          const where = `${name} from question ${nth} of ${total} of ${command} on`;
          relay.at("question", nth, spoiling.spoil);
          const said = await play(machine, `S_${nth}`);
          await relay.rest();
          await spoiling.mend();
          expect([0, failedOf(command)], `${where}: ${said.err}`).toContain(said.status);
          if (said.status !== 0) expect(said.err, where).toMatch(spoiling.says);
          if (command === "secrets create" && said.status === 0) made.push(`S_${nth}`);
          if (command === "run" && said.status === 0) await settleEnd(machine, said, spoiling.says, where);
          await requireWhole(machine, made, where);
        }
      }
    }, 900_000);
  });
}
