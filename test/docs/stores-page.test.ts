// docs/stores.md's commands, on two machines and a server of Redis in the place of the database that the page names.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisServer } from "../support/redis-server.ts";
import { hasRedis, openRedisServer } from "../support/redis-server.ts";
import { hasTools } from "../support/transcript.ts";
import { findBlocks, makeBlock, readPage } from "./page-blocks.ts";
import type { PageStage } from "./page-stage.ts";
import { openPageStage } from "./page-stage.ts";

const blocks = findBlocks(readPage("docs/stores.md"));

describe.skipIf(!hasTools() || !hasRedis)("docs/stores.md (needs redis-server, curl and python3)", () => {
  let server: RedisServer;
  let machines: readonly [PageStage, PageStage];
  beforeAll(async () => {
    server = await openRedisServer();
    const variables = { VAULT_PASSPHRASE: "long passphrase" };
    machines = [await openPageStage({ variables }), await openPageStage({ variables })];
  }, 60_000);
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.close()));
    await server.close();
  });

  /** With the address of the server here. */
  const here = (line: string): string => line.replace("=…", `=${server.password}`).replaceAll(/(?:postgres:\/\/vault@db\.example\.com\/vault|rediss:\/\/store\.example\.com\/0)/g, (address) => `redis://127.0.0.1:${server.port}/${address.startsWith("postgres") ? "0" : "1"}`).replace(/ --follow.*/, " --follow --limit 1 & sleep 2; kill $!");

  it("leads two machines to one vault, to another store, and back", async () => {
    expect(blocks.length).toBeGreaterThanOrEqual(3);
    const type = async (machine: PageStage, line: string): Promise<string> => {
      const { status, output } = await machine.type(makeBlock(here(line)));
      expect(status, `${line}\n${output}`).toBe(0);
      return output;
    };
    const [one, other] = machines;
    for (const { text } of blocks) {
      for (const line of text.trimEnd().split("\n")) {
        if (line.startsWith("export")) await type(other, line);
        await type(line.includes("each further one") ? other : one, line);
        if (!line.includes("each further one")) continue;
        await type(one, "vault unlock; printf value | vault secrets create API_KEY --host api.example.com");
        expect(await type(other, "vault unlock; vault secrets list")).toContain("API_KEY");
      }
    }
    expect(await type(one, "vault secrets list; vault status")).toMatch(/API_KEY[^]*vault +\//);
  }, 240_000);
});
