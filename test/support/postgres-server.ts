import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "./real-servers.ts";
import type { ServedProgram } from "./served-program.ts";
import { makeServerFolder, openServedProgram } from "./served-program.ts";

/** Where Debian keeps the newest version's programs, which stand in no PATH. */
const PROGRAMS = findPrograms();
/** PostgreSQL refuses to run as root. */
const USER = process.getuid?.() === 0 ? userNamed("postgres") : undefined;

export const hasPostgres = PROGRAMS !== undefined && (process.getuid?.() !== 0 || USER !== undefined) && spawnSync("psql", ["--version"]).status === 0;

export interface PostgresServer extends ServedProgram {
  readonly port: number;
  /** Of its user `vault`, who owns the database `vault`. */
  readonly password: string;
  /** The folder of its data. */
  readonly data: string;
  /** What the superuser's `psql` answers. @param database `vault` unless another is asked for. */
  ask(sql: string, database?: string): string;
}

/**
 * @param options `isDurable`: with fsync, as the world runs it; without it a test is spared the disk, and a killed server still loses nothing that it had written to the system.
 * `settings`: further ones of postgresql.conf, as `name=value`.
 */
export async function openPostgresServer(options: { readonly isDurable?: boolean; readonly settings?: readonly string[] } = {}): Promise<PostgresServer> {
  const [folder, port, root, password] = [makeServerFolder("postgres"), await findFreePort(), "pw-root-3nKz91xQ", "pw-postgres-8Xk2vQmZ"];
  const [data, passwordFile] = [join(folder, "data"), join(folder, "password")];
  writeFileSync(passwordFile, root);
  if (USER !== undefined) for (const path of [folder, passwordFile]) chownSync(path, USER.uid, USER.gid);
  const as = { ...USER, cwd: folder, env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", TZ: "UTC" } };
  execFileSync(join(PROGRAMS ?? "", "initdb"), ["-D", data, "-U", "root", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8", "--no-sync"], { ...as, stdio: ["ignore", "ignore", "pipe"] });
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories=", "password_encryption=scram-sha-256", "shared_buffers=16MB", ...(options.isDurable === true ? [] : ["fsync=off"]), ...(options.settings ?? [])];
  const psql = (database: string, sql: string): string[] => ["-h", "127.0.0.1", "-p", String(port), "-U", "root", "-d", database, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql];
  const environment = { PATH: process.env["PATH"], PGPASSWORD: root, PGCONNECT_TIMEOUT: "10" };
  const ask = (sql: string, database = "vault"): string => execFileSync("psql", psql(database, sql), { encoding: "utf8", env: environment, stdio: ["ignore", "pipe", "pipe"] }).trim();
  const program = await openServedProgram({
    command: join(PROGRAMS ?? "", "postgres"), args: ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], options: as, port, folder,
    isReady: () => spawnSync("psql", psql("postgres", "SELECT 1"), { env: environment }).status === 0,
  });
  ask(`CREATE ROLE vault LOGIN PASSWORD '${password}'`, "postgres");
  ask("CREATE DATABASE vault OWNER vault", "postgres");
  return {
    ...program, port, password, data, ask,
    // Killed at once, the parent leaves its children behind, and a new one does not start before they are gone: SIGQUIT ends all of them without a word of what is under way.
    stop: (signal = "SIGQUIT") => program.stop(signal),
    async close() {
      await program.stop("SIGQUIT");
      await program.close();
    },
  };
}

function findPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  const [newest] = readdirSync(root).filter((version) => existsSync(join(root, version, "bin/postgres"))).sort((a, b) => Number(b) - Number(a));
  return newest === undefined ? undefined : join(root, newest, "bin");
}

function userNamed(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" })).map(({ status, stdout }) => (status === 0 ? Number(stdout) : undefined));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}
