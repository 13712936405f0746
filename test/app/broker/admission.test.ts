import { expect, test } from "vitest";
import { stillStands } from "../../../src/app/broker/admission.ts";
import { acceptanceOf, followAcceptances, revocationOf } from "../../../src/app/broker/acceptance-log.ts";
import { parseDidKey } from "../../../src/identity/did-key.ts";

const did = parseDidKey("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")?.did;
const [wide, narrow] = [{ workspace: undefined, group: undefined }, { workspace: "acme", group: "ci" }];

test("who was revoked, and accepted for something else before anybody looked, has not what he had", () => {
  if (did === undefined) throw new Error("no did:key");
  const before = followAcceptances(new Map(), [acceptanceOf(did, "ci", wide)]);
  expect(stillStands(before.get(did), wide)).toBe(true);
  const after = followAcceptances(before, [revocationOf(did, "ci"), acceptanceOf(did, "ci", narrow)]);
  expect([wide, narrow].map((viewpoint) => stillStands(after.get(did), viewpoint))).toEqual([false, true]);
  expect(stillStands(followAcceptances(after, [revocationOf(did, "ci")]).get(did), narrow)).toBe(false);
});

test("who is accepted for more keeps what he had", () => {
  if (did === undefined) throw new Error("no did:key");
  const both = followAcceptances(new Map(), [acceptanceOf(did, "ci", wide), acceptanceOf(did, "ci", narrow)]);
  expect([wide, narrow].map((viewpoint) => stillStands(both.get(did), viewpoint))).toEqual([true, true]);
});
