// The machine of the run, which holds nothing but an identity's key: what its own environment, its program and others of the same user do there, to have that key, another session, a broker that is none, or the person's word.
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BrokerStage, Finished, RunningBroker } from "../../support/broker-stage.ts";
import { HANDLE, endOf, openBrokerStage } from "../../support/broker-stage.ts";
import { can } from "../../support/machine.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const OTHER_VALUE = "other-Qx72~mN/4+jR9sKd1wYz";
const isLinux = process.platform === "linux";

let stage: BrokerStage;
let broker: RunningBroker;
let keyFile: string;
beforeAll(async () => {
  stage = await openBrokerStage();
  stage.owner.vault(["secrets", "create", "OTHER_KEY", "--host", stage.bound], OTHER_VALUE);
  broker = await stage.serve();
  await stage.introduce(broker, HANDLE);
  keyFile = join(stage.runnerFolder, "vault", "identities", `${HANDLE}.key`);
});
afterAll(() => stage.close());

const run = (script: string, flags: readonly string[] = []): Promise<Finished> => endOf(stage.run(broker, script, flags));
/** With further variables. */
const runWith = (more: Readonly<Record<string, string>>, script: string, url = broker.url, flags: readonly string[] = []): Promise<Finished> => stage.runner(["run", "--broker", url, "--identity", HANDLE, ...flags, "--", "sh", "-c", script], more);
const curl = (placeholder: string, host = stage.bound): string => `curl -sS --max-time 20 -D - -H "Authorization: Bearer ${placeholder}" https://${host}/`;
/** `vault` as a program types it that lets go of the run's variables. */
const typed = (words: string): string => `env -i PATH="$PATH" HOME="${stage.runnerFolder}" VAULT_DIR="${join(stage.runnerFolder, "vault")}" "${NODE}" "${RUN_JS}" ${words}`;

it("variables that switch checks off, or name other roots, have no run take whoever answers for the broker, nor show him a proof", async () => {
  const evil = makeTestCa();
  const file = join(stage.runnerFolder, "evil.pem");
  writeFileSync(file, evil.certificate);
  const other = join(stage.runnerFolder, "other.pem");
  writeFileSync(other, makeTestCa().certificate);
  let heard = "";
  const server = createServer(evil.identityFor("localhost"), (request, response) => {
    heard += request.headers.authorization ?? "a request";
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  for (const [more, flags] of [
    [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, []],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, ["--broker-ca", other]],
    [{ NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file, NODE_OPTIONS: "--use-openssl-ca", CURL_CA_BUNDLE: file }, []],
  ] as const) {
    const { status, output } = await runWith(more, "echo started", url, flags);
    expect([status, output]).toEqual([125, expect.stringContaining("is not trusted")]);
    expect([heard, output.includes("started")]).toEqual(["", false]);
  }
  await new Promise((resolve) => server.close(resolve));
});

it.skipIf(!isLinux)("an identity's key that came by a variable is in no environment that the program can read, and neither is a passphrase beside it", async () => {
  const key = readFileSync(keyFile, "utf8").trim();
  renameSync(keyFile, `${keyFile}.away`);
  try {
    const secret = key.slice(-20);
    const look = `exec 2>&-; cat /proc/$PPID/environ | tr '\\0' '\\n' >seen; A=${secret.slice(0, 10)}; B=${secret.slice(10)}; grep -c -e "$A$B" -e 'horse' seen; for file in /proc/[0-9]*/environ; do tr '\\0' '\\n' <$file 2>/dev/null; done | grep -a -q -e "$A$B" && echo found || echo nothing`;
    const { status, output } = await runWith({ VAULT_IDENTITY_KEY: key, VAULT_PASSPHRASE: "correct horse", ORDINARY: "stays" }, look);
    expect([status, output]).toEqual([0, expect.stringContaining("0\nnothing\n")]);
    // What is looked at is there.
    expect(readFileSync(join(stage.runnerFolder, "seen"), "utf8")).toContain("ORDINARY=stays");
    expect(output).toMatch(/warning: VAULT_IDENTITY_KEY, VAULT_PASSPHRASE are hidden from this program/);
  } finally {
    renameSync(`${keyFile}.away`, keyFile);
    rmSync(join(stage.runnerFolder, "seen"), { force: true });
  }
});

it.skipIf(!isLinux)("a signal to the run opens no debugger in it, and may write none of its memory down", async () => {
  const running = stage.run(broker, "trap 'echo caught' USR1; grep 'core file' /proc/$PPID/limits; echo ready; while :; do read line && break; done; echo done");
  await running.said("ready");
  const pid = running.process.pid ?? 0;
  const before = countListeners(pid);
  for (let count = 0; count < 3; count += 1) {
    running.process.kill("SIGUSR1");
    await sleep(100);
  }
  await running.said("caught");
  expect(countListeners(pid)).toBe(before);
  running.process.stdin?.end("go on\n");
  expect(await running.ended).toBe(0);
  expect(running.output()).toMatch(/Max core file size\s+1\s+1\s/);
  expect(running.output()).not.toMatch(/Debugger|inspector/);
});

it("what was inherited to lead past the proxy, to trust others or to check nothing is not the program's", async () => {
  const { status, output } = await runWith({ NO_PROXY: "*", no_proxy: "localhost,.internal.example", NODE_TLS_REJECT_UNAUTHORIZED: "0", GIT_SSL_NO_VERIFY: "1", SSL_CERT_FILE: "/no/such.pem", npm_config_https_proxy: "http://evil.example.test:3128", VAULT_TOKEN: "something", ORDINARY: "stays" }, `env; ${curl("$API_KEY")}`);
  expect(status).toBe(0);
  const left = new Map(output.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  for (const name of ["NO_PROXY", "NODE_TLS_REJECT_UNAUTHORIZED", "GIT_SSL_NO_VERIFY", "VAULT_TOKEN"]) expect(left.has(name), name).toBe(false);
  expect([left.get("no_proxy"), left.get("ORDINARY")]).toEqual([".internal.example", "stays"]);
  expect(left.get("SSL_CERT_FILE")).toMatch(/^\/.*\.pem$/);
  expect(left.get("SSL_CERT_FILE")).not.toBe("/no/such.pem");
  expect(left.get("npm_config_https_proxy")).toMatch(/^http:\/\/vault:[0-9a-f]{64}@127\.0\.0\.1:\d+$/);
  expect(output).toContain("HTTP/1.1 200");
});

it("a placeholder of a secret that this session was not given is refused with the reason, whichever session it is from", async () => {
  const { output } = await run('printf "OTHER=%s.\\n" "$OTHER_KEY"');
  const kept = /^OTHER=(.+)\.$/m.exec(output)?.[1] ?? "";
  expect(kept.length).toBeGreaterThan(8);
  const before = stage.upstream.received().length;
  const { output: said } = await run(curl(kept), ["-s", "API_KEY"]);
  expect(said).toContain("x-vault-refusal: not-given");
  expect(said).toContain("a secret that this run was not given");
  expect(stage.upstream.received().slice(before)).toBe("");
  // And at the same broker with it, it works.
  expect((await run(curl(kept))).output).toContain("HTTP/1.1 200");
  expect(stage.upstream.received().slice(before)).toContain(OTHER_VALUE);
});

it("a refusal tells the program no command, and its person when it has ended", async () => {
  const running = stage.run(broker, `${curl("$API_KEY", "localhost:1")}; echo waiting; read line`);
  await running.said("waiting");
  expect(running.output()).toContain("API_KEY was not sent to localhost:1");
  expect(running.output()).not.toContain("vault secrets update");
  running.process.stdin?.end();
  await running.ended;
  expect(running.output()).toContain("vault secrets update API_KEY --host localhost:1");
});

it("what a person could type is refused where the program of a run at a broker types it, in a vault of that machine as well", async () => {
  expect((await stage.runner(["init", "--provider", "file"])).status).toBe(0);
  for (const words of ["secrets create OWN --host evil.example", "identity accept did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", `run --broker ${broker.url} --identity ${HANDLE} --no-project -- true`]) {
    const { output } = await run(`${typed(words)} </dev/null; echo "status $?"; "${NODE}" "${RUN_JS}" ${words} </dev/null; echo "status $?"`);
    // A run that was not begun has another status, and the same reason.
    const status = words.startsWith("run ") ? "status 125" : "status 13";
    expect(output.match(/^status \d+$/gm), output).toEqual([status, status]);
    expect(output.match(/is for the person who started the run/g), output).toHaveLength(2);
  }
  expect((await stage.runner(["secrets", "list", "--json"])).output).not.toContain("OWN");
  // Not that a lock there waits for it.
  const running = stage.run(broker, "echo ready; read line");
  await running.said("ready");
  expect(await stage.runner(["lock"])).toMatchObject({ status: 0, output: expect.not.stringContaining("has not answered") as string });
  running.process.stdin?.end("\n");
  expect(await running.ended).toBe(0);
});

it.skipIf(!can.wall)("behind the wall there is no identity's key, in no file and no variable", async () => {
  const key = readFileSync(keyFile, "utf8").trim();
  const { status, output } = await run(`exec 2>&-; cat '${keyFile}'; ls -a '${join(stage.runnerFolder, "vault")}'; grep -rl '${key.slice(-20, -8)}' '${stage.runnerFolder}' /tmp /run /proc/[0-9]*/environ 2>/dev/null; ${curl("$API_KEY")}`, ["--sandbox"]);
  expect([status, output]).toEqual([0, expect.stringContaining("HTTP/1.1 200")]);
  expect(output).not.toContain(key.slice(-20));
  expect(output).not.toMatch(/identities|\.key/);
});

it("a value that a command makes is made at the broker, and neither the command nor what it prints is on the run's machine", async () => {
  const made = "made-Zt5_qL1vB8nR4sW7zX2c";
  stage.owner.vault(["secrets", "create", "MADE_KEY", "--host", stage.bound, "--source", "command", "--", "/bin/echo", made]);
  // What a program there puts before the command is another machine's.
  const { output } = await run(`mkdir -p bin; printf '#!/bin/sh\\necho stolen' >bin/echo; chmod 755 bin/echo; PATH="$PWD/bin:$PATH"; ${curl("$MADE_KEY")}`);
  expect(output).toContain("HTTP/1.1 200");
  expect(stage.upstream.received()).toContain(`Bearer ${made}`);
  expect(output + stage.upstream.received()).not.toContain("stolen");
  expect(output).not.toContain(made);
  stage.owner.vault(["secrets", "delete", "MADE_KEY"]);
});

it("whoever takes the identity's key has what that may use, by sessions that stand in the log, until it is revoked, and no value", async () => {
  const key = readFileSync(keyFile, "utf8").trim();
  const thief = join(stage.runnerFolder, "thief");
  const steal = `env -i PATH="$PATH" HOME="${thief}" VAULT_DIR="${thief}/vault" VAULT_IDENTITY_KEY="$(cat '${keyFile}')" "${NODE}" "${RUN_JS}" run --broker ${broker.url} --identity ${HANDLE} -- sh -c '${curl("$OTHER_KEY")}; env'`;
  const { output } = await run(steal, ["-s", "API_KEY"]);
  expect(output).toContain("HTTP/1.1 200");
  for (const value of [stage.value, OTHER_VALUE, key]) expect(output).not.toContain(value);
  const { entries } = JSON.parse(stage.owner.vault(["audit", "--json"])) as { readonly entries: readonly { readonly event: { readonly kind: string; readonly identity?: string } }[] };
  const dids = entries.filter(({ event }) => event.kind === "run.start").slice(-2).map(({ event }) => event.identity);
  expect([dids.length, new Set(dids).size, dids[0]]).toEqual([2, 1, expect.stringMatching(/^did:key:/)]);
  stage.owner.vault(["identity", "revoke", HANDLE]);
  await expect.poll(async () => (await stage.runner(["run", "--broker", broker.url, "--identity", HANDLE, "--", "true"], { VAULT_IDENTITY_KEY: key })).status).toBe(125);
});

/** How many sockets a process listens on over TCP. */
function countListeners(pid: number): number {
  const held = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => { try { return readlinkSync(`/proc/${pid}/fd/${fd}`); } catch { return ""; } }));
  const rows = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, "utf8").split("\n").slice(1));
  return rows.map((row) => row.trim().split(/\s+/)).filter((fields) => fields[3] === "0A" && held.has(`socket:[${fields[9] ?? ""}]`)).length;
}
