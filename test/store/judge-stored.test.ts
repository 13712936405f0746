// What an engine has, held against what this machine has seen: no engine is needed for that.
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../src/bytes.ts";
import type { FoundAnchor } from "../../src/store/anchor.ts";
import type { Seen } from "../../src/store/judge-stored.ts";
import { encodeMoved, findMoved, judgeStored, movedAway } from "../../src/store/judge-stored.ts";
import { parseStoreFile } from "../../src/store/store-file.ts";
import type { VaultFile } from "../../src/vault/vault-file.ts";
import { encodeVaultFile, parseVaultFile } from "../../src/vault/vault-file.ts";
import { holdSampleKey, makeSampleContents, SAMPLE_ID } from "../support/sample-vault.ts";

const OTHER_ID = new Uint8Array(16).fill(9);

async function vaultAt(generation: number, { id = SAMPLE_ID, sequence = 0 } = {}): Promise<VaultFile> {
  const holder = holdSampleKey(0, id);
  const contents = await makeSampleContents(holder, id);
  return parseVaultFile(await encodeVaultFile({ ...contents, generation, audit: { ...contents.audit, sequence } }, holder));
}

const anchorOf = ({ contents, mac }: VaultFile): FoundAnchor => ({ kind: "known", anchor: { vault: encodeBase64(contents.id), generation: contents.generation, mac: encodeBase64(mac), proofs: [] } });
const NOTHING: Seen = { copy: undefined, anchor: { kind: "none" } };
const seen = (copy: VaultFile | undefined, anchor: VaultFile | undefined = copy): Seen => ({ copy, anchor: anchor === undefined ? { kind: "none" } : anchorOf(anchor) });
const judge = (stored: VaultFile | undefined, known: Seen) => () => judgeStored("redis://host/0", stored, known);
const ROLLED_BACK = expect.objectContaining({ code: "rolled-back" }) as Error;

describe("what the engine has takes the copy's place", () => {
  test("where it is newer than what was seen, or nothing was seen", async () => {
    const [five, six] = [await vaultAt(5), await vaultAt(6)];
    expect(judge(six, NOTHING)()).toBe(true);
    expect(judge(six, seen(five))()).toBe(true);
    expect(judge(six, seen(undefined, five))()).toBe(true);
    // Somebody here has seen six, and was cut off before the copy was made.
    expect(judge(six, seen(five, six))()).toBe(true);
    expect(judge(six, seen(six, five))()).toBe(true);
  });

  test("not where neither has any", () => {
    expect(judge(undefined, NOTHING)()).toBe(false);
  });

  test("never where it is older, whichever of the two has seen the newer one", async () => {
    const [five, six] = [await vaultAt(5), await vaultAt(6)];
    for (const known of [seen(six), seen(five, six), seen(six, five), seen(undefined, six), { copy: six, anchor: { kind: "none" } } as const]) {
      expect(judge(five, known)).toThrow(ROLLED_BACK);
      expect(judge(five, known)).toThrow("is generation 5, and this machine has seen 6");
    }
  });

  test("nor where it is another one of the same generation: two machines have gone on from one state, or somebody has made it up", async () => {
    const [ours, theirs] = [await vaultAt(6), await vaultAt(6, { sequence: 3 })];
    for (const known of [seen(ours), seen(undefined, ours), { copy: ours, anchor: { kind: "none" } } as const]) expect(judge(theirs, known)).toThrow(ROLLED_BACK);
    expect(judge(ours, seen(ours))()).toBe(true);
  });

  test("nor where it is another vault, or none any more", async () => {
    const [ours, theirs] = [await vaultAt(6), await vaultAt(9, { id: OTHER_ID })];
    for (const known of [seen(ours), seen(undefined, ours), { copy: ours, anchor: { kind: "none" } } as const]) {
      expect(judge(theirs, known)).toThrow(ROLLED_BACK);
      expect(judge(undefined, known)).toThrow(ROLLED_BACK);
    }
  });

  test("and a refusal says what to type, either way", async () => {
    const [five, six] = [await vaultAt(5), await vaultAt(6)];
    const refusal = (): unknown => { try { return judge(five, seen(six))(); } catch (error) { return error; } };
    expect(refusal()).toMatchObject({ hint: expect.stringMatching(/: vault store restore; .*: vault accept AQID/) as string });
  });
});

describe("the mark of a vault that was moved", () => {
  const by = "0123456789abcdef0123456789abcdef";

  test("is read as it was written, and is nothing else", () => {
    for (const to of ["file", "redis://host/0/x", "s3://bucket/key?region=eu-central-1&endpoint=http%3A%2F%2F127.0.0.1%3A9000"]) expect(findMoved(Buffer.from(encodeMoved({ to, by })))).toEqual({ to, by });
    for (const text of ["", "{}", "{\"moved\":\"file\"}\n", `{"moved":"a b","by":"${by}"}\n`, `{"moved":"\\u001b[0m","by":"${by}"}\n`, `{"moved":"","by":"${by}"}\n`, ` ${encodeMoved({ to: "file", by })}`, `${encodeMoved({ to: "file", by })}\n`, encodeMoved({ to: "x".repeat(3000), by })]) {
      expect(findMoved(Buffer.from(text)), text).toBeUndefined();
    }
  });

  test("is followed by nobody", () => {
    expect(movedAway("redis://old/0", { to: "redis://new/0", by })).toMatchObject({ code: "store-unavailable", hint: expect.stringContaining("if you know that place: vault init --store redis://new/0") as string });
  });
});

describe("store.json", () => {
  const parse = (text: string) => () => parseStoreFile(Buffer.from(text), "/v/store.json");

  test("is read as it was written", () => {
    const next = { to: "file", by: "0123456789abcdef0123456789abcdef" };
    for (const file of [{ store: "redis://host/0", password: "keyring" }, { store: "s3://b/k", password: "variable", next }]) expect(parse(`${JSON.stringify(file)}\n`)()).toEqual(file);
  });

  test.each(["", "{}\n", "[]\n", "null\n", "{\"store\":\"redis://host/0\"}\n", "{\"store\":\"redis://host/0\",\"password\":\"pw\"}\n", "{\"store\":\"redis://host/0\",\"password\":\"keyring\"}", "{\"password\":\"keyring\",\"store\":\"redis://host/0\"}\n", "{\"store\":\"redis://host/0\",\"password\":\"keyring\",\"more\":1}\n", "{\"store\":\"a\\u001b[2Jb\",\"password\":\"keyring\"}\n", "{\"store\":\"redis://host/0\",\"password\":\"keyring\",\"next\":{\"to\":\"file\",\"by\":\"1\"}}\n"])("and %j is none", (text) => {
    expect(parse(text)).toThrow(expect.objectContaining({ code: "bad-schema" }) as Error);
  });
});
