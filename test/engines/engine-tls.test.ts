// Nothing is said to a server whose certificate is not good, whatever the environment says.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { parseLocator } from "../../src/engines/locator.ts";
import type { Order } from "../support/certificate-mill.ts";
import { authority, ecKeys, issue, keyIdentifiers, names, noAuthority, privatePem, purpose, usage } from "../support/certificate-mill.ts";
import { describeEngines } from "../support/engine-places.ts";
import { openPlace } from "../support/open-place.ts";
import { openMachine } from "../support/store-machines.ts";
import { makeFolder } from "../support/temporary.ts";
import { openTlsFront } from "../support/tls-front.ts";

const [rootKeys, leafKeys] = [ecKeys(), ecKeys()];
const ROOT: Order = { name: "store root", keys: rootKeys, extensions: [authority(), usage("sign-certificates"), ...keyIdentifiers(rootKeys)] };
const root = issue(ROOT);
const leaf = (host: string, changes: Partial<Order> = {}): Order => ({ name: host, keys: leafKeys, extensions: [noAuthority(), usage("sign-data"), purpose("server"), names(["dns", host], ["address", Uint8Array.of(127, 0, 0, host === "localhost" ? 1 : 9)])], ...changes });

const BAD = {
  "for another host": { certificate: issue(leaf("other.example.test"), root).certificate, says: "for another host" },
  "self-signed": { certificate: issue(leaf("localhost")).certificate, says: "nobody vouches" },
  "of an unknown root": { certificate: issue(leaf("localhost"), issue({ ...ROOT, name: "another root", keys: leafKeys })).certificate, says: "nobody that is known here vouches" },
  expired: { certificate: issue(leaf("localhost", { fromHours: -48, toHours: -24 }), root).certificate, says: "has expired" },
  "not yet valid": { certificate: issue(leaf("localhost", { fromHours: 24, toHours: 48 }), root).certificate, says: "not valid yet" },
};

describeEngines("over TLS", (stage, kind) => {
  const key = privatePem(leafKeys);
  const overTls = (url: string, host: string, ca?: string): string => {
    const secure = new URL(url.replace("redis:", "rediss:").replace("http://", "https://").replace(encodeURIComponent("http://"), encodeURIComponent("https://")));
    secure.searchParams.delete("tls");
    if (kind === "s3") secure.searchParams.set("endpoint", (secure.searchParams.get("endpoint") ?? "").replace("127.0.0.1", host));
    else secure.hostname = host;
    if (ca !== undefined) secure.searchParams.set("ca", ca);
    return secure.href;
  };
  const rootsFile = (): string => {
    const file = join(makeFolder(), "roots.pem");
    writeFileSync(file, root.certificate);
    return file;
  };

  test.each(["localhost", "127.0.0.1"])("an engine works by its name and by its address (%s)", async (host) => {
    const front = await openTlsFront(kind, stage().port, { cert: issue(leaf("localhost"), root).certificate, key });
    onTestFinished(() => front.close());
    const { url, environment } = stage().place(front.port);
    const secure = overTls(url, host, rootsFile());
    const { locator } = parseLocator(secure);
    expect([locator.isTls, parseLocator(locator.url).locator]).toEqual([true, locator]);
    const engine = await openPlace({ url: secure, environment });
    // The gateway signs over the host, and does not know another one than it is told.
    expect(await engine.replace("vault", utf8("x"), undefined)).toBe("done");
    expect((await engine.read("vault")).kind).toBe("bytes");
    expect(front.heard().length).toBeGreaterThan(0);
  });

  test.each(Object.entries(BAD))("nothing is said to a server whose certificate is %s", async (_what, { certificate, says }) => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    vi.stubEnv("PGSSLMODE", "no-verify");
    onTestFinished(() => { vi.unstubAllEnvs(); });
    const front = await openTlsFront(kind, stage().port, { cert: certificate, key });
    onTestFinished(() => front.close());
    const { url, environment } = stage().place(front.port);
    const engine = await openPlace({ url: overTls(url, "localhost", rootsFile()), environment });
    await expect(engine.read("vault")).rejects.toMatchObject({ code: "store-unavailable", message: expect.stringContaining(says) as string });
    await expect(engine.replace("vault", utf8("x"), undefined)).rejects.toMatchObject({ code: "store-unavailable" });
    expect(front.heard()).toBe("");
  });

  test("nothing is said without the roots that were named", async () => {
    const front = await openTlsFront(kind, stage().port, { cert: issue(leaf("localhost"), root).certificate, key });
    onTestFinished(() => front.close());
    const { url, environment } = stage().place(front.port);
    await expect((await openPlace({ url: overTls(url, "localhost"), environment })).read("vault")).rejects.toMatchObject({ code: "store-unavailable" });
    await expect((await openPlace({ url: overTls(url, "localhost", "/nowhere/roots.pem"), environment })).read("vault")).rejects.toMatchObject({ message: expect.stringContaining("cannot be read") as string });
    expect(front.heard()).toBe("");
  });

  test("nothing is said to a server for which a variable alone vouches", async () => {
    const front = await openTlsFront(kind, stage().port, { cert: issue(leaf("localhost"), root).certificate, key });
    onTestFinished(() => front.close());
    const place = stage().place(front.port);
    const file = rootsFile();
    const machine = openMachine(place, { NODE_EXTRA_CA_CERTS: file });
    expect(await machine.start(["init", "--provider", "file", "--store", overTls(place.url, "localhost")])).toMatchObject({ status: 14, err: expect.stringContaining("nobody that is known here vouches for its certificate") as string });
    expect(front.heard()).toBe("");
    expect(await machine.start(["init", "--provider", "file", "--store", overTls(place.url, "localhost", file)])).toMatchObject({ status: 0 });
  });

  // Redis without TLS waits for the end of what it takes for a command: that would apply to the others alone.
  if (kind !== "redis") test("a server that speaks no TLS is told of as one", async () => {
    const { url, environment } = stage().place();
    await expect((await openPlace({ url: overTls(url, "localhost"), environment })).read("vault")).rejects.toMatchObject({ code: "store-unavailable", message: expect.stringContaining("does not speak TLS") as string });
  });
});
