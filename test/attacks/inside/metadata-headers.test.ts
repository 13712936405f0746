// The run's program puts the placeholder into metadata of an object in a cloud's store, `x-amz-meta-api-key` say, and makes the object public: whoever reads it
// gets the key in the answer's head, where no proxy of ours scrubs. A name that ends like a key is no credential. The placeholder stays what it is there, whatever
// the header is called, also where the user was talked into naming it; only the file of a service can say that the service takes its key in such a place.
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSecret, updateSecret } from "../../../src/app/secrets/secrets.ts";
import type { Grant } from "../../../src/proxy/grants/grant.ts";
import { Secret } from "../../../src/secret.ts";
import type { Place } from "../../../src/vault/place.ts";
import { makeHome } from "../../support/home.ts";
import { ask } from "../../support/proxy-child.ts";
import { makeGrant, openTestRun, VALUE } from "../../support/proxy-run.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const ca = makeTestCa();
/** A store of objects: what a PUT said of one in its headers stands in the head of each GET, for everybody. */
const objects = new Map<string, readonly string[]>();
const store = createServer(ca.identityFor("store.example.test"), (incoming, response) => {
  const { method, url = "", rawHeaders } = incoming;
  if (method === "PUT") objects.set(url, rawHeaders);
  const kept = (objects.get(url) ?? []).flatMap((name, index, all) => (index % 2 === 0 && /^(?:x-|link|content-disposition|cache-control|refresh)/i.test(name) ? [name, all[index + 1] ?? ""] : []));
  incoming.resume().on("end", () => response.writeHead(200, kept).end());
});
let host: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
  host = `store.example.test:${(store.address() as AddressInfo).port}`;
});
beforeEach(() => {
  objects.clear();
});
afterAll(() => {
  store.closeAllConnections();
  store.close();
});

/** What somebody reads who has no part in the run. */
async function readAsStranger(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: (store.address() as AddressInfo).port, path, ca: ca.certificate, servername: "store.example.test", agent: false }, (answer) => {
      answer.resume().on("end", () => { resolve(JSON.stringify(answer.rawHeaders)); });
    }).on("error", reject).end();
  });
}

/** The head that a stranger reads, after the run's program has put an object there with these headers. */
async function publish(grant: Grant, ...headers: readonly string[]): Promise<{ readonly status: number; readonly read: string; readonly stored: string; readonly events: unknown }> {
  const run = await openTestRun([grant], { roots: [ca.certificate] });
  try {
    const reply = await ask(run.proxy, host, ["PUT /object HTTP/1.1", `Host: ${host}`, ...headers, "Content-Length: 0", "", ""].join("\r\n"));
    return { status: reply.status, read: await readAsStranger("/object"), stored: JSON.stringify(objects.get("/object") ?? []), events: run.events };
  } finally {
    await run.proxy.close();
  }
}

const CLOUDS: readonly (readonly [cloud: string, headers: readonly string[]])[] = [
  ["Amazon S3", ["x-amz-meta-api-key", "x-amz-meta-token", "X-Amz-Meta-Authorization", "x-amz-meta-secret", "x-amz-website-redirect-location"]],
  ["Google Cloud Storage", ["x-goog-meta-api-key", "x-goog-meta-access-token", "X-Goog-Meta-Password"]],
  ["Azure Blob Storage", ["x-ms-meta-api-key", "x-ms-meta-api_key", "X-Ms-Meta-Token"]],
  ["OpenStack Swift and Backblaze B2", ["x-object-meta-secret", "X-Container-Meta-Api-Key", "x-account-meta-temp-url-key", "x-bz-info-api-key", "X-Bz-Info-Token"]],
  ["any store", ["x-oss-meta-key", "x-share-token", "x-note-api-key", "Link", "Refresh", "Content-Disposition", "Cache-Control", "X-Forwarded-Access-Token"]],
];

/** Whether a user may name it: nothing is known against it but that it is not usual. */
const isNameable = (header: string): boolean => ["x-share-token", "x-note-api-key"].includes(header);

describe.each(CLOUDS)("%s", (_cloud, headers) => {
  it.each(headers)("keeps the placeholder in %s", async (header) => {
    for (const grant of [
      makeGrant("API_KEY", [host]),
      // As a vault has it that was written by another program.
      ...(isNameable(header) ? [] : [makeGrant("API_KEY", [host], { places: ["header", `header:${header.toLowerCase()}`] })]),
      makeGrant("API_KEY", [host], { pin: { service: "store", sharesHostsWith: [], spots: [{ place: "header", header: "authorization", form: "Bearer {key}" }] } }),
    ]) {
      const { status, read, stored, events } = await publish(grant, `${header}: ${grant.placeholder}`);
      expect([status, read.includes(VALUE), stored.includes(VALUE)]).toEqual([200, false, false]);
      expect(stored).toContain(grant.placeholder);
      expect(events).toMatchObject([{ kind: "inert", secrets: ["API_KEY"], spot: "header" }]);
    }
  });
});

it("the key itself goes into its own header, and into no metadata beside it", async () => {
  const grant = makeGrant("API_KEY", [host]);
  const { status, read, stored } = await publish(grant, `Authorization: Bearer ${grant.placeholder}`, `x-amz-meta-api-key: ${grant.placeholder}`);
  expect([status, read.includes(VALUE), read.includes(grant.placeholder)]).toEqual([200, false, true]);
  expect(stored.split(VALUE)).toHaveLength(2);
  expect(stored).toContain(`Bearer ${VALUE}`);
});

it("a service whose file says so gets its key there", async () => {
  const grant = makeGrant("API_KEY", [host], { pin: { service: "own", sharesHostsWith: [], spots: [{ place: "header", header: "x-object-meta-temp-key", form: "{key}" }] } });
  const { stored } = await publish(grant, `X-Object-Meta-Temp-Key: ${grant.placeholder}`);
  expect(stored).toContain(VALUE);
});

describe("nobody is talked into it", () => {
  const NAMES: readonly Place[] = ["header:x-amz-meta-api-key", "header:x_amz_meta_api_key", "header:x-bz-info-key", "header:link", "header:x-forwarded-host", "header:sec-fetch-site", "header:proxy-authorization"];
  it.each(NAMES)("--inject %s is refused, with the reason", async (place) => {
    const { surroundings } = makeHome();
    const asked = { name: "API_KEY", scope: { kind: "global" }, service: undefined, hosts: ["api.example.com:443"], allowPrivate: false } as const;
    await expect(createSecret(surroundings, { ...asked, places: ["header", place] }, () => Promise.resolve(Secret.fromText("value")))).rejects.toMatchObject({ code: "usage", message: expect.stringMatching(/^no secret is put into the header ".+": .{20}/) as unknown });
    await createSecret(surroundings, { ...asked, places: ["header", "header:x-vendor-key"] }, () => Promise.resolve(Secret.fromText("value")));
    await expect(updateSecret(surroundings, "API_KEY", undefined, { places: [place] })).rejects.toMatchObject({ code: "usage" });
  });
});
