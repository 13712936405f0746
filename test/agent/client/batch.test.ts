import fc from "fast-check";
import { expect, it } from "vitest";
import { splitBatch } from "../../../src/agent/client/batch.ts";

it("keeps every item, in order, in as few parts as both bounds allow", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 12 }), (items, itemsMax, bytesMax) => {
      const parts = splitBatch(items, (item) => item, itemsMax, bytesMax);
      expect(parts.flat()).toEqual(items);
      for (const part of parts) {
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(itemsMax);
        expect(part.length === 1 || part.reduce((sum, item) => sum + item, 0) <= bytesMax).toBe(true);
      }
      for (const [index, part] of parts.slice(1).entries()) {
        const before = parts[index] ?? [];
        expect(before.length === itemsMax || [...before, part[0] ?? 0].reduce((sum, item) => sum + item, 0) > bytesMax).toBe(true);
      }
    }),
  );
});
