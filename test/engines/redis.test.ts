// What is Redis's own.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { digestOf } from "../../src/engines/engine.ts";
import { openCuttingRelay } from "../support/cutting-relay.ts";
import { openPlace } from "../support/open-place.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { hasRedis, openRedisServer } from "../support/redis-server.ts";

const [A, B] = [utf8("first"), utf8("second")];

describe.skipIf(!hasRedis)("Redis", () => {
  let server: RedisServer;
  beforeAll(async () => { server = await openRedisServer(["maxclients 40"]); });
  afterAll(() => server.close());

  const placeOf = (path: string, user = "", password = server.password, port = server.port): { readonly url: string; readonly environment: Readonly<Record<string, string>> } => ({ url: `redis://${user}127.0.0.1:${port}${path}`, environment: password === "" ? {} : { VAULT_STORE_PASSWORD: password } });
  const refuses = async (work: Promise<unknown>, says: string): Promise<void> => { await expect(work).rejects.toMatchObject({ code: "store-unavailable", message: expect.stringContaining(says) as string }); };

  test("a vault's keys stand side by side in a cluster, and vaults of other names and databases apart", async () => {
    const engine = await openPlace(placeOf("/3/work"));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    expect(server.ask("-n", "3", "keys", "*").split("\n").sort()).toEqual(["{vault:work}:bytes", "{vault:work}:digests", "{vault:work}:names"]);
    expect(server.ask("-n", "0", "keys", "*")).toBe("");
    expect(await engine.replace("vault", undefined, digestOf(A))).toBe("done");
    expect(server.ask("-n", "3", "keys", "*")).toBe("");
  });

  test("tells why it cannot be used", async () => {
    await refuses((await openPlace(placeOf("/0", "", ""))).read("vault"), "it wants a password");
    await refuses((await openPlace(placeOf("/99"))).read("vault"), "no database of this number");
    server.ask("set", "{vault:taken}:digests", "x");
    await refuses((await openPlace(placeOf("/0/taken"))).read("vault"), "something else under the vault's keys");
    const engine = await openPlace(placeOf("/0/full"));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    server.ask("config", "set", "maxmemory", "1");
    onTestFinished(() => void server.ask("config", "set", "maxmemory", "0"));
    await refuses(engine.replace("vault", B, digestOf(A)), "its memory is full");
    server.ask("config", "set", "maxmemory", "0");
    expect(await engine.replace("vault", B, digestOf(A))).toBe("done");
  });

  test("lets in a user with just these rights, and tells one without them", async () => {
    server.ask("acl", "setuser", "keeper", "on", ">pw-keeper", "resetkeys", "~{vault:acl}:*", "resetchannels", "&{vault:acl}:*", "-@all", "+eval", "+hget", "+hset", "+hdel", "+zadd", "+zrem", "+zrangebylex", "+publish", "+subscribe", "+select", "+ping", "+hello");
    const engine = await openPlace(placeOf("/0/acl", "keeper@", "pw-keeper"));
    const heard: number[] = [];
    engine.watch("vault", () => heard.push(1));
    await expect.poll(() => heard.length).toBe(1);
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    await expect.poll(() => heard.length).toBe(2);
    expect((await engine.list("", "", 9)).map(({ name }) => name)).toEqual(["vault"]);
    expect(await engine.replace("vault", undefined, digestOf(A))).toBe("done");
    await refuses((await openPlace(placeOf("/0/other", "keeper@", "pw-keeper"))).read("vault"), "may not do this");
    await refuses((await openPlace(placeOf("/0/acl", "nobody@", "pw-keeper"))).read("vault"), "refuses the user or the password");
    // Who may not tell of changes makes none.
    server.ask("acl", "setuser", "keeper", "resetchannels");
    await refuses((await openPlace(placeOf("/0/acl", "keeper@", "pw-keeper"))).replace("vault", A, undefined), "may not do this");
    expect(await engine.read("vault")).toEqual({ kind: "none" });
  });

  test("is not read from a replica, which may be behind", async () => {
    const replica = await openRedisServer([`replicaof 127.0.0.1 ${server.port}`]);
    onTestFinished(() => replica.close());
    const engine = await openPlace(placeOf("/0/copy"));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    const other = await openPlace(placeOf("/0/copy", "", server.password, replica.port));
    await refuses(other.read("vault"), "it is a replica");
    await refuses(other.replace("vault", B, digestOf(A)), "it is a replica");
    await expect.poll(() => replica.ask("info", "replication")).toContain("master_link_status:up");
    replica.ask("replicaof", "no", "one");
    await expect.poll(async () => (await other.read("vault").catch(() => undefined))?.kind).toBe("bytes");
    // One that becomes a replica under a connection takes no change.
    replica.ask("replicaof", "127.0.0.1", String(server.port));
    await refuses(other.replace("vault", B, digestOf(A)), "it is a replica");
  });

  test("tells that there are too many clients", async () => {
    const engines = await Promise.all(Array.from({ length: 45 }, () => openPlace(placeOf("/0/many"))));
    const answers = await Promise.allSettled(engines.map((engine) => engine.read("vault")));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const text of refused) expect(text).toMatch(/too many clients|the connection was cut/);
  });

  test("a change whose answer was lost is not made later", async () => {
    const relay = await openCuttingRelay(server.port);
    onTestFinished(() => relay.close());
    const engine = await openPlace(placeOf("/0/later", "", server.password, relay.port), { connectMs: 3_000, callMs: 3_000 });
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    const clients = (): string[] => server.ask("client", "list", "type", "normal").split("\n").map((line) => /^id=(\d+) .* cmd=eval/.exec(line)?.[1] ?? "");
    const id = clients().find((known) => known !== "");
    // The server takes no commands, and the change waits there.
    server.ask("client", "pause", "20000", "write");
    expect(await engine.replace("vault", B, digestOf(A))).toBe("unknown");
    const read = engine.read("vault");
    await expect.poll(clients).not.toContain(id);
    server.ask("client", "unpause");
    expect(await read).toEqual({ kind: "bytes", bytes: Buffer.from(A) });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await engine.read("vault", digestOf(A))).toEqual({ kind: "same" });
  });
});
