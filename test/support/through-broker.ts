// The same tests with a broker between the program and the proxy, where VAULT_TEST_BROKER is set: the wire of real runs, over TLS and with proofs. It is the tests' own, and the program knows nothing of it.
import type { Socket } from "node:net";
import type { BrokerOrigin } from "../../src/broker/client.ts";
import { openBrokerClient } from "../../src/broker/client.ts";
import type { Arrival, BrokerService } from "../../src/broker/front.ts";
import { openFront } from "../../src/broker/front.ts";
import { openBrokerRelay } from "../../src/app/runs/broker-relay.ts";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import { judgeProof } from "../../src/identity/proof.ts";
import type { HandedProxy, Proxy } from "../../src/proxy/server.ts";
import { makeTestCa } from "./test-ca.ts";

export const THROUGH_BROKER = process.env["VAULT_TEST_BROKER"] !== undefined;

const SESSION = "0".repeat(32);

/** The run's own end of a session whose proxy this is. */
export async function putBehindBroker(proxy: HandedProxy): Promise<Proxy> {
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
  const { url } = await relay.listen();
  return {
    port: Number(new URL(url).port),
    url,
    caCertificate: proxy.caCertificate,
    async close() {
      await Promise.all([relay.close(), proxy.close()]);
      await front.close();
    },
  };
}
