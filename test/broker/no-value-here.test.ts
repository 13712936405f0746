// The machine of a run at a broker never holds a value: not in a process, not in a file, not on the wire between the two, of which nothing is hidden here by TLS.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import { canReadMemory, memoryHolds } from "../support/process-memory.ts";
import { childrenOf } from "../support/process-tree.ts";
import type { RecordingRelay } from "../support/recording-relay.ts";
import { openRecordingRelay } from "../support/recording-relay.ts";

let stage: BrokerStage;
let broker: RunningBroker;
let relay: RecordingRelay;
beforeAll(async () => {
  stage = await openBrokerStage();
  broker = await stage.serve();
});
afterAll(async () => {
  await relay.close();
  await stage.close();
});

/** As the bytes are, and as programs and protocols write them. */
function formsOf(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  const texts = [value, encodeURIComponent(value), bytes.toString("hex"), JSON.stringify(value).slice(1, -1)];
  // Base64 at each of its three offsets, without what depends on the bytes around it.
  const encoded = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64").slice(offset === 0 ? 0 : offset + 1, -4);
    return [text, text.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [...texts, ...encoded].flatMap((text) => [Buffer.from(text), Buffer.from(text, "utf16le")]);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

function processesBelow(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processesBelow)];
}

describe("the machine of a run at a broker", () => {
  it.skipIf(!canReadMemory())("holds no value while and after the program uses it (needs root on Linux)", async () => {
    // Proofs are for the broker's name, which here is that of the way to it.
    await broker.stop();
    const port = broker.port;
    relay = await openRecordingRelay(port);
    const url = `http://127.0.0.1:${relay.port}`;
    broker = await stage.serve({ port, flags: ["--name", url] });
    await stage.introduce({ url }, HANDLE);
    const needles = formsOf(stage.value);
    const run = stage.run({ url }, `for way in "authorization: Bearer $API_KEY" "x-api-key: $API_KEY"; do curl -sS -D - -H "$way" https://${stage.bound}/echo; done; curl -sS -u "me:$API_KEY" https://${stage.bound}/echo; env >all; cat /proc/self/environ >>all; echo used; read line; exit 6`, ["--summary", "--log", join(stage.runnerFolder, "run.jsonl")]);
    await run.said("used");
    expect(stage.upstream.received()).toContain(`authorization: Bearer ${stage.value}`);
    // The looking itself works: the broker has it.
    expect(memoryHolds(broker.process.process.pid ?? 0, needles)).toBe(true);
    const all = processesBelow(run.process.pid ?? 0);
    expect(all.length).toBeGreaterThan(1);
    for (const pid of all) {
      expect(memoryHolds(pid, needles)).toBe(false);
      const environment = readFileSync(`/proc/${pid}/environ`);
      expect(needles.some((needle) => environment.includes(needle))).toBe(false);
    }
    const lookAtFiles = (): void => {
      for (const path of filesBelow(stage.runnerFolder)) {
        const bytes = readFileSync(path);
        expect(needles.some((needle) => bytes.includes(needle)), path).toBe(false);
      }
    };
    lookAtFiles();
    run.process.stdin?.write("\n");
    expect(await run.ended).toBe(6);
    lookAtFiles();
    const traffic = relay.recorded();
    // It is the whole of it: the program's TLS ends at the broker, and what stands around it can be read.
    expect(traffic.includes("/connections HTTP/1.1")).toBe(true);
    expect(needles.filter((needle) => traffic.includes(needle)).map(String)).toEqual([]);
    expect(needles.some((needle) => run.output().includes(needle.toString()))).toBe(false);
  });
});
