// Reads an entry, watches it, says so, and has nothing more to do. Arguments: the locator; `close` closes the engine first.
import { credentialsFor } from "../../../src/engines/credentials.ts";
import { parseLocator } from "../../../src/engines/locator.ts";
import { openEngine } from "../../../src/engines/open-engine.ts";

const [url = "", ending] = process.argv.slice(2);
const { locator } = parseLocator(url);
const engine = await openEngine(locator, credentialsFor(locator, process.env));
const heard: string[] = [];
engine.watch("vault", () => { heard.push("change"); });
// Until the watch stands as well.
for (let tries = 0; tries < 2_000 && heard.length === 0; tries += 1) {
  await engine.read("vault");
  await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log(heard.length > 0 ? "watched" : "deaf");
if (ending === "close") await engine.close();
