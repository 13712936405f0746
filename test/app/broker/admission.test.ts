import { expect, test } from "vitest";
import type { AuditEvent } from "../../../src/audit/entry.ts";
import type { AcceptedIdentities } from "../../../src/app/broker/acceptance-log.ts";
import { acceptanceOf, followAcceptances, revocationOf } from "../../../src/app/broker/acceptance-log.ts";
import { stillStands } from "../../../src/app/broker/admission.ts";
import { parseDidKey } from "../../../src/identity/did-key.ts";

const did = parseDidKey("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")?.did;
const [wide, narrow] = [{ workspace: undefined, group: undefined }, { workspace: "acme", group: "ci" }];
const follow = (known: AcceptedIdentities, from: number, events: readonly AuditEvent[]): AcceptedIdentities => followAcceptances(known, events.map((event, index) => ({ seq: from + index, event })));

test("who was revoked, and accepted for something else or the same before anybody looked, has not what he had", () => {
  if (did === undefined) throw new Error("no did:key");
  const before = follow(new Map(), 1, [acceptanceOf(did, "ci", wide)]);
  expect(stillStands(before.get(did), wide, 1)).toBe(true);
  const after = follow(before, 2, [revocationOf(did, "ci"), acceptanceOf(did, "ci", narrow)]);
  expect([wide, narrow].map((viewpoint) => stillStands(after.get(did), viewpoint, 3))).toEqual([false, true]);
  const anew = follow(before, 2, [revocationOf(did, "ci"), acceptanceOf(did, "ci", wide)]);
  expect([1, 3].map((since) => stillStands(anew.get(did), wide, since))).toEqual([false, true]);
  expect(stillStands(follow(after, 4, [revocationOf(did, "ci")]).get(did), narrow, 3)).toBe(false);
});

test("who is accepted for more keeps what he had", () => {
  if (did === undefined) throw new Error("no did:key");
  const both = follow(new Map(), 1, [acceptanceOf(did, "ci", wide), acceptanceOf(did, "ci", narrow)]);
  expect([wide, narrow].map((viewpoint) => stillStands(both.get(did), viewpoint, 1))).toEqual([true, true]);
});
