import fc from "fast-check";
import { expect, it } from "vitest";
import { splitBatch } from "../../src/agent/batch.ts";

it("keeps every item, in order, in parts within both bounds", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100)), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 200 }), (items, itemsMax, bytesMax) => {
      const parts = splitBatch(items, (item) => item, itemsMax, bytesMax);
      expect(parts.flat()).toEqual(items);
      for (const part of parts) {
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(itemsMax);
        expect(part.length === 1 || part.reduce((sum, item) => sum + item, 0) <= bytesMax).toBe(true);
      }
    }),
  );
});
