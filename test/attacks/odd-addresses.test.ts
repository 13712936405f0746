// The same host written in another way, and another host written in almost the same: `2130706433` is 127.0.0.1, `api.example.test.` is the bound host,
// `evilapi.example.test` is not, nor is a name with a Cyrillic letter in it. Names become canonical first and are judged then; a wildcard stands for one
// label, at a dot, and for none that strangers share.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../support/attack-stage.ts";
import { expectServedWithValue, openStage } from "../support/attack-stage.ts";
import { ask, openConnect } from "../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { refusalOf } from "../support/refusal.ts";
import { requireOwnWildcards } from "../../src/app/services/suffix-list.ts";
import { formatHostBinding, parseHostBinding } from "../../src/vault/host.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe("a name that is not the bound host's gets a blind tunnel and no secret:", () => {
  it.each([
    "evilapi.example.test", "xapi.example.test", "api.example.test.evil.test", "api.example.testx", "api-example.test", "apiexample.test", "example.test", "www.api.example.test", "api.example", "api_example.test",
    "xn--pi-7kc.example.test", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]",
  ])("%s", async (name) => {
    const before = stage.run.events.length;
    const { head, socket } = await openConnect(stage.run.proxy, `${name}:${stage.server.port}`);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(stage.run.events.slice(before)).toMatchObject([{ kind: "tunnelled" }]);
  });

  it.each(["\u0430pi.example.test", "api.example\u3002test", "\uff41pi.example.test", "api.example.te\u017ft", "xn--no-punycode-.test"])("nor does one that is no name at all, or in other letters than ASCII: %j", async (name) => {
    const { head, socket } = await openConnect(stage.run.proxy, `${Buffer.from(name).toString("latin1")}:${stage.server.port}`);
    socket.destroy();
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("the bound host, written otherwise, is the bound host:", () => {
  it.each(["API.EXAMPLE.TEST", "api.example.test.", "Api.Example.Test."])("%s", async (name) => {
    const authority = `${name}:${stage.server.port}`;
    const before = stage.server.received().length;
    expect((await ask(stage.run.proxy, authority, `GET / HTTP/1.1\r\nHost: ${authority}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`)).status).toBe(200);
    expect(stage.server.received().slice(before)).toContain(VALUE);
  });

  it.each(["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.1"])("an address as %s", async (name) => {
    const own = await openRawServer(stage.ca.identityFor("127.0.0.1"), () => plainAnswer("fine"));
    const grant = makeGrant("API_KEY", [`127.0.0.1:${own.port}`], { allowPrivate: false });
    const run = await openTestRun([grant], { roots: [stage.ca.certificate] });
    try {
      const { head, socket } = await openConnect(run.proxy, `${name}:${own.port}`);
      socket.destroy();
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      // Intercepted, not tunnelled: the name became the address before it was judged.
      expect(run.events).toEqual([]);
    } finally {
      await run.proxy.close();
      await own.close();
    }
  });
});

describe("a wildcard", () => {
  it("stands for one label, at the dot", async () => {
    const own = await openRawServer(stage.ca.identityFor("a.example.test"), () => plainAnswer("fine"));
    const run = await openTestRun([makeGrant("API_KEY", [`*.example.test:${own.port}`])], { roots: [stage.ca.certificate] });
    try {
      const isTunnelled = async (name: string): Promise<boolean> => {
        const before = run.events.length;
        (await openConnect(run.proxy, `${name}:${own.port}`)).socket.destroy();
        return run.events.length > before;
      };
      for (const name of ["a.example.test", "evil.example.test"]) expect([name, await isTunnelled(name)]).toEqual([name, false]);
      for (const name of ["example.test", "a.b.example.test", "evilexample.test", "a.example.test.evil.test"]) expect([name, await isTunnelled(name)]).toEqual([name, true]);
      const reply = await ask(run.proxy, `a.example.test:${own.port}`, `GET / HTTP/1.1\r\nHost: a.example.test:${own.port}\r\n\r\n`);
      expect(reply.status).toBe(200);
    } finally {
      await run.proxy.close();
      await own.close();
    }
  });

  it.each(["*", "*.com", "*.test", "*.1.2.3.4", "*.*.example.com", "a*.example.com", "*example.com", "**.example.com", "*.2130706433"])("is refused where a binding is made: %s", async (text) => {
    expect(await refusalOf(() => parseHostBinding(text))).toBe("usage");
  });

  it.each(["*.co.uk", "*.com.au", "*.or.jp", "*.CO.uk.", "*.github.io", "*.herokuapp.com", "*.s3.amazonaws.com", "*.openai.azure.com"])("is refused where strangers have names: %s", async (text) => {
    await expect(requireOwnWildcards([formatHostBinding(parseHostBinding(text))])).rejects.toMatchObject({ code: "usage" });
  });

  it.each(["*.example.com", "*.example.co.uk", "*.me.github.io", "*.co.example"])("may be %s", async (text) => {
    const binding = parseHostBinding(text);
    expect(binding.wildcard).toBe(true);
    await expect(requireOwnWildcards([formatHostBinding(binding)])).resolves.toBeUndefined();
  });
});

describe("a binding becomes canonical when it is made:", () => {
  it.each([
    ["2130706433", "127.0.0.1"], ["0x7f.1", "127.0.0.1"], ["127.1", "127.0.0.1"], ["\uff11\uff12\uff17.\uff10.\uff10.\uff11", "127.0.0.1"], ["[::0:1]", "::1"], ["[0:0::FFFF:127.0.0.1]", "::ffff:7f00:1"],
    ["API.Example.com.", "api.example.com"], ["b\u00fccher.example", "xn--bcher-kva.example"], ["\u0430pple.example", "xn--pple-43d.example"], ["api.example\u3002com", "api.example.com"],
  ])("%s is %s", (text, host) => {
    expect(parseHostBinding(text).host).toBe(host);
  });

  it("and is served under that name", async () => {
    await expectServedWithValue(stage, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\n\r\n`);
  });
});
