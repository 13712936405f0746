// A program behind the wall asks its person for what it lacks, by the built program and by the MCP server's tool.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can } from "../support/machine.ts";
import { NODE } from "../support/program.ts";
import { copyProgram } from "../support/readable-program.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const CALL = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "ask", arguments: { what: "OTHER_TOKEN", reason: "to post the news" } } });

describe.skipIf(!can.wall)("behind the wall (needs bubblewrap), the person is asked", { timeout: 120_000 }, () => {
  let stage: WallStage;
  beforeAll(async () => {
    stage = await openWallStage();
    // With a rule that asks, there is somebody to be asked from the start.
    expect(await stage.vault(["secrets", "update", "API_KEY", "--ask", "DELETE /**"])).toMatchObject({ status: 0 });
    // What lies in /tmp is not seen there.
    copyProgram(join(stage.project, "program"));
    stage.give(join(stage.project, "program"));
  }, 60_000);
  afterAll(() => stage.close());

  /** As soon as something waits, answers it so. */
  async function answer(command: "approve" | "deny"): Promise<void> {
    for (let tries = 0; tries < 20; tries += 1) {
      const [held] = JSON.parse((await stage.vault(["approve", "--json"])).out) as { readonly id: string }[];
      if (held === undefined) continue;
      const { status, err } = await stage.vault([command, held.id]);
      expect(status, err).toBe(0);
      return;
    }
  }

  test("by vault ask, which waits for a yes or a no", async () => {
    const ask = (): Promise<{ readonly status: number; readonly out: string; readonly err: string }> => stage.inside(`"${NODE}" program/bin/run.js ask OTHER_TOKEN --reason 'to post the news'`);
    const [yes] = await Promise.all([ask(), answer("approve")]);
    expect([yes.status, yes.out], yes.err).toEqual([0, "yes\n"]);
    const [no] = await Promise.all([ask(), answer("deny")]);
    expect([no.status, no.out]).toEqual([14, ""]);
    expect(no.err).toContain("the person who started the run said no");
  });

  test("by the tool of vault mcp", async () => {
    const [{ out, err }] = await Promise.all([stage.inside(`echo '${CALL}' | "${NODE}" program/bin/run.js mcp`), answer("approve")]);
    expect(JSON.parse(out.trim()), err).toMatchObject({ id: 1, result: { content: [{ type: "text", text: expect.stringContaining("yes") as string }] } });
  });

  test("and nobody is where the environment names another proxy, or none", async () => {
    for (const proxy of ["", "http://proxy.example.com:3128", "http://anne:pass@127.0.0.1:3128"]) {
      const { status, out, err } = await stage.inside(`for name in HTTP_PROXY http_proxy HTTPS_PROXY https_proxy; do export $name='${proxy}'; done; "${NODE}" program/bin/run.js ask OTHER_TOKEN`);
      expect([status, out], err).toEqual([2, ""]);
    }
  });
});
