// What one identity may take of a broker, so that another's runs go on.
import { describe, expect, it } from "vitest";
import { openBrokerDesk } from "../../src/app/broker/broker-desk.ts";
import type { BrokerSession } from "../../src/app/broker/broker-session.ts";
import type { ServedVault } from "../../src/app/broker/served-vault.ts";
import type { SessionDoor } from "../../src/broker/front.ts";
import { encodeOrder } from "../../src/broker/order.ts";
import type { DidKey } from "../../src/identity/did-key.ts";
import { drawIdentityKey, parseIdentityKey } from "../../src/identity/identity-key.ts";
import { makeBareSocket } from "../support/raw-sockets.ts";

const drawDid = (): DidKey => parseIdentityKey(drawIdentityKey(), "this test").did;
const [greedy, modest] = [drawDid(), drawDid()];
const ORDER = encodeOrder({ program: "sh", vault: undefined, workspace: undefined, group: undefined, selections: undefined, project: undefined, denyUnmatched: false, strict: false, freshPlaceholders: false, isWalled: false, isLogged: false, isSummed: false });

function openService() {
  let count = 0;
  const ended: string[] = [];
  const vault: ServedVault = {
    acceptances: { vault: "AAAAAAAAAAAAAAAAAAAAAA==", find: () => ({ handle: "one", viewpoints: [{ workspace: undefined, group: undefined }], since: 1 }) },
    isReady: () => Promise.resolve(true),
    provider: () => "file",
    async open({ did }) {
      await new Promise((resolve) => setImmediate(resolve));
      count += 1;
      const id = count.toString(16).padStart(32, "0");
      const session: BrokerSession = {
        id, did, isOver: () => false, admit: () => undefined, follow: () => () => undefined,
        answer: { session: id, token: "0".repeat(64), caCertificate: "", secrets: [] }, shared: undefined,
        end: () => {
          ended.push(id);
          return Promise.resolve([]);
        },
      };
      return session;
    },
    shared: undefined,
    join: () => Promise.resolve(undefined),
    endAbsent: () => Promise.resolve(undefined),
    enter: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { ended, service: openBrokerDesk({ audience: () => "http://a", nonce: "", vaults: [vault], takeProof: () => true, claim: () => Promise.resolve({ status: 202 }), tell: () => Promise.resolve({ status: 200 }), refused: () => undefined, now: Date.now, warn: () => undefined }) };
}

describe("one identity", () => {
  it("has two hundred sessions at a time, also when it asks for all of them at once, and another has its own", async () => {
    const { service, ended } = openService();
    const statuses = (await Promise.all(Array.from({ length: 300 }, () => service.openSession(greedy, ORDER)))).map(({ status }) => status);
    expect([statuses.filter((status) => status === 201).length, statuses.filter((status) => status === 429).length]).toEqual([200, 100]);
    expect((await service.openSession(modest, ORDER)).status).toBe(201);
    // One that has ended makes room.
    await service.endSession(greedy, "1".padStart(32, "0"), Buffer.from('{"kind":"exited","status":0}'));
    expect((await service.openSession(greedy, ORDER)).status).toBe(201);
    await service.close();
    expect(ended).toHaveLength(202);
  });

  it("has two thousand connections at a time, and another has its own", async () => {
    const { service } = openService();
    for (const did of [greedy, modest]) await service.openSession(did, ORDER);
    const [first, second] = ["1".padStart(32, "0"), "2".padStart(32, "0")];
    const doorOf = async (did: DidKey, id: string): Promise<SessionDoor> => {
      const door = await service.findSession(did, id);
      if (door === undefined || door === "busy") throw new Error(door ?? "none");
      return door;
    };
    // What counts is that they are there, and when they end.
    const ends: (() => void)[] = [];
    const kept = Array.from({ length: 2000 }, () => {
      const socket = makeBareSocket();
      ends.push(() => socket.emit("close", false));
      return socket;
    });
    for (const socket of kept) (await doorOf(greedy, first)).admit(socket, { kind: "listener" });
    expect(await service.findSession(greedy, first)).toBe("busy");
    await doorOf(modest, second);
    // Not one of them is another's, or nobody's.
    expect(await Promise.all([service.findSession(modest, first), service.findSession(greedy, second), service.findSession(greedy, "f".repeat(32))])).toEqual([undefined, undefined, undefined]);
    ends[0]?.();
    await doorOf(greedy, first);
    await service.close();
  });
});
