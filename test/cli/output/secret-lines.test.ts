import fc from "fast-check";
import { expect, test } from "vitest";
import { secretTable } from "../../../src/cli/output/secret-lines.ts";
import { tableLines } from "../../../src/cli/output/table.ts";
import { describeScope } from "../../../src/vault/scope.ts";
import { arbitraryBinding } from "../../support/bindings.ts";

test("secrets that share their terms are laid out as any rows are", () => {
  const arbitraryOutlines = fc.tuple(fc.array(arbitraryBinding, { minLength: 1, maxLength: 3 }), fc.array(fc.tuple(fc.stringMatching(/^[A-Z]{1,10}$/), fc.nat()), { maxLength: 8 }))
    .map(([terms, names]) => names.flatMap(([name, which]) => terms.slice(which % terms.length).slice(0, 1).map((its) => ({ id: "", name, terms: its }))));
  fc.assert(fc.property(arbitraryOutlines, fc.constantFrom(undefined, 20, 400, 100_000), (outlines, width) => {
    const rows = outlines.map(({ name, terms: { hosts, scope } }) => [name, hosts.join(" ") || "-", describeScope(scope)]);
    expect(secretTable(outlines, width)).toEqual(outlines.length === 0 ? ["no secrets yet"] : tableLines([["NAME", "HOSTS", "SCOPE"], ...rows], width));
  }));
});
