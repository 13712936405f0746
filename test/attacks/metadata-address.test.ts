// A cloud machine's metadata service hands its credentials to whoever can send a request from there, and a proxy is a way to send one (SSRF, as in the
// Capital One case of 2019). Its addresses and names are refused always: to bound hosts and unbound ones, in tunnels and plain HTTP, however they are
// written, and whatever a binding allows.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { openOwnStage, openStage } from "../support/attack-stage.ts";
import { ask, askPlain, openConnect, proxyAuthorization } from "../support/proxy-child.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage({ resolve: () => Promise.resolve([{ address: "169.254.169.254", family: 4 }]) });
});
afterAll(() => stage.close());

describe("a tunnel is refused to", () => {
  it.each([
    "169.254.169.254:80", "169.254.169.254:443", "169.254.169.254.:80", "2852039166:80", "0xa9fea9fe:80", "0xA9.0xFE.0xA9.0xFE:80", "0251.0376.0251.0376:80", "169.254.43518:80", "169.16689662:80", "[::ffff:169.254.169.254]:80", "[::ffff:a9fe:a9fe]:80",
    "[64:ff9b::a9fe:a9fe]:80", "[2002:a9fe:a9fe::1]:80", "[::a9fe:a9fe]:80", "[fd00:ec2::254]:80", "[fd00:0ec2:0:0:0:0:0:254]:80", "[FD00:EC2::254]:80", "[fd20:ce::254]:80", "169.254.170.2:80", "168.63.129.16:80", "100.100.100.200:80", "192.0.0.192:80",
    "metadata.google.internal:80", "METADATA.google.internal.:80", "metadata:80", "metadata.goog:80", "instance-data:80", "metadata.azure.internal:80", "innocent.example.test:80",
  ])("%s", async (authority) => {
    const { head, socket } = await openConnect(stage.run.proxy, authority);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 403 /);
    expect(head).toContain("x-vault-refusal: metadata-address");
    expect(stage.run.events.at(-1)).toMatchObject({ kind: "refused", code: "metadata-address" });
  });
});

describe("plain HTTP, which is what these services speak, is refused to", () => {
  it.each(["169.254.169.254", "2852039166", "0xa9fea9fe", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "metadata.google.internal", "innocent.example.test"])("%s", async (name) => {
    const reply = await askPlain(stage.run.proxy, `GET http://${name}/latest/meta-data/ HTTP/1.1\r\nHost: ${name}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "metadata-address"]);
  });
});

describe("a bound host is refused", () => {
  it.each(["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"])("at %s, though its binding allows private addresses", async (address) => {
    const own = await openOwnStage({ resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }, { address, family: address.includes(":") ? 6 : 4 }]) });
    const reply = await ask(own.run.proxy, own.host, `GET / HTTP/1.1\r\nHost: ${own.host}\r\nX-Api-Key: ${own.grant.placeholder}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"], own.server.received()]).toEqual([403, "metadata-address", ""]);
  });
});

describe("an address beside them", () => {
  it("is an address like any other", async () => {
    const own = await openOwnStage();
    for (const authority of [`127.0.0.1:${own.server.port}`, `metadata.example.test:${own.server.port}`]) {
      const { head, socket } = await openConnect(own.run.proxy, authority);
      socket.destroy();
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
    }
  });
});
