import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { readSigns } from "../../../src/wall/namespaces/signs.ts";

test.each([
  "alive\nbubblewrap 0.8.0\nversioned\nno-route\nbwrap: it went wrong\n",
  "bwrap: bubblewrap 0.8.0\nversioned\nit went wrong\n",
  "bwrap: it went wrongbubblewrap 0.8.0\n\nversioned\n",
])("what bubblewrap complains of is told, whatever is said in between by others: %j", async (text) => {
  const stream = new PassThrough();
  const signs = readSigns(stream);
  for (const character of text) stream.write(character);
  stream.destroy();
  expect(await signs.words).toBe("bwrap: it went wrong");
  expect(await signs.version).toContain("bubblewrap 0.8.0");
});
