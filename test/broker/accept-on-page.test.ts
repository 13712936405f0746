// An identity asks, and the vault's owner answers on the page of `vault approve --browser`: the shipped program, a broker, and a real browser.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBrowser, openBrowser } from "../support/browser.ts";
import type { BrokerStage, RunningBroker } from "../support/broker-stage.ts";
import { endOf, HANDLE, openBrokerStage } from "../support/broker-stage.ts";
import { NODE, RUN_JS } from "../support/program.ts";

let stage: BrokerStage;
let broker: RunningBroker;
beforeAll(async () => {
  stage = await openBrokerStage();
  broker = await stage.serve();
  stage.owner.vault(["secrets", "create", "TEAM_KEY", "--workspace", "acme", "--host", stage.bound], "the-value-of-a-team-012345");
});
afterAll(() => stage.close());

const claim = async (handle: string): Promise<string> => {
  await stage.runner(["identity", "create", handle]);
  const { output } = await stage.runner(["identity", "claim", "--identity", handle, "--broker", broker.url]);
  return /did:key:\w+/.exec(output)?.[0] ?? "none";
};

describe.skipIf(findBrowser() === undefined || process.platform !== "linux")("an identity that asks (needs Chromium and Linux)", () => {
  it("is shown with its key, is accepted for what the owner chooses, or dropped", { timeout: 120_000 }, async () => {
    const [did, other] = [await claim(HANDLE), await claim("unknown-one")];
    const page = stage.owner.start(NODE, [RUN_JS, "approve", "--browser"], stage.owner.folder);
    const browser: Browser = await openBrowser();
    try {
      await page.said("open this page");
      await page.said("\n");
      const shown = await browser.newPage();
      await shown.goto(/http:\S+/.exec(page.output())?.[0] ?? "");
      const card = shown.locator("article", { hasText: did });
      await card.getByText(`${HANDLE} asks to use this vault's secrets`).waitFor();
      expect(await card.locator("option").allTextContents()).toEqual(["global secrets", 'workspace "acme"']);
      await card.getByRole("combobox").selectOption('workspace "acme"');
      await card.getByRole("button", { name: "Accept, for" }).click();
      await card.getByText("Accepted.").waitFor();
      await shown.locator("article", { hasText: other }).getByRole("button", { name: "No", exact: true }).click();
      await shown.getByText("Dropped.").waitFor();
    } finally {
      await browser.close();
      page.process.kill("SIGINT");
      await page.ended;
    }
    const listed = stage.owner.vault(["identity", "list"]);
    expect(listed).toContain(`${HANDLE} (${did}), for workspace "acme"`);
    expect(listed).not.toContain("unknown-one");
    expect(await endOf(stage.run(broker, 'echo "${TEAM_KEY:+given}"'))).toEqual({ status: 0, output: expect.stringContaining("given") });
    expect((await endOf(stage.run(broker, "true", ["--identity", "unknown-one"]))).status).toBe(125);
    expect(stage.owner.vault(["audit", "--json"])).toMatch(/"kind":"identity\.accept"/);
  });
});
