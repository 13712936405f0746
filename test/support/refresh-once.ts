// A program for tests that trace it: refreshes the login LOGIN of the vault in VAULT_DIR, once, as an agent does, and says what came of it.
import { tmpdir } from "node:os";
import { engineFinder } from "../../src/app/keys/vault-engine.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import { findPaths } from "../../src/paths.ts";
import { openRefresher } from "./refresher.ts";

const variables = process.env;
const surroundings: Surroundings = {
  paths: findPaths({ variables, home: variables["HOME"] ?? "", temporary: tmpdir(), cwd: process.cwd(), platform: process.platform, uid: process.getuid?.() ?? 0, findEngine: engineFinder(variables, undefined) }),
  variables,
  now: () => new Date(),
  findPassphrase: () => Promise.resolve(undefined),
  hasGivenPassphrase: false,
  showWork: (_label, work) => work(),
  showProgress: () => undefined,
  warn: () => undefined,
};
const refresher = await openRefresher(surroundings, "LOGIN");
const answer = await refresher.ask();
refresher.lock();
await (await surroundings.paths.engine?.())?.close();
process.stdout.write(`${answer.kind === "value" ? "value" : answer.failure.reason}\n`);
