// An answer that is none is told from a connection that broke.
import { expect, it } from "vitest";
import { attempt, openOwnStage } from "../../support/attack-stage.ts";

it.each([
  ["is no HTTP", "220 mail.example.test ESMTP\r\n\r\n"],
  ["has a head without an end", `HTTP/1.1 200 OK\r\n${`X-More: ${"a".repeat(1_000)}\r\n`.repeat(2_000)}\r\n`],
])("what %s is dropped", async (_how, answer) => {
  const stage = await openOwnStage({ answer: () => answer });
  const { reply } = await attempt(stage, `GET / HTTP/1.1\r\nHost: ${stage.host}\r\nX-Api-Key: ${stage.grant.placeholder}\r\nConnection: close\r\n\r\n`);
  expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([502, "upstream-answer"]);
});
