import { describe, expect, test } from "vitest";
import { findLoss, keepAllowed } from "../../../src/app/runs/reach.ts";
import { formatHostBinding, parseHostBinding } from "../../../src/vault/host.ts";
import type { Place } from "../../../src/vault/place.ts";
import type { SecretMetadata } from "../../../src/vault/record.ts";

const reach = (hosts: readonly string[], places: readonly Place[] = ["basic", "header"], allowPrivate = false): Parameters<typeof keepAllowed>[0] => ({ bindings: hosts.map(parseHostBinding), places, allowPrivate });

describe("what is left of a reach", () => {
  test.each([
    [["a.test:443", "b.test:443"], ["b.test:443"], ["b.test:443"]],
    [["a.test:443"], ["a.test:443", "b.test:443"], ["a.test:443"]],
    [["a.test:443"], ["a.test:8443"], []],
    [["x.a.test:443"], ["*.a.test:443"], ["x.a.test:443"]],
    [["*.a.test:443"], ["x.a.test:443", "y.test:443"], ["x.a.test:443"]],
    [["*.a.test:443"], ["*.a.test:443"], ["*.a.test:443"]],
    [["a.test:443"], [], []],
  ])("%j, where the vault says %j, is %j", (given, now, kept) => {
    expect(keepAllowed(reach(given), { hosts: now, places: ["basic", "header"], allowPrivate: false, rules: undefined }).bindings.map(formatHostBinding).map((text) => (text.includes(":") ? text : `${text}:443`))).toEqual(kept);
  });

  test("has no place and no private address that one of the two does not have", () => {
    const now = { hosts: ["a.test:443"], places: ["body", "header"], allowPrivate: true, rules: undefined } as const;
    expect(keepAllowed(reach(["a.test:443"], ["basic", "header"], false), now)).toMatchObject({ places: ["header"], allowPrivate: false });
    expect(keepAllowed(reach(["a.test:443"], ["basic", "header"], true), { ...now, allowPrivate: false })).toMatchObject({ allowPrivate: false });
  });
});

describe("a secret is lost to a run", () => {
  const record = { name: "A", service: "github", scope: { kind: "global" }, groups: [], source: { kind: "stored" } } as unknown as SecretMetadata;
  const here = { workspace: undefined, group: undefined };

  test("when it was deleted, given to another service, or comes from elsewhere", () => {
    expect(findLoss(record, record, here)).toBeUndefined();
    expect(findLoss(record, undefined, here)).toBe("it was deleted");
    expect(findLoss(record, { ...record, service: "gitlab" }, here)).toBe("it is another service's now");
    expect(findLoss(record, { ...record, source: { kind: "command", ttl: null, failureTtl: 1, timeout: 1 } }, here)).toBe("its value comes from elsewhere now");
  });

  test("when it was detached from the group of the run", () => {
    const there = { workspace: "w", group: "g" };
    const grouped: SecretMetadata = { ...record, scope: { kind: "workspace", workspace: "other" }, groups: [there] };
    expect(findLoss(grouped, grouped, there)).toBeUndefined();
    expect(findLoss(grouped, { ...grouped, groups: [] }, there)).toBe("it was taken from the group of this run");
  });
});
