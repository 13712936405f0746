// A program asks the proxy to connect to the proxy: a loop that eats every connection there is, or a way to speak to its port as somebody else. However the
// proxy's own address is written, and through whatever name, it is refused. (The agent listens on a Unix socket, which no authority can name.)
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { BOUND_NAME, openOwnStage, openStage } from "../support/attack-stage.ts";
import { ask, askPlain, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import { THROUGH_BROKER } from "../support/through-broker.ts";

/** The proxy of a broker's session has no port; and of the broker's machine, with all that listens there, what no secret is bound to is not reached. */
const [RULES, CODE] = THROUGH_BROKER ? [{ isElsewhere: true }, "private-address"] : [{}, "own-address"];
let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage(RULES);
});
afterAll(() => stage.close());

const NAMES = ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "127.1", "127.0.0.2", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0.0.0.0]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "any.example.test", "LOCALHOST."];

describe("the proxy does not connect to itself:", () => {
  it.each(NAMES)("a tunnel to %s", async (name) => {
    const { head, socket } = await openConnect(stage.run.proxy, `${name}:${stage.run.proxy.port}`);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 403 /);
    expect(head).toContain(`x-vault-refusal: ${CODE}`);
  });

  it.each(NAMES)("plain HTTP to %s", async (name) => {
    const authority = `${name}:${stage.run.proxy.port}`;
    const reply = await askPlain(stage.run.proxy, `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, CODE]);
  });

  it("a bound name at the proxy's port", async () => {
    const authority = `${BOUND_NAME}:${stage.run.proxy.port}`;
    const reply = await ask(stage.run.proxy, authority, `GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, CODE]);
  });
});

describe.skipIf(THROUGH_BROKER)("another port of this machine", () => {
  it("is reached", async () => {
    const { head, socket } = await openConnect(stage.run.proxy, `127.0.0.1:${stage.server.port}`);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("is reached where another run's proxy listens, which asks for its own token", async () => {
    const other = await openOwnStage();
    const { head, socket } = await openConnect(stage.run.proxy, `127.0.0.1:${other.run.proxy.port}`);
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    socket.write(`CONNECT ${other.host} HTTP/1.1\r\nHost: ${other.host}\r\nProxy-Authorization: ${proxyAuthorization(stage.run.proxy)}\r\n\r\n`);
    const answer = await new Promise<string>((resolve) => socket.once("data", (chunk: Buffer) => { resolve(chunk.toString()); }));
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 407 /);
    expect((await ask(other.run.proxy, other.host, `GET / HTTP/1.1\r\nHost: ${other.host}\r\n\r\n`)).status).toBe(200);
  });
});
