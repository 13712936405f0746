// What passes through on its way out ends with the child, whoever else holds the stream open.
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { relayOutput } from "../../../src/run/child/relayed-output.ts";
import { makeFolder } from "../../support/temporary.ts";

it("all that the child wrote has gone out, though the stream never ends", async () => {
  const file = join(makeFolder(), "out");
  const descriptor = openSync(file, "w");
  const source = new PassThrough();
  const relayed = relayOutput(source, new PassThrough(), descriptor);
  source.write("all that it ");
  source.write("wrote");
  await relayed.finish();
  expect(source.destroyed).toBe(true);
  closeSync(descriptor);
  expect(readFileSync(file, "utf8")).toBe("all that it wrote");
});
