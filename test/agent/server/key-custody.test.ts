import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeyCustody, wrongKeyDelayMs } from "../../../src/agent/server/key-custody.ts";
import type { Time } from "../../../src/agent/time/time.ts";
import { asDek } from "../../../src/vault/key-bytes.ts";
import type { KeyHolder } from "../../../src/vault/key-holder.ts";
import { drawKek, grantFor } from "../../support/agent-process.ts";

const vaultId = new Uint8Array(randomBytes(16));
const hash = new Uint8Array(32);

/** A clock that the test sets, and that sleepers set forward. */
class TestTime implements Time {
  ms = 0;
  readonly slept: number[] = [];

  now(): { monotonicMs: number; wallMs: number } {
    return { monotonicMs: this.ms, wallMs: this.ms };
  }

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.ms += ms;
    return Promise.resolve();
  }
}

describe("the key in custody", () => {
  it("is wiped where it came from", () => {
    const grant = grantFor(drawKek(), vaultId);
    new KeyCustody(grant, new TestTime());
    expect(grant.kek).toEqual(new Uint8Array(32));
  });

  it("works for those who know it, until it expires", async () => {
    const time = new TestTime();
    const custody = new KeyCustody(grantFor(drawKek(), vaultId, { ttlMs: 1000, idleMs: 300 }), time);
    const use = (): Promise<Uint8Array> => custody.use(custody.key, (holder) => holder.authenticate(hash));
    for (time.ms = 200; time.ms < 1000; time.ms += 200) {
      expect(await use()).toHaveLength(32);
      expect(custody.status.idleLeftMs).toBe(Math.min(300, 1000 - time.ms));
    }
    await expect(use()).rejects.toMatchObject({ code: "locked" });
  });

  it("is not kept alive by looking, by failed work or by wrong keys", async () => {
    const time = new TestTime();
    const custody = new KeyCustody(grantFor(drawKek(), vaultId, { idleMs: 1000 }), time);
    time.ms = 600;
    expect(custody.status).toMatchObject({ idleLeftMs: 400, idleMs: 1000 });
    const item = { wrapped: { nonce: new Uint8Array(24), ciphertext: new Uint8Array(48) }, aad: new Uint8Array() };
    await expect(custody.use(custody.key, (holder) => holder.unwrapDeks([item]))).rejects.toMatchObject({ code: "bad-wrap" });
    await expect(custody.unlock({ ...grantFor(drawKek(), vaultId), kek: drawKek() })).rejects.toMatchObject({ code: "wrong-key" });
    expect(custody.status.idleLeftMs).toBe(150);
  });

  it("answers wrong keys more and more slowly, and forgets them with the right one", async () => {
    const time = new TestTime();
    const kek = drawKek();
    const custody = new KeyCustody(grantFor(kek, vaultId), time);
    for (let i = 0; i < 7; i += 1) await expect(custody.unlock({ ...grantFor(kek, vaultId), kek: drawKek() })).rejects.toMatchObject({ code: "wrong-key" });
    expect(time.slept).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
    await custody.unlock(grantFor(kek, vaultId));
    await expect(custody.unlock({ ...grantFor(kek, vaultId), kek: drawKek() })).rejects.toMatchObject({ code: "wrong-key" });
    expect(time.slept.at(-1)).toBe(250);
    expect(wrongKeyDelayMs(5000)).toBe(8000);
  });

  it("answers wrong keys that come at once as slowly as one by one, and a right one behind them", async () => {
    const time = new TestTime();
    const kek = drawKek();
    const custody = new KeyCustody(grantFor(kek, vaultId), time);
    const wrong = Array.from({ length: 4 }, () => custody.unlock({ ...grantFor(kek, vaultId), kek: drawKek() }));
    const right = custody.unlock(grantFor(kek, vaultId));
    expect((await Promise.allSettled(wrong)).every(({ status }) => status === "rejected")).toBe(true);
    await right;
    expect(time.slept).toEqual([250, 500, 1000, 2000]);
  });

  it("tells a damaged slot from a wrong key", async () => {
    const kek = drawKek();
    const custody = new KeyCustody(grantFor(kek, vaultId), new TestTime());
    await expect(custody.unlock({ ...grantFor(kek, vaultId), keyId: new Uint8Array(16) })).rejects.toMatchObject({ code: "bad-key-slot" });
    await expect(custody.unlock({ ...grantFor(kek, vaultId), commitment: new Uint8Array(32) })).rejects.toMatchObject({ code: "bad-key-slot" });
    expect(() => new KeyCustody({ ...grantFor(kek, vaultId), kek: drawKek() }, new TestTime())).toThrow(expect.objectContaining({ code: "wrong-key" }));
  });

  it("does no work for those who know another key", async () => {
    const custody = new KeyCustody(grantFor(drawKek(), vaultId), new TestTime());
    const old = custody.key;
    const next = await custody.unlock(grantFor(drawKek(), vaultId, { ttlMs: 5000 }));
    const item = { dek: asDek(new Uint8Array(randomBytes(32))), aad: new Uint8Array() };
    await expect(custody.use(old, (holder) => holder.wrapDeks([item]))).rejects.toMatchObject({ code: "locked" });
    expect(await custody.use(next, (holder) => holder.wrapDeks([item]))).toHaveLength(1);
    expect(custody.status.ttlLeftMs).toBe(5000);
  });

  it("is forgotten when another takes its place, and when it is closed", async () => {
    const custody = new KeyCustody(grantFor(drawKek(), vaultId), new TestTime());
    const holderOf = (): Promise<KeyHolder> => custody.use(custody.key, (holder) => Promise.resolve(holder));
    const first = await holderOf();
    await custody.unlock(grantFor(drawKek(), vaultId));
    const second = await holderOf();
    await expect(first.authenticate(hash)).rejects.toMatchObject({ code: "locked" });
    expect(await second.authenticate(hash)).toHaveLength(32);
    custody.close();
    await expect(second.authenticate(hash)).rejects.toMatchObject({ code: "locked" });
  });

  it("does not come back by an unlocking that was under way when it was closed", async () => {
    const kek = drawKek();
    const custody = new KeyCustody(grantFor(kek, vaultId), new TestTime());
    const wrong = custody.unlock({ ...grantFor(kek, vaultId), kek: drawKek() });
    const right = custody.unlock(grantFor(kek, vaultId));
    custody.close();
    await expect(wrong).rejects.toMatchObject({ code: "wrong-key" });
    await expect(right).rejects.toMatchObject({ code: "locked" });
    await expect(custody.use(custody.key, (holder) => holder.authenticate(hash))).rejects.toMatchObject({ code: "locked" });
  });
});
