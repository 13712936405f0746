// A project's file leaves a secret out, or it is bound to another host: the program has nothing to do with it. Yet every answer of every bound host was looked through for it, so whoever
// had texts handed back by the one host learned the secrets of all others: by what was held of them, in 50 requests, and by what was replaced. A host's answers tell of the
// secrets that go to it, and of no others; and what is only hidden from the environment never gets as far as the proxy.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openBuiltVault } from "../../support/built-vault.ts";
import { ask } from "../../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../../support/proxy-run.ts";
import type { Answer } from "../../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../../support/raw-server.ts";
import { makeTestCa } from "../../support/test-ca.ts";
import { hasTools } from "../../support/transcript.ts";

const OTHER = "xoxb-263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1";
/** Hands back what the path says. */
const echo: Answer = (request) => plainAnswer(/^GET \/(\S*)/.exec(request)?.[1] ?? "", "X-Echo: " + (/^GET \/(\S*)/.exec(request)?.[1] ?? ""));

describe("what one host hands back", () => {
  it("is looked through for the secrets that go there, at whatever port, and for no others", async () => {
    const ca = makeTestCa();
    const server = await openRawServer(ca.identityFor("api.example.test"), echo);
    const [here, elsewhere, nowhere] = [makeGrant("HERE", ["api.example.test:1"]), makeGrant("ELSEWHERE", ["other.example.test"], { value: OTHER }), makeGrant("NOWHERE", [], { value: "correct horse battery staple".replaceAll(" ", "-") })];
    const run = await openTestRun([here, elsewhere, nowhere], { roots: [ca.certificate] });
    onTestFinished(async () => {
      await run.proxy.close();
      await server.close();
    });
    const host = `api.example.test:${server.port}`;
    const text = `${VALUE}_${OTHER}_correct-horse-battery-staple_${Buffer.from(OTHER).toString("hex")}`;
    const reply = await ask(run.proxy, host, `GET /${text} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect([reply.body, reply.headers["x-echo"]]).toEqual([text.replace(VALUE, here.placeholder), text.replace(VALUE, here.placeholder)]);
    expect(run.events.filter(({ kind }) => kind === "scrubbed")).toMatchObject([{ secrets: ["HERE"] }]);
  });
});

it.skipIf(!hasTools())("of a secret that the project leaves out a run tells nothing, and hides it from the environment all the same (needs curl)", async () => {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor("localhost"), echo);
  const host = `localhost:${server.port}`;
  const built = openBuiltVault(host, VALUE, ca.certificate);
  onTestFinished(async () => {
    built.close();
    await server.close();
  });
  // It may go to the same host, in a run without the project's file.
  built.vault(["secrets", "create", "OTHER", "--host", host], OTHER);
  const project = join(built.folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "vault.run.json"), '{"secrets":{"API_KEY":{"secret":"API_KEY"}}}');
  const script = `curl -sS https://${host}/${OTHER}; echo; curl -sS https://${host}/${OTHER.slice(0, 20)}; echo; env | grep INHERITED; curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $INHERITED" https://${host}/`;
  const run = built.start("sh", ["-c", `INHERITED=${OTHER} exec "$0" "$@"`, process.execPath, join(process.cwd(), "bin/run.js"), "run", "--upstream-ca", join(built.folder, "server.pem"), "--", "sh", "-c", script], project);
  expect(await run.ended).toBe(0);
  expect(run.output()).toContain(`\n${OTHER}\n${OTHER.slice(0, 20)}\n`.slice(1));
  expect(run.output()).toMatch(/^INHERITED=vault_ph_/m);
  // What stands for it is known, and goes nowhere.
  expect(run.output()).toMatch(/^403/m);
  expect(server.received()).not.toContain(`Bearer ${OTHER}`);
});
