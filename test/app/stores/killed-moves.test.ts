// The program as it is shipped, killed (SIGKILL) while it moves a vault between stores of different kinds, behind the moment that decides: its machine is lost, and another one that has the key brings the vault in force.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMoved } from "../../../src/store/judge-stored.ts";
import { freshName } from "../../support/engine-places.ts";
import { hasPostgres, openPostgresServer } from "../../support/postgres-server.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { hasRedis, openRedisServer } from "../../support/redis-server.ts";
import type { Relay } from "../../support/relay.ts";
import { openRelay } from "../../support/relay.ts";
import type { Machine } from "../../support/store-machines.ts";
import { bringKey, bytesAt, openMachine, openPlace } from "../../support/store-machines.ts";

type Kind = "redis" | "postgres" | "file";
const VALUE = "a value that nobody guesses: 4c7e90";

/** Carries each piece to the server once `isOver` was asked, and nothing from then on. */
async function openGate(toPort: number): Promise<Relay & { isOver: () => Promise<boolean>; readonly held: Promise<void> }> {
  let hold: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { hold = resolve; });
  const relay = await openRelay(toPort, (near, far) => {
    let last = Promise.resolve();
    near.on("data", (chunk: Buffer) => {
      last = last.then(async () => {
        if (await gate.isOver()) hold();
        else far.write(chunk);
      });
    });
    far.on("data", (chunk: Buffer) => near.write(chunk));
  });
  const gate = { ...relay, held, isOver: () => Promise.resolve(false) };
  return gate;
}

describe.skipIf(!hasRedis || !hasPostgres)("a move whose machine is lost in the middle", () => {
  let servers: { readonly redis: Awaited<ReturnType<typeof openRedisServer>>; readonly postgres: Awaited<ReturnType<typeof openPostgresServer>> } | undefined;
  beforeAll(async () => {
    servers = { redis: await openRedisServer(), postgres: await openPostgresServer() };
    // One variable is for both.
    servers.postgres.ask(`ALTER ROLE vault PASSWORD '${servers.redis.password}'`);
  });
  afterAll(async () => { await Promise.all([servers?.redis.close(), servers?.postgres.close()]); });

  const urlOf = (kind: Kind, port: number): string => {
    if (kind === "file") return "file";
    return kind === "redis" ? `redis://127.0.0.1:${port}/0/${freshName()}` : `postgres://vault@127.0.0.1:${port}/vault/${freshName()}?tls=off`;
  };

  test.each<[Kind, Kind]>([["redis", "postgres"], ["postgres", "redis"], ["redis", "file"], ["postgres", "file"], ["file", "redis"], ["file", "postgres"]])("from %s to %s", async (from, to) => {
    if (servers === undefined) throw new Error("the servers do not run yet");
    // What is asked last behind that moment: the new place, or, where that is a file, the old one.
    const asked = to === "file" ? from : to;
    const gate = await openGate(asked === "redis" ? servers.redis.port : servers.postgres.port);
    const portOf = (kind: Kind): number => (kind === asked ? gate.port : kind === "redis" ? (servers?.redis.port ?? 0) : (servers?.postgres.port ?? 0));
    const [old, next] = [urlOf(from, portOf(from)), urlOf(to, portOf(to))];
    const environment = { VAULT_STORE_PASSWORD: servers.redis.password };
    const [lost, joined, fresh] = [1, 2, 3].map(() => openMachine({ url: old, environment })) as [Machine, Machine, Machine];
    const engine = from === "file" ? undefined : await openPlace({ url: old.replace(`:${gate.port}/`, `:${from === "redis" ? servers.redis.port : servers.postgres.port}/`), environment });
    try {
      expect(await lost.start(["init", ...(from === "file" ? [] : ["--store", old]), "--provider", "file"])).toMatchObject({ status: 0 });
      for (const machine of [joined, fresh]) bringKey(lost, machine);
      if (from !== "file") expect(await joined.start(["init", "--store", old])).toMatchObject({ status: 0 });
      // The other machine has not seen this.
      expect(await lost.start(["secrets", "create", "KEPT", "--host", "a.example"], VALUE)).toMatchObject({ status: 0 });

      gate.isOver = async () => {
        if (engine === undefined) return existsSync(join(lost.folder, "store.json"));
        const bytes = await bytesAt(engine, "vault");
        return bytes !== undefined && findMoved(bytes) !== undefined;
      };
      const child = spawn(NODE, [RUN_JS, "store", "migrate", "--to", next], { env: lost.env, stdio: "ignore" });
      const ended = new Promise((resolve) => child.once("close", (_status, signal) => { resolve(signal); }));
      await gate.held;
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
      gate.cut();
      gate.isOver = () => Promise.resolve(false);

      const said = (machine: Machine, args: readonly string[]) => machine.start(args);
      const names = async (machine: Machine): Promise<unknown> => (JSON.parse((await said(machine, ["secrets", "list", "--json"])).out) as { secrets: { name: string }[] }).secrets.map(({ name }) => name);
      const taker = from === "file" || (from === "postgres" && to === "file") ? fresh : joined;
      if (to === "file") {
        expect(await said(joined, ["secrets", "list"])).toMatchObject({ status: 14, err: expect.stringMatching(/only if that machine is lost: .*vault store restore/) as string });
        // Either by one that has used the vault there, or by one that has only the key.
        expect(await (from === "redis" ? said(joined, ["store", "restore"]) : said(fresh, ["store", "migrate", "--to", old]))).toMatchObject({ status: 0 });
      } else {
        // Who knows of no old place is told what to type, and changes nothing.
        const hint = expect.stringContaining(`vault store migrate --to ${next}`) as string;
        expect(await said(fresh, ["init", "--store", next])).toMatchObject({ status: 14, err: hint });
        if (from === "file") {
          expect(await said(fresh, ["store", "migrate", "--to", next])).toMatchObject({ status: 0 });
        } else {
          const [, typed = ""] = /if you know that place: vault (init --store \S+)/.exec((await said(joined, ["secrets", "list"])).err) ?? [];
          expect(await said(joined, typed.split(" "))).toMatchObject({ status: 0 });
          expect(await said(fresh, ["init", "--store", next])).toMatchObject({ status: 0 });
        }
      }
      expect(await names(taker)).toEqual(["KEPT"]);
      expect(await said(taker, ["audit", "--verify"])).toMatchObject({ status: 0 });
      expect(await taker.start(["secrets", "create", "AFTER", "--host", "a.example"], VALUE)).toMatchObject({ status: 0 });
      // And where the machine was not lost after all, it finds the vault where it is.
      if (to !== "file") expect(await said(lost, ["store", "migrate", "--to", next])).toMatchObject({ status: 0 });
      expect(await names(lost)).toEqual(["AFTER", "KEPT"]);
      expect(await said(lost, ["audit", "--verify"])).toMatchObject({ status: 0 });
    } finally {
      await engine?.close();
      await gate.close();
    }
  }, 180_000);
});
