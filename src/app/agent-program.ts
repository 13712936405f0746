// The agent's process, with the vault that logins are kept in.
import { serveAgent } from "../agent/main.ts";
import { findWritePaths } from "../paths.ts";
import { engineFinder, parseStoreLogin } from "./keys/vault-engine.ts";
import { openVaultLogins } from "./refreshing/vault-logins.ts";

await serveAgent(({ realm, state }, storeLogin) => openVaultLogins(findWritePaths(realm, state, engineFinder(parseStoreLogin(storeLogin), undefined)(realm)), () => new Date()));
