// What a program finds that dials as if there were no proxy, behind the real wall: names, addresses, bound hosts and others, and what is refused.
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const FORGET_PROXY = "for name in $(env | cut -d= -f1 | grep -i proxy) NODE_OPTIONS PYTHONPATH; do unset $name; done; ";

const has = (program: string): boolean => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

describe.skipIf(!can.wall || !has("curl"))("behind the wall (needs bubblewrap and curl), without any proxy variable,", () => {
  let stage: WallStage;
  /** The user's own, by which every name and address leads to the stage's server. */
  let proxy: UserProxy;
  beforeAll(async () => {
    stage = await openWallStage();
    copyFileSync(join(stage.folder, "server.pem"), join(stage.project, "server.pem"));
    proxy = await openUserProxy("anne:pass", undefined, stage.server.port);
  }, 60_000);
  afterAll(async () => {
    await proxy.close();
    await stage.close();
  });

  const outside = () => ({ HTTPS_PROXY: `http://anne:pass@127.0.0.1:${proxy.port}` });
  const run = (script: string, ...flags: readonly string[]) => stage.vault(["run", "--sandbox", "--upstream-ca", join(stage.folder, "server.pem"), ...flags, "--", "sh", "-c", `${FORGET_PROXY}${script}`], "", outside());

  test("a bound host is reached at its own port, and gets the value", async () => {
    const { out } = await run(`curl -sS -H "authorization: Bearer $API_KEY" https://${stage.bound}/; env | grep -ic proxy`);
    expect(out).toBe("hello from upstream\n0\n");
    expect(stage.server.received()).toContain(`authorization: Bearer ${stage.value}`);
  });

  test("ports at which nobody listens are refused, and a person whose program failed is told how many were", async () => {
    const dial = "for port in 22 5432; do curl -sS telnet://db.example.com:$port </dev/null 2>/dev/null; done;";
    expect((await run(`${dial} exit 3`)).err).toContain("2 connections were refused behind the wall, for nobody listens at such a port there: ");
    expect((await run(`${dial} exit 0`)).err).not.toContain("refused behind the wall");
    expect((await run("exit 3")).err).not.toContain("refused behind the wall");
  }, 60_000);

  test("so it is by Node's own agent, which no variable leads anywhere", async () => {
    const script = `const https = require("node:https"); https.get("https://${stage.bound}/", { agent: new https.Agent(), headers: { authorization: "Basic " + btoa("node:" + process.env.API_KEY) } }, (answer) => answer.pipe(process.stdout))`;
    const { out } = await run(`node -e '${script}'`);
    expect(out).toBe("hello from upstream\n");
    expect(stage.server.received()).toContain(`authorization: Basic ${Buffer.from(`node:${stage.value}`).toString("base64")}`);
  });

  test.skipIf(!has("python3"))("every name has an address, also for those who ask for what this machine can use, and localhost has its own (needs Python)", async () => {
    const script = `
import socket
first = socket.getaddrinfo("one.example.test", 443, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)[0][4][0]
again = socket.gethostbyname("ONE.example.test")
other = socket.gethostbyname("two.example.test")
kinds = {each[0] for each in socket.getaddrinfo("one.example.test", 443)}
print(first == again, first != other, first.startswith("127.1."), kinds == {socket.AF_INET}, socket.gethostbyname("localhost"), socket.gethostbyname("app.localhost"))
q = b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x03one\\x07example\\x04test\\0\\0\\x01\\0\\x01"
tcp = socket.create_connection(("9.9.9.9", 53))
tcp.sendall(len(q).to_bytes(2, "big") + q)
print(socket.inet_ntoa(tcp.recv(512)[-4:]) == first)`;
    const { out } = await run(`python3 -c '${script}'`);
    expect(out).toBe("True True True True 127.0.0.1 127.0.0.1\nTrue\n");
  });

  test("a host that no secret names shows its own certificate, and an address stands for itself", async () => {
    const { out } = await run(`for host in docs.example.test 192.0.2.7 '[2001:db8::7]'; do curl -sS --cacert server.pem --connect-to localhost:443:$host:443 https://localhost/; done`);
    expect(out).toBe("hello from upstream\n".repeat(3));
    expect(proxy.requests().map(({ target }) => target)).toEqual(expect.arrayContaining(["docs.example.test:443", "192.0.2.7:443", "[2001:db8::7]:443"]));
  });

  test("what listens on the machine outside is out of reach, and the person is told how to open it", async () => {
    const { out, err } = await run(`curl -s http://localhost/; curl -s --cacert "$SSL_CERT_FILE" https://localhost/`);
    expect(out).toMatch(/^(?:vault: no connection to localhost:(?:80|443); it is on the machine outside the sandbox; ask the person who started this run \(this-machine, request \S+\)\n){2}$/);
    expect(out).not.toContain("--host-port");
    expect(err).toContain("vault run --sandbox --host-port 80");
  });

  test("with --deny-unmatched no name leaves the machine, and each host is refused in the words of what is spoken", async () => {
    const before = proxy.requests().length;
    const { out, err } = await run(`getent hosts stolen-data.evil.test | cut -c1-6; curl -sS http://stolen-data.evil.test/; curl -sS https://stolen-data.evil.test/ 2>&1 | grep -o 'alert access denied'`, "--deny-unmatched");
    expect(out).toMatch(/^127\.1\.\nvault: no connection to stolen-data\.evil\.test:80; no secret is bound to it, and this run denies all other hosts; ask the person who started this run \(unmatched-host, request \S+\)\nalert access denied\n$/);
    expect(err).toContain("stolen-data.evil.test:443");
    expect(proxy.requests()).toHaveLength(before);
  });

  test("other ports than those of the web and of bound hosts have nobody", async () => {
    const { out } = await run("for port in 22 25 5432 8080; do curl -s --max-time 5 http://docs.example.test:$port/ || echo $?; done");
    expect(out).toBe("7\n".repeat(4));
  });
});
