import { assert, property, array, uint8Array, nat, oneof, constant, integer, letrec } from "fast-check";
import { describe, expect, test } from "vitest";
import type { Reply } from "../../src/engines/resp.ts";
import { RefusedReply, encodeCommand, parseReply } from "../../src/engines/resp.ts";

function written(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  if (typeof reply === "string") return Buffer.from(`+${reply}\r\n`);
  if (reply instanceof RefusedReply) return Buffer.from(`-${reply.text}\r\n`);
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n")]);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(written)]);
}

const { some } = letrec<{ some: Reply }>((tie) => ({
  some: oneof({ maxDepth: 2, depthSize: "small" }, constant(null), integer(), constant("OK"), constant(new RefusedReply("ERR no")), uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)), array(tie("some"), { maxLength: 4 })),
}));

describe("RESP2", () => {
  test("what is written is read back, and never sooner than it is there", () => {
    assert(property(some, uint8Array({ maxLength: 5 }), nat(), (reply, more, cutAt) => {
      const bytes = written(reply);
      expect(parseReply(Buffer.concat([bytes, more]))).toEqual({ kind: "whole", reply, end: bytes.length });
      const part = parseReply(bytes.subarray(0, cutAt % bytes.length));
      expect(part.kind).toBe("part");
      if (part.kind === "part") {
        expect(part.needed).toBeGreaterThan(cutAt % bytes.length);
        expect(part.needed).toBeLessThanOrEqual(bytes.length);
      }
    }));
  });

  test("bytes of any kind are a reply, a part of one, or no reply", () => {
    assert(property(uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(["whole", "part"]).toContain(parseReply(Buffer.from(bytes)).kind);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }));
  });

  test("a command is an array of strings of bytes", () => {
    expect(encodeCommand(["SET", "ä", Uint8Array.of(0, 13, 10, 255)]).toString("latin1")).toBe("*3\r\n$3\r\nSET\r\n$2\r\nÃ¤\r\n$4\r\n\0\r\nÿ\r\n");
  });
});
