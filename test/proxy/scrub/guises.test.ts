import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Scrubber } from "../../../src/proxy/scrub/scrub.ts";
import { makeScrubber } from "../../../src/proxy/scrub/scrub.ts";
import { cases } from "../../support/cases.ts";
import { ASCII_GUISES, FURTHER_GUISES } from "../../support/further-guises.ts";
import { makeGrant } from "../../support/proxy-run.ts";
import { REFLECTED_VALUES } from "../../support/reflected-values.ts";

const MARK = "<PH>";

/** By value: to make one takes longer than to use it. */
const scrubbers = new Map<string, Scrubber | undefined>();

function scrubberOf(value: string): Scrubber | undefined {
  if (!scrubbers.has(value)) scrubbers.set(value, makeScrubber([makeGrant("KEY", [], { value, placeholder: MARK })]));
  return scrubbers.get(value);
}

/** What comes out when it goes in in pieces of this size. */
function scrub(value: string, text: string, size: number): string {
  const open = scrubberOf(value)?.openAnswer();
  const bytes = Buffer.from(text, "latin1");
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(...(open?.push(bytes.subarray(at, at + size)) ?? []));
  return Buffer.concat([...out, ...(open?.end() ?? [])]).toString("latin1");
}

/** The placeholder stands there, and of the guise hardly more than what its neighbours have a part in. */
function expectGone(name: string, value: string, guise: string, size: number): void {
  const rest = scrub(value, `"${guise}"`, size).split(MARK);
  const kept = guise.length - rest.join("").length;
  expect([name, value, rest.length, kept > 0.9 * leastOf(value, guise)]).toEqual([name, value, 2, true]);
}

/** A guise may have other text in it; the value's part has a character for each byte, or two thirds of a line. */
function leastOf(value: string, guise: string): number {
  return Math.min(guise.length - 8, Buffer.byteLength(value));
}

it("there are more than sixty", () => {
  expect(new Set(FURTHER_GUISES.map(([name]) => name)).size).toBe(FURTHER_GUISES.length);
  expect(FURTHER_GUISES.length).toBeGreaterThan(60);
});

describe.each(FURTHER_GUISES)("%s", (name, write) => {
  it("is the placeholder again", () => {
    // A backslash that stays one right before an escape is read as a part of it.
    for (const value of Object.values(REFLECTED_VALUES).filter((one) => !name.startsWith("every other") || !one.includes("\\"))) expectGone(name, value, write(value), 7);
  });
});

describe.each(ASCII_GUISES)("%s", (name, write) => {
  it("is the placeholder again", () => {
    for (const value of Object.values(REFLECTED_VALUES).filter((one) => /^[\x00-\x7f]*$/.test(one))) expectGone(name, value, write(value), 7);
  });
});

it("any token in any of them, in any pieces", () => {
  const token = fc.string({ unit: fc.constantFrom(...Array.from("ABCXYZabcxyz0189_-+/=.~:#$!?@*;,")), minLength: 12, maxLength: 60 });
  fc.assert(
    fc.property(token, fc.constantFrom(...FURTHER_GUISES, ...ASCII_GUISES), fc.integer({ min: 1, max: 400 }), (value, [name, write], size) => {
      expectGone(name, value, write(value), size);
    }),
    { numRuns: cases(500, 10_000) },
  );
});
