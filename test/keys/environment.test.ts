import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { loadFromVariable, stageVariable } from "../../src/keys/environment.ts";
import { refusalOf } from "../support/refusal.ts";

const bytes = new Uint8Array(randomBytes(32));
const text = Buffer.from(bytes).toString("base64");

test("a variable with the base64 of a key is that key", async () => {
  expect(loadFromVariable({ KEY: text }, "KEY")).toEqual(bytes);
  const staged = stageVariable({ KEY: text }, "KEY");
  expect(staged).toMatchObject({ locator: { provider: "env", variable: "KEY" }, kek: bytes });
  await staged.settle();
  await staged.discard();
});

test.each([{}, { KEY: "" }, { KEY: undefined }, { OTHER: text }])("without it, the key is unavailable, and nothing takes its place", async (variables) => {
  expect(await refusalOf(() => loadFromVariable(variables, "KEY"))).toBe("key-unavailable");
  expect(await refusalOf(() => stageVariable(variables, "KEY"))).toBe("key-unavailable");
});

test.each([
  ["a line end", `${text}\n`],
  ["spaces", ` ${text} `],
  ["hexadecimal", Buffer.from(bytes).toString("hex")],
  ["too short", Buffer.from(bytes.subarray(1)).toString("base64")],
  ["a passphrase", "correct horse battery staple"],
  ["one byte repeated", Buffer.alloc(32, 1).toString("base64")],
])("%s is refused, the variable named and its value not", (_, value) => {
  let message = "";
  try {
    loadFromVariable({ KEY: value }, "KEY");
  } catch (error) {
    expect(error).toMatchObject({ code: "wrong-key" });
    message = `${String(error)} ${JSON.stringify(error)}`;
  }
  expect(message).not.toBe("");
  expect(message).not.toContain(value.trim().slice(0, 8));
});

test("names inherited from objects are no variables", async () => {
  expect(await refusalOf(() => loadFromVariable({}, "constructor"))).toBe("key-unavailable");
});
