// A run on one machine, and what another machine changes in the vault that both have.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeEngines } from "../../support/engine-places.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { bringKey, openMachine } from "../../support/store-machines.ts";

import { makeTestCa } from "../../support/test-ca.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const [FIRST, SECOND] = ["first-value-4fa09b1c", "second-value-77d0e2aa"];

let server: Server;
let port = 0;
let got: string[] = [];
let caFile = "";

beforeAll(async () => {
  const ca = makeTestCa();
  caFile = join(mkdtempSync(join(tmpdir(), "vault-follows-")), "server.pem");
  writeFileSync(caFile, ca.certificate);
  server = createServer(ca.identityFor("localhost"), (request, response) => {
    got.push((request.headers.authorization ?? "").replace("Bearer ", ""));
    response.end("ok\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => {
  server.close();
  rmSync(dirname(caFile), { recursive: true, force: true });
});

describeEngines("a run follows a vault on a store", (stage) => {
  test.skipIf(!hasCurl)("to a value that another machine has stored, and away from one that it has deleted (needs curl)", async () => {
    const place = stage().place();
    const [a, b] = [openMachine(place), openMachine(place)];
    a.vault(["init", "--store", place.url, "--provider", "file"]);
    a.vault(["secrets", "create", "API_KEY", "--host", `localhost:${port}`, "--allow-private"], FIRST);
    bringKey(a, b);
    expect(b.vault(["init", "--store", place.url])).toMatchObject({ status: 0 });
    got = [];
    const fetching = `while [ ! -e "$HOME/over" ]; do curl -s -H "Authorization: Bearer $API_KEY" https://localhost:${port}/; sleep 0.1; done`;
    const run = spawn(NODE, [RUN_JS, "run", "--upstream-ca", caFile, "--", "sh", "-c", fetching], { env: b.env, stdio: "ignore" });
    const ended = new Promise((resolve) => run.once("exit", resolve));
    try {
      await expect.poll(() => got).toContain(FIRST);
      expect(a.vault(["secrets", "rotate", "API_KEY"], SECOND)).toMatchObject({ status: 0 });
      await expect.poll(() => got).toContain(SECOND);
      expect(a.vault(["secrets", "delete", "API_KEY"])).toMatchObject({ status: 0 });
      const isWithout = async (): Promise<boolean> => {
        got = [];
        await sleep(1000);
        return !got.includes(SECOND);
      };
      await expect.poll(isWithout).toBe(true);
    } finally {
      writeFileSync(join(b.env["HOME"] ?? "", "over"), "");
      await ended;
    }
    expect(a.vault(["audit", "--verify"])).toMatchObject({ status: 0, out: expect.stringContaining("1 runs verified") as string });
  });
});
