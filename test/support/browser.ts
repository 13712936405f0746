// A real browser, where this machine has one: the tests of pages are skipped by name elsewhere.
import { spawnSync } from "node:child_process";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";

/** Of an installed Chromium or Chrome. VAULT_TEST_BROWSER names another. */
export function findBrowser(): string | undefined {
  const named = process.env["VAULT_TEST_BROWSER"];
  const found = ["chromium", "chromium-browser", "google-chrome", "chrome"].map((name) => spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim()).find((path) => path !== "");
  return named ?? found;
}

/** Whoever opened it closes it. */
export async function openBrowser(): Promise<Browser> {
  // Chromium's sandbox does not start for root, as whom containers run tests; the pages are our own.
  return chromium.launch({ executablePath: findBrowser() ?? "", args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}
