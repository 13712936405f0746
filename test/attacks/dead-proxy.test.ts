// The proxy is killed, by the system's memory keeper or by the program itself, in the hope that requests then go out without it. They do not: connections
// end, new ones find nobody, no client of the run goes round a proxy that is gone, and nothing is sent twice because an answer did not come.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { converse, openOwnStage } from "../support/attack-stage.ts";
import { openBuiltStage } from "../support/built-stage.ts";
import { NODE } from "../support/program.ts";
import { VALUE } from "../support/proxy-run.ts";
import { hasTools } from "../support/transcript.ts";

const { upstream, built } = await openBuiltStage(VALUE);

const clients: readonly (readonly [name: string, command: (path: string) => string])[] = [
  ["curl", (path) => `curl -s -S --max-time 10 --retry 2 --retry-connrefused --retry-delay 1 https://localhost:${upstream.port}${path} -H "Authorization: Bearer $API_KEY"`],
  ["Node's https", (path) => `"${NODE}" -e 'require("https").get({ host: "localhost", port: ${upstream.port}, path: "${path}", headers: { authorization: "Bearer " + process.env.API_KEY } }, (r) => r.resume().on("end", () => process.exit(0))).on("error", () => process.exit(9))'`],
  ["Node's fetch", (path) => `"${NODE}" -e 'fetch("https://localhost:${upstream.port}${path}", { headers: { authorization: "Bearer " + process.env.API_KEY } }).then((r) => r.text()).then(() => process.exit(0), () => process.exit(9))'`],
  ["Python's urllib", (path) => `python3 -c 'import os, urllib.request as u; u.urlopen(u.Request("https://localhost:${upstream.port}${path}", headers={"Authorization": "Bearer " + os.environ["API_KEY"]}), timeout=10).read()'`],
];

describe("a run that is killed", () => {
  it.skipIf(!hasTools())("(needs curl and python3) leaves its program without a way out: every client fails, and the server hears nothing", async () => {
    const [go, result] = [join(built.folder, "killed"), join(built.folder, "after")];
    const each = (moment: string): string => clients.map(([, command], index) => `${command(`/${moment}/${index}`)} >/dev/null 2>&1; echo "${moment} ${index} $?"`).join("; ");
    const run = built.run(`${each("before")}; echo ready; while [ ! -e ${go} ]; do sleep 0.05; done; { ${each("after")}; echo over; } >${result} 2>&1`);
    await run.said("ready");
    clients.forEach(([name], index) => { expect([name, run.output().includes(`before ${index} 0`)]).toEqual([name, true]); });
    expect(upstream.received().split(VALUE).length).toBeGreaterThan(clients.length);
    run.process.kill("SIGKILL");
    expect(await run.ended).toBe("SIGKILL");
    writeFileSync(go, "");
    await expect.poll(() => existsSync(result) && readFileSync(result, "utf8").includes("over"), { timeout: 25_000 }).toBe(true);
    clients.forEach(([name], index) => { expect([name, new RegExp(`^after ${index} [1-9]`, "m").test(readFileSync(result, "utf8"))]).toEqual([name, true]); });
    expect(upstream.received()).not.toContain("/after/");
  }, 60_000);

  it("is cleaned up after by the next", async () => {
    const killed = built.run("echo ready; sleep 5 >/dev/null 2>&1");
    await killed.said("ready");
    const folder = join(built.folder, "vault", "run", "runs");
    killed.process.kill("SIGKILL");
    await killed.ended;
    expect(readdirSync(folder).length).toBeGreaterThan(0);
    const next = built.run("true");
    expect(await next.ended).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a proxy that ends in the middle", () => {
  it("cuts the answer, so that it does not look whole", async () => {
    const stage = await openOwnStage({ answer: () => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" });
    const pending = converse(stage, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`);
    await expect.poll(() => stage.server.received()).toContain(VALUE);
    await stage.run.proxy.close();
    expect((await pending).raw).not.toMatch(/0\r\n\r\n$/);
  });

  it("leaves a request body unfinished upstream", async () => {
    const stage = await openOwnStage();
    const pending = converse(stage, `POST / HTTP/1.1\r\nHost: ${stage.host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    await expect.poll(() => stage.server.received()).toContain("hello");
    await stage.run.proxy.close();
    expect((await pending).raw).toBe("");
    expect(stage.server.received()).not.toMatch(/\r\n0\r\n/);
  });
});

describe("a request whose answer does not come", () => {
  it.each(["GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"])("is not sent again, though %s might be", async (method) => {
    const stage = await openOwnStage({
      answer: (_request, socket) => {
        socket.destroy();
        return undefined;
      },
    });
    const { statuses } = await converse(stage, `${method} /once HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\nConnection: close\r\n\r\n`);
    expect(statuses).toEqual([502]);
    expect(stage.server.received().split("/once")).toHaveLength(2);
  });

  it("nor is one on a connection that had served before", async () => {
    const stage = await openOwnStage({
      answer: (request, socket) => {
        if (request.includes("/first")) return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        socket.destroy();
        return undefined;
      },
    });
    const { statuses } = await converse(stage, `GET /first HTTP/1.1\r\nHost: ${stage.host}\r\n\r\nGET /once HTTP/1.1\r\nHost: ${stage.host}\r\nConnection: close\r\n\r\n`);
    expect(statuses).toEqual([200, 502]);
    expect(stage.server.received().split("/once")).toHaveLength(2);
  });
});
