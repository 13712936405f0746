import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFiles } from "../../../src/wall/files/open-files.ts";
import { planMacWall } from "../../../src/wall/macos/mac-wall.ts";
import { formatProfile } from "../../../src/wall/macos/profile.ts";
import { decide } from "../../support/sandbox-profile.ts";
import { makeFolder } from "../../support/temporary.ts";

test("the plan of a real home and project, as a profile: the project is writable, keys and logins are neither read nor written, and only the proxy is dialled", () => {
  const home = realpathSync(makeFolder());
  const at = (path: string): string => join(home, path);
  for (const path of ["p/.git/hooks", ".ssh", "vault/keys", "vault/runs/run-1", ".claude"]) mkdirSync(at(path), { recursive: true });
  for (const path of [".ssh/id", "vault/keys/kek.key", "p/.env", "p/.envrc", "p/.git/config", ".zshrc", ".claude.json"]) writeFileSync(at(path), "x");
  const files = openFiles({
    home, cwd: at("p"), uid: 501, command: "claude", vault: { folders: [at("vault")], keyFiles: [at("vault/keys/kek.key")] }, shown: [], writable: [], asked: [], replacements: [],
    cacheFolder: at(".cache"), temporary: "/tmp", path: "/usr/bin",
  });
  const plan = planMacWall({ listing: files.listing, replaced: (files.preset?.replaced ?? []).map(({ path }) => path), home, folder: at("vault/runs/run-1"), temporary: at("vault/runs/run-1/tmp"), withValues: [at("p/.env")], proxyUrl: "http://x:y@127.0.0.1:49152", hostPorts: [5432] });
  const profile = formatProfile(plan);
  const verdicts = (operation: string, paths: readonly string[]): string[] => paths.map((path) => decide(profile, operation, at(path)));
  expect(verdicts("file-write-create", ["p/new", "p/src/new", ".claude/history", ".claude.json.tmp", "vault/runs/run-1/tmp/x"])).toEqual(Array.from({ length: 5 }, () => "allow"));
  expect(verdicts("file-write-create", [".zshrc", "p/.git/hooks/pre-commit", "p/.envrc", "Library/LaunchAgents/x.plist", ".ssh/authorized_keys", "vault/keys/kek.key", "vault/runs/run-1/ca.pem"])).toEqual(Array.from({ length: 7 }, () => "deny"));
  expect(verdicts("file-read-data", ["vault/keys/kek.key", ".ssh/id", "p/.env", "Library/Keychains/login.keychain-db", "vault/runs/run-2/ca.pem"])).toEqual(Array.from({ length: 5 }, () => "deny"));
  expect(verdicts("file-read-data", ["p/a", ".zshrc", "vault/runs/run-1/ca.pem"])).toEqual(["allow", "allow", "allow"]);
  expect(["localhost:49152", "localhost:5432", "localhost:22", "1.1.1.1:443"].map((address) => decide(profile, "network-outbound", address))).toEqual(["allow", "allow", "deny", "deny"]);
  files.close();
});
