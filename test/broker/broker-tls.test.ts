// A broker that other machines reach: TLS with a root of its own, and certificates that nobody should trust.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BAD_CERTIFICATES } from "../support/bad-certificates.ts";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import { makeTestCa } from "../support/test-ca.ts";

const ca = makeTestCa();
let stage: BrokerStage;
let broker: RunningBroker;
let root: string;
beforeAll(async () => {
  stage = await openBrokerStage();
  root = join(stage.runnerFolder, "root.pem");
  writeFileSync(root, ca.certificate);
  broker = await stage.serve({ tls: ca.identityFor("localhost"), host: "localhost" });
  await stage.introduce(broker, HANDLE, { claim: ["--broker-ca", root] });
});
afterAll(() => stage.close());

describe("a broker with TLS", () => {
  it("serves runs that were given its root", async () => {
    const { status, output } = await endOf(stage.run(broker, `for i in 1 2 3; do curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/echo; done`, ["--broker-ca", root]));
    expect([status, output]).toEqual([0, expect.stringContaining("authorization: Bearer")]);
    expect(stage.upstream.received()).toContain(`Bearer ${stage.value}`);
    expect(output).not.toContain(stage.value);
  });

  it("is nobody's without it, and the run says why", async () => {
    const { status, output } = await endOf(stage.run(broker, "echo started"));
    expect([status, output]).toEqual([125, expect.stringMatching(/the certificate of the broker at https:\/\/localhost:\d+ is not trusted \([A-Z_]+\)[^]*--broker-ca FILE/)]);
    expect(output).not.toContain("started");
  });

  it("by a name that its certificate does not have, is nobody's either", async () => {
    const { status, output } = await endOf(stage.run({ url: `https://127.0.0.1:${broker.port}` }, "true", ["--broker-ca", root]));
    expect(status).toBe(125);
    expect(output).toMatch(/is not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)|cannot be reached/);
  });

  it("does not start with a key that is not its certificate's, or with neither where others could listen", async () => {
    const other = makeTestCa().identityFor("localhost");
    const start = async (tls: { readonly cert: string; readonly key: string } | undefined, host: string): Promise<string> => stage.serve({ host, ...(tls === undefined ? {} : { tls }) }).then(() => "served", (error: unknown) => String(error));
    expect(await start({ cert: ca.identityFor("localhost").cert, key: other.key }, "localhost")).toContain("the certificate and the key cannot be used");
    expect(await start(undefined, "0.0.0.0")).toContain("without TLS, a broker listens on loopback alone");
  });
});

describe("a run trusts no broker whose certificate is", () => {
  const cases = ["expired", "not yet valid", "for another name", "self-signed", "of an unknown root", "for clients only", "over TLS 1.1"] as const;
  it.each(cases)("%s", async (name) => {
    const { tls, roots } = BAD_CERTIFICATES[name]?.() ?? { tls: {}, roots: [] };
    let heard = "";
    const server = createServer(tls, (request, response) => {
      heard += request.headers.authorization ?? "";
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const file = join(stage.runnerFolder, "bad.pem");
    writeFileSync(file, roots.join(""));
    const { status, output } = await endOf(stage.run({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` }, "echo started", ["--broker-ca", file]));
    await new Promise((resolve) => server.close(resolve));
    expect([status, output]).toEqual([125, expect.stringMatching(/is not trusted|cannot be reached/)]);
    // Not even a proof went there.
    expect([heard, output.includes("started")]).toEqual(["", false]);
  });
});
