// An engine keeps no process alive: not by its connection, not by a watch, and not by a server that says nothing.
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openCuttingRelay } from "../support/cutting-relay.ts";
import { describeEngines } from "../support/engine-places.ts";
import type { WorkerScript } from "../support/workers.ts";
import { bundleWorker } from "../support/workers.ts";

let script: WorkerScript;
beforeAll(async () => { script = await bundleWorker("engine"); });
afterAll(() => { script.close(); });

describeEngines("a process with an engine", (stage) => {
  test.each(["leave", "close"])("ends by itself (%s)", async (ending) => {
    const { url, environment } = stage().place();
    const worker = script.start([url, ending], { under: ["env", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)] });
    expect(await worker.next()).toBe("watched");
    expect(await worker.ended).toEqual({ status: 0, signal: undefined, errors: "" });
  });

  test("ends while the server has fallen silent", async () => {
    const relay = await openCuttingRelay(stage().port);
    onTestFinished(() => relay.close());
    const { url, environment } = stage().place(relay.port);
    const worker = script.start([url, "leave"], { under: ["env", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)] });
    expect(await worker.next()).toBe("watched");
    relay.set("silent");
    expect(await worker.ended).toEqual({ status: 0, signal: undefined, errors: "" });
  });
});
