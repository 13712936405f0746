// A broker whose vault is on a store, and what its owner types on another machine.
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { watch } from "../support/built-vault.ts";
import { describeEngines } from "../support/engine-places.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { bringKey, openMachine } from "../support/store-machines.ts";
import { makeTestCa } from "../support/test-ca.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const [FIRST, SECOND] = ["first-value-4fa09b1c", "second-value-77d0e2aa"];

describeEngines("a broker of a vault on a store", (stage) => {
  test.skipIf(!hasCurl)("hears what another machine changes, and whom it revokes, in a session that is open (needs curl)", async () => {
    const ca = makeTestCa();
    let got: string[] = [];
    const server = createServer(ca.identityFor("localhost"), (request, response) => {
      got.push((request.headers.authorization ?? "").replace("Bearer ", ""));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => { server.close(); });
    const address = server.address();
    const host = `localhost:${typeof address === "object" && address !== null ? address.port : 0}`;
    const place = stage().place();
    const [owner, other, runner] = [openMachine(place), openMachine(place), openMachine({ ...place, environment: {} })];
    const file = join(owner.folder, "..", "server.pem");
    writeFileSync(file, ca.certificate);
    owner.vault(["init", "--store", place.url, "--provider", "file"]);
    owner.vault(["secrets", "create", "API_KEY", "--host", host, "--allow-private"], FIRST);
    bringKey(owner, other);
    expect(other.vault(["init", "--store", place.url])).toMatchObject({ status: 0 });
    const serving = spawn(NODE, [RUN_JS, "serve", "--listen", "127.0.0.1:0", "--upstream-ca", file], { env: owner.env, stdio: ["ignore", "pipe", "pipe"] });
    const broker = watch(serving, () => undefined);
    onTestFinished(() => { serving.kill("SIGKILL"); });
    await broker.said("serving at ");
    await broker.said("\n");
    const url = /serving at (\S+)/.exec(broker.output())?.[1] ?? "";
    const did = (JSON.parse(runner.vault(["identity", "create", "ci", "--json"]).out) as { readonly did: string }).did;
    expect(owner.vault(["identity", "accept", did])).toMatchObject({ status: 0 });
    const script = `while [ ! -e "$HOME/over" ]; do curl -s -m 5 -H "Authorization: Bearer $API_KEY" https://${host}/ || sleep 0.2; sleep 0.1; done`;
    const running = spawn(NODE, [RUN_JS, "run", "--broker", url, "--identity", "ci", "--", "sh", "-c", script], { env: runner.env, stdio: "ignore" });
    const ended = new Promise((resolve) => running.once("exit", resolve));
    try {
      await expect.poll(() => got).toContain(FIRST);
      expect(other.vault(["secrets", "rotate", "API_KEY"], SECOND)).toMatchObject({ status: 0 });
      await expect.poll(() => got).toContain(SECOND);
      expect(other.vault(["identity", "revoke", did])).toMatchObject({ status: 0 });
      const isSilent = async (): Promise<boolean> => {
        got = [];
        await sleep(1000);
        return got.length === 0;
      };
      await expect.poll(isSilent).toBe(true);
    } finally {
      writeFileSync(join(runner.env["HOME"] ?? "", "over"), "");
      await ended;
    }
    serving.kill("SIGTERM");
    await broker.ended;
    expect(other.vault(["audit", "--verify"])).toMatchObject({ status: 0 });
  });
});
