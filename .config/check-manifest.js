// Fails when oclif.manifest.json is not what the built commands say (the manifest replaces command discovery, so a stale one hides commands), or a page is not what the manifest and the sources say.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Plugin } from "@oclif/core";
import { findStalePages } from "./written-pages.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const committed = JSON.parse(readFileSync(`${root}/oclif.manifest.json`, "utf8"));
const plugin = new Plugin({ root, ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
// As JSON, in which members that are undefined do not stand.
const built = JSON.parse(JSON.stringify(plugin.manifest));
if (JSON.stringify(built.commands) !== JSON.stringify(committed.commands)) {
  console.error("oclif.manifest.json is stale: npm run manifest");
  process.exit(1);
}
const stale = findStalePages();
if (stale.length > 0) {
  console.error(`${stale.join(", ")}: stale: npm run docs`);
  process.exit(1);
}
