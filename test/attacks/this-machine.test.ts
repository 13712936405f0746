// Behind a wall the proxy is the only way out, and it leads to hosts that no secret names as well. A program has it lead to what listens on this machine for its user alone: a database, an editor, a browser's port for
// debuggers, a container engine. However such an address is written, and whatever name leads to it, it is refused where no binding names it.
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, askPlain, openConnect, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

const ca = makeTestCa();
const own = Object.values(networkInterfaces()).flatMap((list = []) => list.filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0).map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address)));
const NAMES = ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "127.1", "127.0.0.2", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "any.example.test", "LOCALHOST.", ...own, ...own.filter((address) => !address.startsWith("[")).map((address) => `[::ffff:${address}]`)];

let inner: RawServer;
let bound: RawServer;
let run: TestRun;
beforeAll(async () => {
  [inner, bound] = await Promise.all([openRawServer(undefined, () => plainAnswer("inner")), openRawServer(ca.identityFor("localhost"), () => plainAnswer("bound"))]);
  run = await openTestRun([makeGrant("API_KEY", [`localhost:${bound.port}`])], { isWalled: true, roots: [ca.certificate] });
});
afterAll(async () => {
  await run.proxy.close();
  await Promise.all([inner.close(), bound.close()]);
});

describe("a walled run does not reach this machine:", () => {
  it.each(NAMES)("by a tunnel to %s", async (name) => {
    const { head, socket } = await openConnect(run.proxy, `${name}:${inner.port}`);
    socket.destroy();
    // Of the bound host's other ports, what is spoken there decides.
    if (!/^localhost/i.test(name)) expect(head).toContain("x-vault-refusal: this-machine");
    expect(inner.connections()).toBe(0);
  });

  it.each(NAMES)("by plain HTTP to %s", async (name) => {
    const authority = `${name}:${inner.port}`;
    const reply = await askPlain(run.proxy, `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: ${proxyAuthorization(run.proxy)}\r\n\r\n`);
    expect([reply.status, reply.headers["x-vault-refusal"], inner.connections()]).toEqual([403, "this-machine", 0]);
    expect(run.events.at(-1)).toMatchObject({ code: "this-machine", remedy: `if that is meant, where it is the program's own localhost: vault run --sandbox --host-port ${inner.port} -- CMD` });
  });

  it("but where a binding names it", async () => {
    const reply = await ask(run.proxy, `localhost:${bound.port}`, `GET / HTTP/1.1\r\nHost: localhost:${bound.port}\r\n\r\n`);
    expect([reply.status, reply.body]).toEqual([200, "bound"]);
  });
});
