import { expect, test } from "vitest";
import { grantOf, loadTraits } from "../../../src/app/runs/granted-secrets.ts";
import { makeRecogniser, mintForTrial } from "../../../src/proxy/places/placeholder.ts";
import { decide } from "../../../src/proxy/judge/policy.ts";
import { withNames } from "../../../src/proxy/http1/raw-head.ts";
import { parseRequestHead } from "../../../src/proxy/http1/request-head.ts";
import { STORED } from "../../../src/vault/source.ts";
import { Secret } from "../../../src/secret.ts";
import { makeRegistry } from "../../../src/services/registry.ts";
import { findCanonicalBinding } from "../../../src/vault/host.ts";
import { makeHome } from "../../support/home.ts";

const HEADERS = makeRegistry().services.flatMap(({ id, hosts, ownHosts, credentials }) => credentials.flatMap((credential) => (credential.place === "header" ? [{ id, host: hosts[0] ?? `you.${ownHosts[0] ?? ""}:443`, header: credential.header, form: credential.form }] : [])));

test.each(HEADERS)("a secret of $id goes into $header as $form", async ({ id, host, header, form }) => {
  const grant = grantOf({ name: "KEY", service: id, hosts: [host], places: ["basic", "header"], allowPrivate: false, scrub: true, rules: undefined, source: STORED }, Secret.fromText("value"), mintForTrial(), await loadTraits(makeHome().surroundings, [{ service: id }], undefined));
  const authority = findCanonicalBinding(host);
  if (authority === undefined) throw new Error("no host");
  const parsed = parseRequestHead(withNames({ method: "GET", url: "/", httpVersion: "1.1", rawHeaders: ["Host", authority.host, header.toUpperCase(), form.replace("{key}", () => grant.placeholder)] }), "https", authority);
  if (parsed.kind === "refuse") throw new Error(parsed.refusal.text);
  expect(decide(parsed.head, { scheme: "https", authority, recognise: makeRecogniser([grant]), strict: false })).toMatchObject({ kind: "forward", used: [grant], inert: [] });
});

test("a secret of no known service has no spots of its own", async () => {
  const traits = await loadTraits(makeHome().surroundings, [{ service: "of-a-newer-version" }], undefined);
  expect(grantOf({ name: "KEY", service: undefined, hosts: [], places: ["header"], allowPrivate: false, scrub: true, rules: undefined, source: STORED }, Secret.fromText("value"), mintForTrial(), traits).pin).toBeUndefined();
  expect(grantOf({ name: "KEY", service: "of-a-newer-version", hosts: [], places: ["header"], allowPrivate: false, scrub: true, rules: undefined, source: STORED }, Secret.fromText("value"), mintForTrial(), traits).pin).toBeUndefined();
  expect(await loadTraits(makeHome().surroundings, [{ service: undefined }], undefined)).toEqual(new Map());
});
