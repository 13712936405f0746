// The same tests with a broker between the program and the proxy, where VAULT_TEST_BROKER is set: the wire of real runs, over TLS and with proofs. It is the tests' own, and the program knows nothing of it.
import type { Socket } from "node:net";
import type { BrokerOrigin } from "../../src/broker/client.ts";
import { openBrokerClient } from "../../src/broker/client.ts";
import type { Arrival, BrokerService } from "../../src/broker/front.ts";
import { openFront } from "../../src/broker/front.ts";
import type { BrokerRelay } from "../../src/app/runs/broker-relay.ts";
import { openBrokerRelay } from "../../src/app/runs/broker-relay.ts";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import { judgeProof } from "../../src/identity/proof.ts";
import type { HandedProxy, Proxy } from "../../src/proxy/server.ts";
import { makeTestCa } from "./test-ca.ts";

export const THROUGH_BROKER = process.env["VAULT_TEST_BROKER"] !== undefined;

const SESSION = "0".repeat(32);

/** The run's own end of a session whose proxy this is, at a port of its own. */
export async function putBehindBroker(proxy: HandedProxy): Promise<Proxy> {
  const relay = await relayTo(proxy);
  const { url } = await relay.listen();
  return { port: Number(new URL(url).port), url, caCertificate: proxy.caCertificate, close: () => relay.close() };
}

/** The same for what a wall hands over. */
export async function handToBroker(proxy: HandedProxy): Promise<Pick<HandedProxy, "admit" | "caCertificate" | "close">> {
  return relayTo(proxy);
}

async function relayTo(proxy: HandedProxy): Promise<BrokerRelay> {
  const ca = makeTestCa();
  const { cert, key } = ca.identityFor("localhost");
  let origin = "";
  const nothing = (): Promise<{ readonly status: number }> => Promise.resolve({ status: 404 });
  const service: BrokerService = {
    nonce: "00",
    prove: (authorization, request) => Promise.resolve(judgeProof(authorization, { audience: origin, nonce: "00", ...request }, Date.now())),
    admit: () => undefined, claim: nothing, openSession: nothing, endSession: nothing, tell: nothing,
    findSession: () => Promise.resolve({ admit: (socket: Socket, arrival: Arrival) => { proxy.admit(socket, arrival); }, follow: () => undefined }),
  };
  const front = await openFront({ host: "localhost", port: 0, tls: { certificate: cert, key }, service });
  origin = `https://localhost:${front.port}`;
  const client = openBrokerClient(origin as BrokerOrigin, parseIdentityKey(drawIdentityKey(), "this test"), [ca.certificate], Date.now);
  const relay = openBrokerRelay(client, { session: SESSION, token: proxy.token, caCertificate: proxy.caCertificate, secrets: [] }, () => undefined);
  return {
    ...relay,
    async close() {
      await Promise.all([relay.close(), proxy.close()]);
      await front.close();
    },
  };
}
