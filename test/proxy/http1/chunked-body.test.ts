import { expect, test } from "vitest";
import { openChunkedReader } from "../../../src/proxy/http1/chunked-body.ts";

test.each([1, 9, 10, 15, 16, 17, 255, 256, 4096, 70_000])("a chunk of %d bytes is as long as it says, in small letters and large", (length) => {
  const body = "x".repeat(length);
  for (const size of [length.toString(16), length.toString(16).toUpperCase(), `00${length.toString(16)}`]) {
    const read = openChunkedReader().push(Buffer.from(`${size}\r\n${body}\r\n0\r\n\r\nGET /`));
    expect(read).toMatchObject({ kind: "end" });
    expect(Buffer.concat(read.data).toString()).toBe(body);
    expect(read.kind === "end" ? read.rest.toString() : "").toBe("GET /");
  }
});
