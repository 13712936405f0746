// Real servers that are full, or that take no changes, when a test says so, and are as before when it says so.
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineKind, EnginePlace } from "./engine-places.ts";
import { freshName } from "./engine-places.ts";
import { openPostgresServer } from "./postgres-server.ts";
import { openRedisServer } from "./redis-server.ts";
import { openS3Server } from "./s3-server.ts";

export interface Spoiling {
  /** What is said of the store then. */
  readonly says: RegExp;
  /** Whether it can be read meanwhile. */
  readonly isReadable: boolean;
  /** Whether open connections outlive its beginning, so that it may begin in the midst of a command. */
  readonly isSudden: boolean;
  readonly spoil: () => void | Promise<void>;
  readonly mend: () => void | Promise<void>;
}

export interface SpoiledStore {
  readonly port: number;
  readonly place: (port?: number) => EnginePlace;
  /** When a vault is there: what makes sure that the next changes need room. */
  readonly settle: () => void;
  readonly spoilings: Readonly<Record<string, Spoiling>>;
  readonly close: () => Promise<void>;
}

/** @throws where its server is not installed, or a file system of its own cannot be mounted. */
export function openSpoiledStore(kind: EngineKind): Promise<SpoiledStore> {
  switch (kind) {
    case "redis":
      return openRedis();
    case "postgres":
      return openPostgres();
    case "s3":
      return openS3();
  }
}

async function openRedis(): Promise<SpoiledStore> {
  const server = await openRedisServer();
  const set = (name: string, value: string) => (): void => { server.ask("config", "set", name, value); };
  return {
    port: server.port,
    place: (port = server.port) => ({ url: `redis://127.0.0.1:${port}/0/${freshName()}`, environment: { VAULT_STORE_PASSWORD: server.password } }),
    settle: () => undefined,
    spoilings: {
      "full (maxmemory, noeviction)": { says: /its memory is full/, isReadable: true, isSudden: true, spoil: set("maxmemory", "1"), mend: set("maxmemory", "0") },
      "without the replicas that it wants": { says: /too few replicas/, isReadable: true, isSudden: true, spoil: set("min-replicas-to-write", "1"), mend: set("min-replicas-to-write", "0") },
      // Of a server that nobody is at.
      "a replica": { says: /it is a replica/, isReadable: false, isSudden: true, spoil: () => { server.ask("replicaof", "127.0.0.1", "1"); }, mend: () => { server.ask("replicaof", "no", "one"); } },
    },
    close: () => server.close(),
  };
}

async function openPostgres(): Promise<SpoiledStore> {
  const server = await openPostgresServer();
  const { uid, gid } = statSync(server.data);
  // An empty database takes 8 MB.
  const disk = mountSmallDisk(12, { uid, gid });
  mkdirSync(join(disk.folder, "space"));
  chownSync(join(disk.folder, "space"), uid, gid);
  server.ask(`CREATE TABLESPACE small LOCATION '${join(disk.folder, "space")}'`, "postgres");
  server.ask("CREATE DATABASE full_soon OWNER vault TABLESPACE small", "postgres");
  const setReadOnly = (value: string) => async (): Promise<void> => {
    server.ask(`ALTER SYSTEM SET default_transaction_read_only = ${value}`, "postgres");
    server.ask("SELECT pg_reload_conf()", "postgres");
    // Sessions hear of it by a signal.
    for (let waited = 0; waited < 400 && server.ask("SHOW default_transaction_read_only", "postgres") !== value; waited += 1) await sleep(25);
  };
  return {
    port: server.port,
    place: (port = server.port) => ({ url: `postgres://vault@127.0.0.1:${port}/full_soon/${freshName()}?tls=off`, environment: { VAULT_STORE_PASSWORD: server.password } }),
    // A row has a page to itself, so each further one makes the file larger.
    settle: () => { for (const sql of ["ALTER TABLE vault_entries SET (fillfactor = 10)", "VACUUM FULL vault_entries"]) server.ask(sql, "full_soon"); },
    spoilings: {
      "full (its tablespace)": { says: /its disk is full/, isReadable: true, isSudden: true, spoil: disk.fill, mend: disk.empty },
      "read only (default_transaction_read_only)": { says: /it takes no changes/, isReadable: true, isSudden: true, spoil: setReadOnly("on"), mend: setReadOnly("off") },
      "a standby": {
        says: /it is a replica/, isReadable: false, isSudden: false,
        async spoil() {
          await server.stop("SIGINT");
          writeFileSync(join(server.data, "standby.signal"), "", { mode: 0o644 });
          await server.start();
        },
        mend: () => { server.ask("SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote() END", "postgres"); },
      },
    },
    async close() {
      await server.close();
      disk.close();
    },
  };
}

async function openS3(): Promise<SpoiledStore> {
  const disk = mountSmallDisk(2);
  const server = await openS3Server(disk.folder);
  return {
    port: server.port,
    place: (port = server.port) => ({ url: `s3://${server.bucket}/${freshName()}?endpoint=http://127.0.0.1:${port}`, environment: { AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey } }),
    settle: () => undefined,
    spoilings: {
      "full (its disk)": { says: /it has no room left/, isReadable: true, isSudden: true, spoil: disk.fill, mend: disk.empty },
      "read only (its disk)": { says: /was asked 5 times, and did not tell/, isReadable: true, isSudden: true, spoil: () => { disk.remount("ro"); }, mend: () => { disk.remount("rw"); } },
    },
    async close() {
      await server.close();
      disk.close();
    },
  };
}

interface SmallDisk {
  readonly folder: string;
  readonly fill: () => void;
  readonly empty: () => void;
  readonly remount: (how: "ro" | "rw") => void;
  readonly close: () => void;
}

function mountSmallDisk(megabytes: number, { uid, gid } = { uid: 0, gid: 0 }): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "vault-small-"));
  mount("-t", "tmpfs", "-o", `size=${megabytes}m,uid=${uid},gid=${gid},mode=0755`, "tmpfs", folder);
  const unmount = (): void => {
    // Whoever has a file open there keeps it for as long.
    spawnSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", unmount);
  const ballast = join(folder, "ballast");
  return {
    folder,
    fill: () => { spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4k"]); },
    empty: () => { rmSync(ballast, { force: true }); },
    remount: (how) => { mount("-o", `remount,${how}`, folder); },
    close() {
      process.off("exit", unmount);
      unmount();
    },
  };
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${args.join(" ")}: ${stderr}`);
}
