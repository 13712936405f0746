// A service of one's own is added on one machine: what it pins stands in the secret, and holds on every other.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeEngines } from "../../support/engine-places.ts";
import { bringKey, openMachine } from "../../support/store-machines.ts";

const BUNDLED = new URL("../../../src/services/ai21.json", import.meta.url);

describeEngines("a service that one machine has added", (stage) => {
  test("pins its secrets on a machine that does not know it", () => {
    const place = stage().place();
    const [a, b] = [openMachine(place), openMachine(place)];
    expect(a.vault(["init", "--store", place.url, "--provider", "file"])).toMatchObject({ status: 0 });
    bringKey(a, b);
    expect(b.vault(["init", "--store", place.url])).toMatchObject({ status: 0 });
    const file = join(a.folder, "..", "acme.json");
    const bundled = JSON.parse(readFileSync(BUNDLED, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...bundled, id: "acme", title: "Acme", variables: ["ACME_KEY"], hosts: ["api.acme.example:443"], placeholders: ["acme_[A-Za-z0-9]{36}"] }));
    expect(a.vault(["services", "add", "--yes", file])).toMatchObject({ status: 0 });
    expect(a.vault(["secrets", "create", "ACME_KEY"], "acme-value-4Kq81zLmWx7Yt")).toMatchObject({ status: 0 });

    expect(b.vault(["secrets", "show", "ACME_KEY"])).toMatchObject({ status: 0, out: expect.stringMatching(/service +acme\nhosts +api\.acme\.example:443/) as string });
    expect(b.vault(["secrets", "rotate", "ACME_KEY"], "acme-value-9Pw52rTnVc3Ls")).toMatchObject({ status: 0 });
    const widened = b.vault(["secrets", "update", "ACME_KEY", "--host", "other.example"]);
    expect(widened.status).not.toBe(0);
    expect(widened.err).toContain('is pinned to the hosts of "acme"');
  });
}, ["redis"]);
