// Bodies that have to be there whole before anything becomes of them: what a run holds of all of them together is bounded.
import { expect, onTestFinished, test } from "vitest";
import { timeOf } from "../../src/aws-signature.ts";
import { BOUND_NAME } from "../support/attack-stage.ts";
import { ask, collect, openSecure, parseReply } from "../support/proxy-child.ts";
import { makeGrant, openTestRun } from "../support/proxy-run.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeTestCa } from "../support/test-ca.ts";

const HELD_BYTES_MAX = 400_000;
const [BODY_BYTES, FIRST_BYTES] = [190_000, 150_000];

async function openStage() {
  const ca = makeTestCa();
  const server = await openRawServer(ca.identityFor(BOUND_NAME), () => plainAnswer("fine"));
  const host = `${BOUND_NAME}:${server.port}`;
  const aws = makeGrant("AWS", [host], { value: JSON.stringify({ accessKeyId: "ASIA", secretAccessKey: "secret-access-key", sessionToken: "session-token" }), signs: "aws", places: [] });
  const { proxy } = await openTestRun([aws], { roots: [ca.certificate], heldBytesMax: HELD_BYTES_MAX });
  onTestFinished(async () => {
    await proxy.close();
    await server.close();
  });
  const time = timeOf(Date.now());
  const head = ["POST / HTTP/1.1", `Host: ${host}`, `X-Amz-Date: ${time}`, `Authorization: AWS4-HMAC-SHA256 Credential=${aws.placeholder}/${time.slice(0, 8)}/eu-central-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`, `Content-Length: ${BODY_BYTES}`, "", ""].join("\r\n");
  return {
    whole: () => ask(proxy, host, head + "x".repeat(BODY_BYTES)),
    /** Sends a part of the body, and keeps the rest until `finish`. */
    begin: async () => {
      const socket = await openSecure(proxy, host);
      const answer = collect(socket).read((raw) => /\r\n\r\n./s.test(raw)).then(parseReply);
      socket.write(head + "x".repeat(FIRST_BYTES), "latin1");
      return { answer, finish: () => socket.write("x".repeat(BODY_BYTES - FIRST_BYTES), "latin1"), hangUp: () => socket.destroy() };
    },
  };
}

test("one that finds no room is refused as something to try again; the others go on, and their room is given back", async () => {
  const { begin, whole } = await openStage();
  const begun = await Promise.all([begin(), begin(), begin()]);
  const refused = await Promise.race(begun.map(async ({ answer }, index) => ({ index, reply: await answer })));
  expect(refused.reply).toMatchObject({ status: 503, headers: { "x-vault-refusal": "held-bodies", connection: "close" } });
  const others = begun.filter((_, index) => index !== refused.index);
  for (const { finish } of others) finish();
  expect((await Promise.all(others.map(({ answer }) => answer))).map(({ status }) => status)).toEqual([200, 200]);
  for (let turn = 0; turn < 3; turn += 1) expect((await whole()).status).toBe(200);
});

test("who hangs up in the middle of one leaves its room to others", async () => {
  const { begin, whole } = await openStage();
  for (let turn = 0; turn < 4; turn += 1) {
    const begun = await Promise.all([begin(), begin()]);
    for (const { hangUp } of begun) hangUp();
    // The proxy hears of it a moment later.
    while ((await whole()).status !== 200);
  }
});
