// Servers as the world runs them, in a folder of their own and on a port of the system's choosing, with an access log that a test can read.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "./raw-sockets.ts";
import type { TestIdentity } from "./test-ca.ts";
import { untilListening } from "./until-listening.ts";

/** How HAProxy tells of who only looked whether it is there. */
const PROBED = "Connection closed during SSL handshake";

export type RealServerKind = "nginx" | "haproxy";

export interface RealServer {
  readonly port: number;
  /** `GET /path 200` for each request so far, in the order in which they ended: also for those that the server could not make sense of. */
  log(): readonly string[];
  close(): Promise<void>;
}

/** Servers live where an ordinary user's PATH does not lead. */
const ENVIRONMENT = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };

export function isInstalled(kind: RealServerKind): boolean {
  return spawnSync(kind, ["-v"], { env: ENVIRONMENT }).error === undefined;
}

/** Answers every request with `for` and its target. */
export async function openRealServer(kind: RealServerKind, identity: TestIdentity): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), `vault-${kind}-`));
  const port = await findFreePort();
  const [pem, log, configuration] = [join(folder, "server.pem"), join(folder, "access.log"), join(folder, "configuration")];
  writeFileSync(pem, kind === "nginx" ? identity.cert : `${identity.cert}\n${identity.key}`);
  writeFileSync(join(folder, "server.key"), identity.key);
  writeFileSync(log, "");
  // nginx gives up root's rights for its workers.
  chmodSync(folder, 0o755);
  chmodSync(log, 0o666);
  writeFileSync(configuration, kind === "nginx" ? nginxConfiguration(folder, port) : haproxyConfiguration(pem, port));
  const child = kind === "nginx" ? spawn("nginx", ["-p", folder, "-c", configuration, "-e", join(folder, "error.log")], { env: ENVIRONMENT, stdio: "ignore" }) : spawn("haproxy", ["-db", "-f", configuration], { env: ENVIRONMENT, stdio: ["ignore", "pipe", "ignore"] });
  let told = "";
  child.stdout?.on("data", (chunk: Buffer) => (told += chunk.toString("latin1")));
  await untilListening(child, port);
  return {
    port,
    log: () => (kind === "nginx" ? readFileSync(log, "latin1") : told).split("\n").filter((line) => line !== "" && !line.endsWith(PROBED)),
    async close() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function nginxConfiguration(folder: string, port: number): string {
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
  return `
daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 256; }
http {
  ${scratch}
  log_format plain '$request_method $request_uri $status';
  access_log ${folder}/access.log plain;
  client_max_body_size 16m;
  keepalive_requests 100000;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server.key;
    location / { return 200 "for $request_uri\\n"; }
  }
}
`;
}

function haproxyConfiguration(pem: string, port: number): string {
  return `
global
  log stdout format raw local0
defaults
  mode http
  timeout client 30s
  timeout connect 5s
  timeout server 30s
  timeout http-request 10s
  log global
frontend all
  bind 127.0.0.1:${port} ssl crt ${pem} alpn http/1.1
  log-format "%HM %HU %ST"
  http-request wait-for-body time 5s
  http-request return status 200 content-type text/plain lf-string "for %HU\\n"
`;
}

const PORTS_EACH = 1_000;
const LOWEST_PORT = 20_000 + PORTS_EACH * (Number(process.env["VITEST_POOL_ID"] ?? 0) % 12);
let nextPort = Math.floor(Math.random() * PORTS_EACH);

/**
 * Of this worker's own thousand, and below the ports that the system hands out by itself: between here and the server that is to have it, no connection of anybody's and no other worker takes it.
 * The same one comes again only a thousand calls later.
 */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < PORTS_EACH; tries += 1) {
    const port = LOWEST_PORT + nextPort;
    nextPort = (nextPort + 1) % PORTS_EACH;
    if (await isFree(port)) return port;
  }
  throw new Error("no port");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => { resolve(false); });
    server.listen(port, "127.0.0.1", () => { server.close(() => { resolve(true); }); });
  });
}
