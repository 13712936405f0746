// Ports that cross the wall because they were asked to: a server inside that a browser outside opens, and a database outside that a program inside uses.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE } from "../support/program.ts";
import { createServer } from "../support/raw-sockets.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

/** Where Debian and Fedora keep the server's programs, which are on nobody's PATH. */
const POSTGRES = ["/usr/lib/postgresql", "/usr/pgsql"].flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, "bin")) : [])).find((folder) => existsSync(join(folder, "initdb")));
const hasClient = spawnSync("psql", ["--version"], { stdio: "ignore" }).status === 0;
/** Who runs on the stage; and PostgreSQL does not run as root. */
const ORDINARY = can.root ? { uid: 65_534, gid: 65_534 } : {};

/** A dev server: each page that it makes takes an answer from an API, with its token. */
const DEV_SERVER = `
const [port, api] = process.argv.slice(2);
require("node:http").createServer(async (request, response) => {
  const answer = await fetch("https://" + api + "/", { headers: { authorization: "Bearer " + process.env.API_KEY } });
  response.end("page " + request.url + ": " + await answer.text());
}).listen(port, "127.0.0.1", () => console.log("listening"));
`;

describe.skipIf(!can.wall)("ports that cross the wall (needs bubblewrap)", { timeout: 120_000 }, () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage();
  }, 60_000);
  afterAll(() => stage.close());

  test("a dev server is opened from outside where its port is published, and uses its secret", async () => {
    writeFileSync(join(stage.project, "server.cjs"), DEV_SERVER);
    const port = await freePort();
    const words = ["run", "--sandbox", "--publish", String(port), "--upstream-ca", join(stage.folder, "server.pem"), "--", "node", "server.cjs", String(port), stage.bound];
    const run = spawn(NODE, [stage.program, ...words], { cwd: stage.project, env: { ...stage.variables }, stdio: ["ignore", "pipe", "inherit"], ...ORDINARY });
    onTestFinished(() => void run.kill("SIGTERM"));
    await once(run.stdout, "data");
    const pages = await Promise.all(["/one", "/two"].map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()));
    expect(pages).toEqual(["page /one: hello from upstream\n", "page /two: hello from upstream\n"]);
    expect(stage.server.received()).toContain(`authorization: Bearer ${stage.value}`);
    const ended = once(run, "exit");
    run.kill("SIGTERM");
    await ended;
    await expect(fetch(`http://127.0.0.1:${port}/one`)).rejects.toThrow();
  });

  test.skipIf(POSTGRES === undefined || !hasClient)("PostgreSQL outside is used where its port is named, and not otherwise (needs PostgreSQL)", async () => {
    const database = await openPostgres(POSTGRES ?? "");
    onTestFinished(() => { database.close(); });
    const script = `psql -XAt -h localhost -p ${database.port} -U me postgres -c "create table if not exists one (word text)" -c "insert into one values ('kept')" -c "select word, count(*) from one group by word"`;
    const refused = await stage.inside(script);
    expect([refused.status, refused.out, refused.err]).toEqual([2, "", expect.stringContaining("onnection")]);
    expect(await stage.inside(script, ["--host-port", String(database.port)])).toMatchObject({ status: 0, out: "CREATE TABLE\nINSERT 0 1\nkept|1\n" });
  });
});

interface Database {
  readonly port: number;
  close(): void;
}

/** A cluster of its own, which listens on 127.0.0.1 and on no socket by path: that would be hidden in any case. */
async function openPostgres(programs: string): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), "vault-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data);
  if (ORDINARY.uid !== undefined) for (const path of [folder, data]) chownSync(path, ORDINARY.uid, ORDINARY.gid);
  const run = (program: string, ...args: readonly string[]): void => {
    const { status, stderr } = spawnSync(join(programs, program), args, { encoding: "utf8", cwd: folder, env: { LANG: "C" }, ...ORDINARY });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  const port = await freePort();
  run("initdb", "-D", data, "-U", "me", "-A", "trust", "-N", "--no-instructions");
  const server = spawn(join(programs, "postgres"), ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", "", "-F"], { cwd: folder, stdio: "ignore", ...ORDINARY });
  while (spawnSync(join(programs, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], { stdio: "ignore" }).status !== 0) await sleep(50);
  return {
    port,
    close() {
      server.once("exit", () => { rmSync(folder, { recursive: true, force: true }); });
      server.kill("SIGINT");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
