// The load balancer's configuration in docs/broker.md, in front of two brokers' faces, of which one is not ready.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { BrokerService } from "../../src/broker/front.ts";
import { openFront, REFUSED } from "../../src/broker/front.ts";
import { findFreePort, isInstalled } from "../support/real-servers.ts";
import { makeServerFolder, openServedProgram } from "../support/served-program.ts";
import { makeTestCa } from "../support/test-ca.ts";

const PAGE = readFileSync(new URL("../../docs/broker.md", import.meta.url), "utf8");
const ca = makeTestCa();

/** @param ready its answer to `/ready`. */
async function open(ready: number, heard: string[]): Promise<number> {
  const refuse = (): Promise<typeof REFUSED> => Promise.resolve(REFUSED);
  const service: BrokerService = {
    nonce: "00", prove: () => Promise.resolve({ kind: "refused", why: "bad" }), admit: () => undefined, claim: refuse, openSession: refuse, endSession: refuse, findSession: () => Promise.resolve(undefined),
    tell(what) {
      if (what === "health") heard.push(String(ready));
      return Promise.resolve({ status: what === "ready" ? ready : 200 });
    },
  };
  const { cert, key } = ca.identityFor("localhost");
  const front = await openFront({ host: "127.0.0.1", port: 0, tls: { certificate: cert, key }, service });
  onTestFinished(() => front.close());
  return front.port;
}

it.skipIf(!isInstalled("haproxy"))("leads TLS through to a broker that is ready, and to no other (needs haproxy)", async () => {
  const [, text] = /```\n(# haproxy\.cfg[^]*?)```/.exec(PAGE) ?? [];
  if (text === undefined) throw new Error("the page has none");
  const heard: string[] = [];
  const [one, two, port] = [await open(503, heard), await open(200, heard), await findFreePort()];
  const folder = makeServerFolder("haproxy");
  const configuration = join(folder, "haproxy.cfg");
  writeFileSync(join(folder, "root.pem"), ca.certificate);
  writeFileSync(configuration, `global\n  maxconn 200\n${text.replace("bind :7998", `bind 127.0.0.1:${port}`).replace("broker-1.internal:7998", `127.0.0.1:${one}`).replace("broker-2.internal:7998", `127.0.0.1:${two}`).replace("root.pem", join(folder, "root.pem")).replace("inter 2s", "inter 200ms")}`);
  const ask = (): Promise<number | string> => new Promise((resolve) => {
    const asking = request({ host: "127.0.0.1", port, servername: "localhost", path: "/health", ca: ca.certificate, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.once("error", (error) => { resolve(error.message); });
    asking.end();
  });
  const balancer = await openServedProgram({ command: "haproxy", args: ["-db", "-f", configuration], port, folder, options: { env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` } } });
  onTestFinished(() => balancer.close());
  // Once it has found out.
  await expect.poll(async () => {
    heard.length = 0;
    const statuses = [await ask(), await ask(), await ask(), await ask()];
    return [statuses, [...heard]];
  }, { timeout: 20_000 }).toEqual([[200, 200, 200, 200], ["200", "200", "200", "200"]]);
});
