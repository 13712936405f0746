// The limits of what is asked over HTTPS: a server that takes the connection and never says a word.
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { limitedFetch } from "../../../src/agent/sources/https-fetch.ts";
import { createServer } from "../../support/raw-sockets.ts";

test("the time is up although garbage was collected meanwhile", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const timer = setInterval(collect, 100);
  onTestFinished(() => {
    clearInterval(timer);
    server.close();
  });
  const asked = limitedFetch({ roots: null, signal: new AbortController().signal, answerMs: 1000 })(`https://localhost:${(server.address() as AddressInfo).port}/`);
  await expect(asked).rejects.toMatchObject({ failure: { reason: "timed-out" } });
}, 20_000);
