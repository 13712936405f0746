// A connection to a store that is cut at each of a command's questions and answers, and a server that is killed there and started again: through the commands, at real servers.
import { expect, onTestFinished, test } from "vitest";
import type { CountingRelay, Direction } from "../support/counting-relay.ts";
import { openCountingRelay } from "../support/counting-relay.ts";
import type { EngineStage } from "../support/engine-places.ts";
import { describeEngines } from "../support/engine-places.ts";
import type { Said } from "../support/started-program.ts";
import { openMachine } from "../support/store-machines.ts";
import { TEST_STORE } from "../support/test-store.ts";

/** How many of each direction's: a few in every run of the tests, more where the suite is run for one store, and each in the soak. */
const [CUTS, RESTARTS] = process.env["VAULT_SOAK"] !== undefined ? [Infinity, Infinity] : TEST_STORE !== undefined ? [6, 3] : [1, 1];
const IS_WIDE = TEST_STORE !== undefined || process.env["VAULT_SOAK"] !== undefined;

const DIRECTIONS: readonly Direction[] = ["question", "answer"];

interface Command {
  readonly args: (name: string) => readonly string[];
  readonly input?: string;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  "secrets create": { args: (name) => ["secrets", "create", name, "--host", "a.example"], input: "a value" },
  "rotate-master": { args: () => ["rotate-master"] },
  "run": { args: () => ["run", "--", "echo", "started"] },
};
/** A run that failed before its program was started has a status of its own. */
const failedOf = (command: string): number => (command === "run" ? 125 : 14);

interface Scene {
  readonly relay: CountingRelay;
  readonly play: (command: string, where: string) => Promise<Said>;
  /** The vault has what was said to be done, and nothing else; its key opens it, and its log is whole. */
  readonly requireWhole: (where: string) => Promise<void>;
}

async function openScene(stage: EngineStage): Promise<Scene> {
  const relay = await openCountingRelay(stage.port);
  onTestFinished(() => relay.close());
  const place = stage.place(relay.port);
  const machine = openMachine(place);
  const made: string[] = [];
  let count = 0;
  expect(await machine.start(["init", "--provider", "file", "--store", place.url])).toMatchObject({ status: 0 });
  return {
    relay,
    async play(command, where) {
      const name = `S${(count += 1)}`;
      const said = await machine.start(COMMANDS[command]?.args(name) ?? [], COMMANDS[command]?.input);
      await relay.rest();
      expect([0, failedOf(command)], `${where}: ${said.err}`).toContain(said.status);
      if (said.status !== 0) expect(said.err, where).toMatch(/the store .* (?:cannot be used: |was asked )/);
      if (command === "secrets create" && said.status === 0) made.push(name);
      if (command === "run") expect(said.out, where).toBe(said.status === 0 ? "started\n" : "");
      return said;
    },
    async requireWhole(where) {
      const listed = await machine.start(["secrets", "list", "--json"]);
      expect(listed, where).toMatchObject({ status: 0 });
      expect((JSON.parse(listed.out) as { secrets: { name: string }[] }).secrets.map(({ name }) => name).sort(), where).toEqual([...made].sort());
      expect(await machine.start(["doctor"]), where).toMatchObject({ status: 0 });
      expect(await machine.start(["audit", "--verify"]), where).toMatchObject({ status: 0 });
    },
  };
}

describeEngines("a connection that is cut", (stage) => {
  for (const [at, command] of Object.keys(COMMANDS).entries()) {
    test(`at one question or answer of ${command} after another: it is done, or refused with nothing done`, async () => {
      const { relay, play, requireWhole } = await openScene(stage());
      relay.at("question", Infinity, "cut");
      expect(await play(command, "nothing cut")).toMatchObject({ status: 0 });
      const total = { question: relay.count("question"), answer: relay.count("answer") };
      expect(total.answer).toBeGreaterThan(4);
      const statuses: (number | null)[] = [];
      for (const direction of DIRECTIONS) {
        const step = Math.max(1, Math.floor(total[direction] / CUTS));
        for (let nth = Math.ceil(step / 2) + at; nth <= total[direction]; nth += step) {
          relay.at(direction, nth, "cut");
          const where = `${command}, cut at ${direction} ${nth} of ${total[direction]}`;
          statuses.push((await play(command, where)).status);
          if (IS_WIDE) await requireWhole(where);
        }
      }
      await requireWhole(`${command}, cut now and then`);
      // Who connects anew finds out what was done, and goes on.
      expect(statuses).toContain(0);
    }, 900_000);
  }

  test("where the server is killed at a question and comes again: it is done, or refused with nothing done", async () => {
    const { relay, play, requireWhole } = await openScene(stage());
    for (const [at, command] of Object.keys(COMMANDS).entries()) {
      relay.at("question", Infinity, "cut");
      await play(command, "nothing killed");
      const total = relay.count("question");
      for (let nth = 2 + at; nth <= total; nth += Math.max(1, Math.floor(total / RESTARTS))) {
        relay.at("question", nth, async () => {
          await stage().stop();
          await stage().start();
        });
        const where = `${command}, killed at question ${nth} of ${total}`;
        await play(command, where);
        if (IS_WIDE) await requireWhole(where);
      }
    }
    await requireWhole("killed now and then");
  }, 900_000);
}, TEST_STORE === undefined ? undefined : [TEST_STORE]);
