import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "./real-servers.ts";
import type { ServedProgram } from "./served-program.ts";
import { makeServerFolder, openServedProgram } from "./served-program.ts";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0 && spawnSync("redis-cli", ["--version"]).status === 0;

export interface RedisServer extends ServedProgram {
  readonly port: number;
  readonly password: string;
  /** What `redis-cli` answers, with all rights. */
  ask(...words: readonly string[]): string;
}

/** Each write stands on the disk before it is answered. @param more further lines of its configuration. */
export async function openRedisServer(more: readonly string[] = []): Promise<RedisServer> {
  const [folder, port, password] = [makeServerFolder("redis"), await findFreePort(), "pw-redis-Hq7wz2Lk"];
  const configuration = join(folder, "redis.conf");
  // It saves nothing by itself but its append-only file.
  writeFileSync(configuration, ["bind 127.0.0.1", `port ${port}`, `dir ${folder}`, `requirepass ${password}`, `masterauth ${password}`, "daemonize no", 'save ""', "appendonly yes", "appendfsync always", "loglevel warning", ...more, ""].join("\n"));
  const ask = (...words: readonly string[]): string => execFileSync("redis-cli", ["-h", "127.0.0.1", "-p", String(port), "--no-auth-warning", ...words], { encoding: "utf8", env: { ...process.env, REDISCLI_AUTH: password } }).trim();
  const program = await openServedProgram({ command: "redis-server", args: [configuration], port, folder, isReady: () => spawnSync("redis-cli", ["-h", "127.0.0.1", "-p", String(port), "--no-auth-warning", "ping"], { encoding: "utf8", env: { ...process.env, REDISCLI_AUTH: password } }).stdout.includes("PONG") });
  return { ...program, port, password, ask };
}
