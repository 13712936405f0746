// Values that change during a run, behind one placeholder: real connections, and a source whose answers the test decides.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ValueAnswer } from "../../src/agent/sources/value-store.ts";
import { tagOf } from "../../src/agent/sources/value-store.ts";
import type { Failure } from "../../src/agent/sources/source-maker.ts";
import { openLivingValue } from "../../src/app/runs/living-value.ts";
import type { VaultError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import type { SecretRecord } from "../../src/vault/record.ts";
import { BOUND_NAME } from "../support/attack-stage.ts";
import { ask, collect, openSecure } from "../support/proxy-child.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import type { Answer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeFolder } from "../support/temporary.ts";
import { makeTestCa } from "../support/test-ca.ts";

const PREFIX = "made-value-000000000000-";

interface Stage {
  readonly host: string;
  readonly placeholder: string;
  readonly proxy: Awaited<ReturnType<typeof openTestRun>>["proxy"];
  readonly sent: () => string;
  /** What was asked of the source, with the tag of what was refused. */
  readonly asked: (string | undefined)[];
  readonly complaints: (Failure | VaultError)[];
  readonly events: Awaited<ReturnType<typeof openTestRun>>["events"];
  readonly changeVault: () => void;
  readonly send: (head?: string, body?: string) => ReturnType<typeof ask>;
}

const made = (text: string, freshMs = 60_000): ValueAnswer => ({ kind: "value", value: Secret.fromText(text), freshMs, goodMs: 60_000, isNew: true });
const numbered = (call: number): ValueAnswer => made(`${PREFIX}${call}`);
const tokenIn = (request: string): string => /made-value-\d+-\d+/.exec(request)?.[0] ?? "";

async function setUp(answer: Answer, source: (call: number) => ValueAnswer | Promise<ValueAnswer> = numbered, places: Parameters<typeof makeGrant>[2] = {}): Promise<Stage> {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor(BOUND_NAME), answer);
  const host = `${BOUND_NAME}:${server.port}`;
  const vaultFile = join(makeFolder(), "vault.json");
  writeFileSync(vaultFile, "1");
  const [asked, complaints]: [Stage["asked"], Stage["complaints"]] = [[], []];
  const record = { id: "id", name: "API_KEY", source: { kind: "command", ttl: 60, failureTtl: 10, timeout: 30 } } as SecretRecord;
  const { value, living } = openLivingValue({
    record,
    vaultFile,
    ask: async (_record, refused) => source(asked.push(refused)),
    complain: (_name, failure) => { complaints.push(failure); },
  });
  const grant = { ...makeGrant("API_KEY", [host], places), value, living };
  const { proxy, events } = await openTestRun([grant], { roots: [ca.certificate] });
  onTestFinished(async () => {
    await proxy.close();
    await server.close();
  });
  return {
    host, proxy, asked, complaints, events,
    placeholder: grant.placeholder,
    sent: server.received,
    changeVault: () => { writeFileSync(vaultFile, `${Math.random()}`); },
    send: (head = "GET / HTTP/1.1", body = "") => ask(proxy, host, `${head}\r\nHost: ${host}\r\nAuthorization: Bearer ${grant.placeholder}\r\nConnection: close\r\n${body === "" ? "" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`),
  };
}

const unauthorised = (body = "no"): string => `HTTP/1.1 401 Unauthorized\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("a value that is made", () => {
  test("is asked for before the first request that needs it, and then kept", async () => {
    const stage = await setUp((request) => plainAnswer(tokenIn(request) === `${PREFIX}1` ? "right" : "wrong"));
    expect(stage.asked).toEqual([]);
    for (let turn = 0; turn < 3; turn += 1) expect((await stage.send()).body).toBe("right");
    expect(stage.asked).toEqual([undefined]);
  });

  test("is asked for once by many requests at once", async () => {
    const stage = await setUp((request) => plainAnswer(tokenIn(request)), async (call) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return numbered(call);
    });
    const replies = await Promise.all(Array.from({ length: 16 }, () => stage.send()));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 200));
    expect(stage.asked).toHaveLength(1);
  });

  test("is asked for anew when its time comes, and when the vault was changed", async () => {
    const stage = await setUp((request) => plainAnswer(`${tokenIn(request).length}`), (call) => made(`${PREFIX}${call}`, call === 1 ? 0 : 60_000));
    await stage.send();
    await stage.send();
    await stage.send();
    expect(stage.asked).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 120));
    stage.changeVault();
    await stage.send();
    expect(stage.asked).toHaveLength(3);
    expect(stage.sent()).toContain(`${PREFIX}3`);
  });

  test("is not asked for by a request that has no placeholder of it", async () => {
    const stage = await setUp(() => plainAnswer("fine"));
    expect((await ask(stage.proxy, stage.host, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nConnection: close\r\n\r\n`)).body).toBe("fine");
    expect(stage.asked).toEqual([]);
  });

  test("goes into a body, a path and a query too", async () => {
    const stage = await setUp((request) => plainAnswer(tokenIn(request) === "" ? "none" : "got"), numbered, { places: ["body", "path", "query"] });
    const body = `{"token":"${stage.placeholder}"}`;
    const replies = [
      await ask(stage.proxy, stage.host, `POST / HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
      await ask(stage.proxy, stage.host, `GET /${stage.placeholder}/x HTTP/1.1\r\nHost: ${stage.host}\r\nConnection: close\r\n\r\n`),
      await ask(stage.proxy, stage.host, `GET /?key=${stage.placeholder} HTTP/1.1\r\nHost: ${stage.host}\r\nConnection: close\r\n\r\n`),
    ];
    expect(replies.map((reply) => reply.body)).toEqual(["got", "got", "got"]);
  });
});

describe("a value that cannot be had", () => {
  const failing = (): ValueAnswer => ({ kind: "no-value", failure: { reason: "failed", status: 3, said: "the password is tr0ub4dor" }, retryMs: 60_000, isNew: true });

  test("has the request refused without a word of why, and its source is left alone", async () => {
    const stage = await setUp(() => plainAnswer("fine"), failing);
    for (let turn = 0; turn < 20; turn += 1) {
      const reply = await stage.send();
      expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([503, "no-value"]);
      expect(reply.raw).not.toMatch(/tr0ub4dor|status 3|failed/);
    }
    expect(stage.sent()).toBe("");
    expect(stage.asked).toHaveLength(1);
    expect(JSON.stringify(stage.events)).not.toContain("tr0ub4dor");
    expect(stage.complaints[0]).toMatchObject({ said: "the password is tr0ub4dor" });
  });

  test("does not cost requests that could have had it in their body and have not", async () => {
    const stage = await setUp(() => plainAnswer("fine"), failing, { places: ["body"] });
    const post = (body: string): ReturnType<typeof ask> => ask(stage.proxy, stage.host, `POST / HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect((await post('{"a":1}')).body).toBe("fine");
    expect((await post(`{"a":"${stage.placeholder}"}`)).headers["x-vault-refusal"]).toBe("no-value");
  });

  test("is asked for at once when the vault was changed", async () => {
    const stage = await setUp(() => plainAnswer("fine"), (call) => (call === 1 ? failing() : numbered(call)));
    await stage.send();
    await new Promise((resolve) => setTimeout(resolve, 120));
    stage.changeVault();
    expect((await stage.send()).body).toBe("fine");
  });
});

describe("a 401 of a bound host", () => {
  const refusing = (...values: readonly number[]): Answer => (request) => (values.some((value) => tokenIn(request) === `${PREFIX}${value}`) ? unauthorised() : plainAnswer(request.startsWith("POST") ? request.slice(request.indexOf("\r\n\r\n") + 4) : "fine"));

  test.each([
    ["without a body", "GET / HTTP/1.1", ""],
    ["with a small body", "POST / HTTP/1.1", '{"a":1}'],
    ["with one of 60 KB", "POST / HTTP/1.1", `{"a":"${"x".repeat(60_000)}"}`],
  ])("has the request sent once more with another value: %s", async (_name, head, body) => {
    const stage = await setUp(refusing(1));
    const reply = await stage.send(head, body);
    expect([reply.status, reply.body]).toEqual([200, body === "" ? "fine" : body]);
    expect(stage.asked).toEqual([undefined, tagOf(Secret.fromText(`${PREFIX}1`))]);
    expect(stage.sent().match(/made-value-\d+-\d/g)).toEqual([`${PREFIX}1`, `${PREFIX}2`]);
    expect(stage.events.filter(({ kind }) => kind === "substituted")).toHaveLength(2);
  });

  test("never has it sent twice more", async () => {
    const stage = await setUp(refusing(1, 2, 3, 4));
    expect((await stage.send()).status).toBe(401);
    expect(stage.sent().match(/made-value-\d+-\d/g)).toEqual([`${PREFIX}1`, `${PREFIX}2`]);
  });

  test("is the child's where the value is the same again", async () => {
    const stage = await setUp(() => unauthorised("go away"), () => made(`${PREFIX}1`));
    const reply = await stage.send();
    expect([reply.status, reply.body]).toEqual([401, "go away"]);
    expect(stage.sent().match(/made-value/g)).toHaveLength(1);
  });

  test("is the child's where no other value can be had", async () => {
    const stage = await setUp(() => unauthorised("go away"), (call) => (call === 1 ? numbered(1) : { kind: "no-value", failure: { reason: "failed", said: "" }, retryMs: 0, isNew: true }));
    expect((await stage.send()).body).toBe("go away");
  });

  test("is the child's where the body was not held, and the next request has another value", async () => {
    const stage = await setUp(refusing(1));
    const body = "x".repeat(100_000);
    expect((await stage.send("POST / HTTP/1.1", body)).status).toBe(401);
    expect(stage.asked).toHaveLength(1);
    expect((await stage.send("POST / HTTP/1.1", body)).status).toBe(200);
    expect(stage.asked).toHaveLength(2);
  });

  test("of a stored secret is the child's, and no request is repeated", async () => {
    const ca = makeTestCa();
    const server = await openRawServer(ca.identityFor(BOUND_NAME), () => unauthorised());
    const grant = makeGrant("API_KEY", [`${BOUND_NAME}:${server.port}`]);
    const { proxy } = await openTestRun([grant], { roots: [ca.certificate] });
    onTestFinished(async () => {
      await proxy.close();
      await server.close();
    });
    const host = `${BOUND_NAME}:${server.port}`;
    expect((await ask(proxy, host, `GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${grant.placeholder}\r\nConnection: close\r\n\r\n`)).status).toBe(401);
    expect(server.received().match(/GET/g)).toHaveLength(1);
  });
});

describe("answers", () => {
  test("are looked through for the value of now, and for earlier ones", async () => {
    let seen: string[] = [];
    const stage = await setUp((request) => {
      seen = [...new Set([...seen, tokenIn(request)])];
      return plainAnswer(`seen: ${seen.join(" ")} ${seen.map((value) => Buffer.from(value).toString("base64")).join(" ")}`);
    }, (call) => made(`${PREFIX}${call}`, 0));
    for (let turn = 0; turn < 4; turn += 1) {
      const reply = await stage.send();
      expect(reply.body).toContain(stage.placeholder);
      for (const value of seen) expect(reply.body).not.toContain(value);
      expect(reply.body).not.toContain(Buffer.from(PREFIX).toString("base64").slice(0, 20));
    }
    expect(seen).toHaveLength(4);
  });

  test("that have begun before a value was made are looked through for it", async () => {
    let stream: Parameters<Answer>[1] | undefined;
    const stage = await setUp((request, socket) => {
      if (request.startsWith("GET /stream")) {
        stream = socket;
        return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: 1\r\n1\r\n\n\r\n";
      }
      return plainAnswer("fine");
    });
    const secure = await openSecure(stage.proxy, stage.host);
    const answer = collect(secure);
    secure.write(`GET /stream HTTP/1.1\r\nHost: ${stage.host}\r\n\r\n`);
    await answer.read((raw) => raw.includes("data: "));
    expect(stage.asked).toEqual([]);
    await stage.send();
    const event = `data: ${PREFIX}1\n`;
    stream?.write(`${event.length.toString(16)}\r\n${event}\r\n0\r\n\r\n`);
    const raw = await answer.read((text) => text.includes("0\r\n\r\n"));
    secure.destroy();
    expect(raw).toContain(stage.placeholder);
    expect(raw).not.toContain(PREFIX);
  });
});

test("a long body that has begun before the vault was changed gets nothing of what it was", async () => {
  const stage = await setUp((request) => plainAnswer(tokenIn(request) === "" ? "none" : "got"), numbered, { places: ["body", "header"] });
  expect((await stage.send()).body).toBe("got");
  const secure = await openSecure(stage.proxy, stage.host);
  const answer = collect(secure);
  const filler = `{"filler":"${"x".repeat(100_000)}","token":"`;
  const rest = `${stage.placeholder}"}`;
  secure.write(`POST / HTTP/1.1\r\nHost: ${stage.host}\r\nContent-Type: application/json\r\nContent-Length: ${filler.length + rest.length}\r\n\r\n${filler}`);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  stage.changeVault();
  await new Promise((resolve) => setTimeout(resolve, 150));
  secure.write(rest);
  const raw = await answer.read((text) => text.includes("\r\n\r\n"));
  secure.destroy();
  expect(raw).toContain("no-value");
  expect(stage.sent().match(/made-value-\d+-\d/g)).toEqual([`${PREFIX}1`]);
});
