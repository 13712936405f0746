// Fails when oclif.manifest.json is not what the built commands say: the manifest replaces command discovery, so a stale one hides commands.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Config } from "@oclif/core";

const root = fileURLToPath(new URL("..", import.meta.url));
const committed = JSON.parse(readFileSync(`${root}/oclif.manifest.json`, "utf8"));
const config = await Config.load({ root, ignoreManifest: true });
const commands = Object.fromEntries(await Promise.all(config.commandIDs.map(async (id) => [id, await config.findCommand(id).load()])));
const summary = (all) => JSON.stringify(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, command]) => [id, command.summary, command.description, Object.keys({ ...command.baseFlags, ...command.flags }).sort(), Object.keys(command.args ?? {})]));
if (summary(commands) !== summary(committed.commands)) {
  console.error("oclif.manifest.json is stale: npm run manifest");
  process.exit(1);
}
