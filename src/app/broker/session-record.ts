// What another broker has to know to go on with a session: as it was ordered, and what the run was given when it began. No value of a secret is in it; all else that makes the proxy what it is to the program.
import { encodeBase64, findBase64, findText, utf8 } from "../../bytes.ts";
import type { SessionOrder } from "../../broker/order.ts";
import { encodeOrder, parseOrder } from "../../broker/order.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { parseDidKey } from "../../identity/did-key.ts";
import type { KeptProxy } from "../../proxy/proxy-options.ts";
import { Secret } from "../../secret.ts";
import * as json from "../../vault/json-shape.ts";
import { isPlace } from "../../vault/place.ts";
import { parseRules } from "../../vault/rules.ts";
import type { BegunRun, GivenSecret } from "../runs/given-secrets.ts";
import type { Viewpoint } from "../secrets/find-secret.ts";

export interface SessionRecord {
  readonly did: DidKey;
  readonly viewpoint: Viewpoint;
  readonly order: SessionOrder;
  readonly begun: BegunRun;
  /** The caller wipes its key. */
  readonly proxy: KeptProxy;
}

const SECRETS_MAX = 20_000;
const ITEMS_MAX = 1_000;

export function encodeRecord({ did, viewpoint, order, begun, proxy }: SessionRecord): Uint8Array {
  const secrets = begun.secrets.map(({ id, variable, placeholder, hosts, places, allowPrivate, rules, service, source }) => ({ id, variable: variable ?? null, placeholder, hosts, places, allowPrivate, rules, service: service ?? null, source }));
  return utf8(JSON.stringify({
    did, run: begun.run, token: proxy.token, caCertificate: proxy.ca.certificate, caKey: encodeBase64(proxy.ca.key.reveal()),
    workspace: viewpoint.workspace ?? null, group: viewpoint.group ?? null, secrets, order: findText(encodeOrder(order)) ?? "",
  }));
}

/** @param text that was sealed by a broker of this vault: of another version, at worst. Undefined for what this one does not understand. */
export function findRecord(text: Uint8Array): SessionRecord | undefined {
  try {
    return parseRecord(json.parseObject(JSON.parse(findText(text) ?? ""), "a session"));
  } catch {
    return undefined;
  }
}

function parseRecord(record: Record<string, unknown>): SessionRecord {
  const text = (name: string): string => json.parseText(record[name], name);
  const did = parseDidKey(text("did"))?.did;
  const key = findBase64(text("caKey"));
  const [run, token] = [text("run"), text("token")];
  if (did === undefined || key === undefined || !/^[0-9a-f]{1,64}$/.test(run) || !/^[0-9a-f]{64}$/.test(token)) throw new VaultError("bad-schema", "a session: expected another form");
  return {
    did,
    viewpoint: { workspace: orNothing(record["workspace"], "workspace"), group: orNothing(record["group"], "group") },
    order: parseOrder(utf8(text("order"))),
    begun: { run, secrets: json.parseArray(record["secrets"], SECRETS_MAX, "secrets").map(parseGiven) },
    proxy: { token, ca: { certificate: text("caCertificate"), key: new Secret(key) } },
  };
}

function parseGiven(value: unknown): GivenSecret {
  const given = json.parseObject(value, "a secret");
  return {
    id: json.parseText(given["id"], "id"),
    variable: orNothing(given["variable"], "variable"),
    placeholder: json.parseText(given["placeholder"], "placeholder"),
    hosts: json.parseArray(given["hosts"], ITEMS_MAX, "hosts").map((host) => json.parseText(host, "hosts")),
    places: json.parseArray(given["places"], ITEMS_MAX, "places").map((place) => json.parseText(place, "places")).filter(isPlace),
    allowPrivate: json.parseBoolean(given["allowPrivate"], "allowPrivate"),
    rules: json.parseArray(given["rules"], ITEMS_MAX, "rules").flatMap((rules) => parseRules(rules, "a session") ?? []),
    service: orNothing(given["service"], "service"),
    // It is compared, and nothing else.
    source: json.parseText(given["source"], "source") as GivenSecret["source"],
  };
}

function orNothing(value: unknown, what: string): string | undefined {
  return value === null ? undefined : json.parseText(value, what);
}
