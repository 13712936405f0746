// Requests that a rule has somebody asked for, before anything of them goes out: what is asked, what goes out after a yes, and what has changed meanwhile.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Grant } from "../../src/proxy/grants/grant.ts";
import { layered, makeLayer } from "../../src/proxy/grants/grant-rules.ts";
import type { AskedRequest, AskVerdict, MeterVerdict, RunGate } from "../../src/proxy/judge/run-gate.ts";
import type { ProxyOptions } from "../../src/proxy/proxy-options.ts";
import { NO_RULES } from "../../src/vault/rules.ts";
import { BOUND_NAME } from "../support/attack-stage.ts";
import { ask, collect, openSecure, parseReply } from "../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

const YES: AskVerdict = { kind: "allowed", by: "command", extent: "once" };
const COUNTED: MeterVerdict = { kind: "counted" };

interface Question {
  readonly asked: AskedRequest;
  readonly answer: (verdict: AskVerdict) => void;
}

/** Somebody who is asked, and answers when the test says so. */
function openPerson() {
  const questions: Question[] = [];
  let wake = (): void => undefined;
  const gate: RunGate = {
    ask: (asked) => new Promise((answer) => {
      questions.push({ asked, answer });
      asked.onHeld();
      wake();
    }),
    meter: () => Promise.resolve(COUNTED),
  };
  const next = async (count = 1): Promise<Question> => {
    while (questions.length < count) await new Promise<void>((resolve) => { wake = resolve; });
    const question = questions[count - 1];
    if (question === undefined) throw new Error("nobody was asked");
    return question;
  };
  return { gate, next, questions };
}

async function openStage(options: Partial<ProxyOptions> & { readonly rules?: Partial<typeof NO_RULES> } = {}) {
  const { rules = { ask: ["DELETE,PUT /**"] }, ...more } = options;
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor(BOUND_NAME), () => plainAnswer("fine"));
  const host = `${BOUND_NAME}:${server.port}`;
  const person = openPerson();
  const grant: Grant = makeGrant("TOKEN", [host], { rules: layered(makeLayer({ ...NO_RULES, ...rules })) });
  const { proxy, events } = await openTestRun([grant], { roots: [ca.certificate], gate: person.gate, ...more });
  onTestFinished(async () => {
    await proxy.close();
    await server.close();
  });
  const head = (line: string, headers: readonly string[] = []): string => [`${line} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${grant.placeholder}`, ...headers, "", ""].join("\r\n");
  const kinds = (): string[] => events.map(({ kind }) => kind);
  return { proxy, server, host, person, grant, head, kinds, events, send: (line: string, headers: readonly string[] = [], body = "") => ask(proxy, host, head(line, headers) + body) };
}

test("whose other path stands in a header is shown with both", async () => {
  const { send, person } = await openStage({ rules: { ask: ["MOVE /admin/**"] } });
  const answered = send("MOVE /public/x", ["Destination: /admin/y"]);
  const { asked, answer } = await person.next();
  expect(asked).toMatchObject({ method: "MOVE", target: "/public/x (Destination: /admin/y)" });
  answer(YES);
  expect((await answered).status).toBe(200);
});

test("waits, goes out to the byte after a yes, and both are told to the log before it does", async () => {
  const { send, person, server, kinds, events, grant } = await openStage();
  const answered = send("DELETE /repos/a?force=1");
  const { asked, answer } = await person.next();
  expect(asked).toMatchObject({ method: "DELETE", target: "/repos/a?force=1", body: { kind: "none" } });
  expect(asked.gates.map(({ rule }) => rule)).toEqual(["ask DELETE,PUT /**"]);
  expect(JSON.stringify(asked)).not.toContain(VALUE);
  await sleep(50);
  expect(server.received()).toBe("");
  answer(YES);
  expect((await answered).status).toBe(200);
  expect(server.received()).toContain(`DELETE /repos/a?force=1 HTTP/1.1`);
  expect(server.received()).toContain(`Bearer ${VALUE}`);
  expect(kinds()).toEqual(["held", "approved", "substituted"]);
  expect(events[0]).toMatchObject({ method: "DELETE", secrets: ["TOKEN"], rules: ["TOKEN: ask DELETE,PUT /**"] });
  expect(events[1]).toMatchObject({ by: "command", extent: "once" });
  expect(JSON.stringify(events)).not.toContain(grant.placeholder);
});

test("that no rule asks for does not wait", async () => {
  const { send, person, server } = await openStage();
  expect((await send("GET /repos/a")).status).toBe(200);
  expect(person.questions).toEqual([]);
  expect(server.received()).toContain(VALUE);
});

test.each<[string, AskVerdict, string, string]>([
  ["a no", { kind: "denied", by: "page", reason: "" }, "denied", "somebody was asked, and said no"],
  ["a no with a reason, in one line", { kind: "denied", by: "command", reason: "not on\r\nX-Evil: a Friday" }, "denied", "said no: not on X-Evil: a Friday"],
  ["no answer", { kind: "unanswered" }, "unanswered", "did not answer within 120 seconds"],
  ["too many that wait", { kind: "crowded" }, "unanswered", "too many requests wait for an answer already"],
  ["the agent's end", { kind: "ended" }, "asks", "the vault's agent, which does that, has ended"],
])("is refused after %s: the child reads which rule, and why", async (_name, verdict, code, why) => {
  const { send, person, server, kinds } = await openStage();
  const answered = send("DELETE /repos/a");
  (await person.next()).answer(verdict);
  const { status, headers, body } = await answered;
  expect([status, headers["x-vault-refusal"]]).toEqual([403, code]);
  expect(headers["x-evil"]).toBeUndefined();
  expect(body).toContain('"ask DELETE,PUT /**"');
  expect(body).toContain(why);
  expect(body.trim().split("\n")).toHaveLength(1);
  expect(server.connections()).toBe(0);
  expect(kinds()).toEqual(["held", verdict.kind === "denied" ? "denied" : "unanswered", "refused"]);
});

test("is refused where nobody can be asked", async () => {
  const { send, server } = await openStage({ gate: undefined });
  expect((await send("DELETE /repos/a")).headers["x-vault-refusal"]).toBe("asks");
  expect(server.received()).toBe("");
});

test("has its body held and hashed, up to 1 MiB", async () => {
  const { send, person, server } = await openStage();
  const body = "x".repeat(1024 * 1024);
  const answered = send("PUT /upload", [`Content-Length: ${body.length}`], body);
  const { asked, answer } = await person.next();
  expect(asked.body.kind === "held" && createHash("sha256").update(asked.body.bytes).digest("hex")).toBe(createHash("sha256").update(body).digest("hex"));
  expect(server.received()).toBe("");
  answer(YES);
  expect((await answered).status).toBe(200);
  expect(server.received().endsWith(`\r\n\r\n${body}`)).toBe(true);
});

test("with a longer body, or one in chunks, is asked for before that is read, and says so", async () => {
  const { proxy, host, head, person, server } = await openStage();
  for (const [index, [headers, length]] of ([[[`Content-Length: ${1024 * 1024 + 1}`], 1024 * 1024 + 1], [["Transfer-Encoding: chunked"], null]] as const).entries()) {
    const socket = await openSecure(proxy, host);
    const answer = collect(socket).read((raw) => /\r\n\r\n./s.test(raw)).then(parseReply);
    socket.write(head("PUT /upload", headers), "latin1");
    const question = await person.next(index + 1);
    expect(question.asked.body).toEqual({ kind: "unread", length, isHashed: false });
    question.answer(YES);
    const body = "y".repeat(length ?? 3);
    socket.write(length === null ? `3\r\n${body}\r\n0\r\n\r\n` : body, "latin1");
    expect((await answer).status).toBe(200);
    socket.destroy();
  }
  expect(server.received()).toContain("yyy");
});

test("waits for its body to be asked for where the child expects that", async () => {
  const { proxy, host, head, person } = await openStage();
  const socket = await openSecure(proxy, host);
  const said = collect(socket);
  socket.write(head("PUT /upload", ["Expect: 100-continue", `Content-Length: ${2 * 1024 * 1024}`]), "latin1");
  const { answer } = await person.next();
  await sleep(50);
  const raw = said.read((text) => text.includes("\r\n\r\n"));
  answer(YES);
  expect(await raw).toMatch(/^HTTP\/1\.1 100 /);
  socket.destroy();
});

test("has a digest of its own for whatever is another in it", async () => {
  const { proxy, host, head, person } = await openStage();
  const variants = [head("PUT /a"), head("PUT /b"), head("DELETE /a"), head("PUT /a?b"), head("PUT /a", ["X-More: 1"]), head("PUT /a", ["X-More: 2"]), `${head("PUT /a", ["Content-Length: 1"])}1`, `${head("PUT /a", ["Content-Length: 1"])}2`, head("PUT /a", ["Content-Length: 0"])];
  const sockets = [];
  for (const [index, variant] of variants.entries()) {
    const socket = await openSecure(proxy, host);
    sockets.push(socket);
    socket.write(variant, "latin1");
    await person.next(index + 1);
  }
  const digests = person.questions.map(({ asked }) => asked.digest);
  expect(new Set(digests).size).toBe(digests.length);
  for (const socket of sockets) socket.destroy();
});

test("is approved once: the same, sent again, is asked for again", async () => {
  const { send, person } = await openStage();
  for (const count of [1, 2]) {
    const answered = send("DELETE /repos/a");
    (await person.next(count)).answer(YES);
    expect((await answered).status).toBe(200);
  }
  expect(person.questions).toHaveLength(2);
  expect(person.questions[0]?.asked.digest).toBe(person.questions[1]?.asked.digest);
});

test("on one connection lets no other through that is written behind it", async () => {
  const { proxy, host, head, person, server } = await openStage();
  const socket = await openSecure(proxy, host);
  socket.write(head("DELETE /first") + head("DELETE /second"), "latin1");
  (await person.next()).answer(YES);
  const second = await person.next(2);
  expect(second.asked.target).toBe("/second");
  expect(server.received()).toContain("DELETE /first");
  expect(server.received()).not.toContain("/second");
  socket.destroy();
});

test("is taken back when the child hangs up, and nothing goes out after a yes", async () => {
  const { proxy, host, head, person, server, kinds } = await openStage();
  const socket = await openSecure(proxy, host);
  socket.write(head("DELETE /repos/a"), "latin1");
  const { asked, answer } = await person.next();
  const gone = new Promise((resolve) => { asked.signal.addEventListener("abort", resolve); });
  socket.destroy();
  await gone;
  answer(YES);
  await sleep(50);
  expect(server.connections()).toBe(0);
  expect(kinds()).toEqual(["held"]);
});

test("is judged afresh after a yes: by the lock", async () => {
  let isLocked = false;
  const { send, person, server } = await openStage({ isRevoked: () => isLocked });
  const answered = send("DELETE /repos/a");
  const { answer } = await person.next();
  isLocked = true;
  answer(YES);
  expect((await answered).headers["x-vault-refusal"]).toBe("locked");
  expect(server.connections()).toBe(0);
});

test("is judged afresh after a yes: by the time until which the secret may be used", async () => {
  const { send, person, server } = await openStage({ rules: { ask: ["DELETE /**"], until: new Date(Date.now() + 700).toISOString() } });
  const answered = send("DELETE /repos/a");
  const { answer } = await person.next();
  await sleep(750);
  answer(YES);
  const { headers, body } = await answered;
  expect(headers["x-vault-refusal"]).toBe("rule");
  expect(body).toContain("may be used until");
  expect(server.connections()).toBe(0);
});

test("is judged afresh after a yes: by rules and hosts that have become fewer", async () => {
  const { send, person, server, grant } = await openStage();
  const narrowed = send("DELETE /repos/a");
  const first = await person.next();
  Object.assign(grant, { rules: layered(...(grant.rules?.layers ?? []), makeLayer({ ...NO_RULES, deny: ["DELETE /repos/**"] })) });
  first.answer(YES);
  expect((await narrowed).body).toContain('"deny DELETE /repos/**"');
  const unbound = send("DELETE /others/a");
  const second = await person.next(2);
  Object.assign(grant, { bindings: [], firstBindings: grant.bindings });
  second.answer(YES);
  expect((await unbound).headers["x-vault-refusal"]).toBe("host");
  expect(server.connections()).toBe(0);
});

test("is asked for again where a rule has come meanwhile that asks for it too", async () => {
  const { send, person, server, grant } = await openStage();
  const answered = send("DELETE /repos/a");
  const first = await person.next();
  Object.assign(grant, { rules: layered(...(grant.rules?.layers ?? []), makeLayer({ ...NO_RULES, ask: ["* /repos/**"] })) });
  first.answer(YES);
  const second = await person.next(2);
  expect(second.asked.gates.map(({ rule }) => rule)).toEqual(["ask DELETE,PUT /**", "ask * /repos/**"]);
  expect(server.connections()).toBe(0);
  second.answer(YES);
  expect((await answered).status).toBe(200);
});

test("has its host's address looked up after the yes, and not before", async () => {
  let address = "127.0.0.1";
  const asked: string[] = [];
  const { send, person, server, grant } = await openStage({ resolve: () => {
    asked.push(address);
    return Promise.resolve([{ address, family: 4 as const }]);
  } });
  Object.assign(grant, { allowPrivate: false });
  const answered = send("DELETE /repos/a");
  const { answer } = await person.next();
  expect(asked).toEqual([]);
  address = "10.0.0.1";
  answer(YES);
  expect((await answered).headers["x-vault-refusal"]).toBe("private-address");
  expect(asked).toEqual(["10.0.0.1"]);
  expect(server.connections()).toBe(0);
});

test("of which uses are counted goes out after one was taken, and not where none is left", async () => {
  const verdicts: MeterVerdict[] = [COUNTED];
  const gate: RunGate = {
    ask: () => Promise.resolve(YES),
    meter: (gates) => {
      const [gate] = gates;
      return Promise.resolve(verdicts.shift() ?? (gate === undefined ? COUNTED : { kind: "spent", gate, retryMs: 1500 }));
    },
  };
  const { send, server } = await openStage({ gate, rules: { rate: { perMinute: 60, burst: 60 } } });
  expect((await send("GET /a")).status).toBe(200);
  const { status, headers, body } = await send("GET /b");
  expect([status, headers["x-vault-refusal"], headers["retry-after"]]).toEqual([429, "rule-limit", "2"]);
  expect(body).toContain('"rate 60/m"');
  expect(server.received()).not.toContain("/b");
});

test("200 wait at once, and go when they are let go", async () => {
  const { proxy, host, head, person, server } = await openStage();
  const sockets = await Promise.all(Array.from({ length: 200 }, () => openSecure(proxy, host)));
  const replies = sockets.map(async (socket, index) => {
    const answer = collect(socket).read((raw) => raw.endsWith("fine"));
    socket.write(head(`DELETE /${index}`), "latin1");
    return answer;
  });
  await person.next(200);
  expect(server.connections()).toBe(0);
  for (const { answer } of person.questions) answer(YES);
  for (const raw of await Promise.all(replies)) expect(raw).toMatch(/^HTTP\/1\.1 200 /);
  expect(new Set(server.received().match(/DELETE \/\d+/g)).size).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test("whose body turns out malformed while it waits is answered, and waits for nobody any more", async () => {
  const { proxy, host, head, person, server } = await openStage();
  const socket = await openSecure(proxy, host);
  const answer = collect(socket).read((raw) => /\r\n\r\n./s.test(raw)).then(parseReply);
  socket.write(head("PUT /upload", ["Transfer-Encoding: chunked"]), "latin1");
  const { asked, answer: say } = await person.next();
  socket.write("no chunk\r\n", "latin1");
  expect((await answer).status).toBe(400);
  expect(asked.signal.aborted).toBe(true);
  say(YES);
  await sleep(50);
  expect(server.received()).toBe("");
  socket.destroy();
});
