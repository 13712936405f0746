// The home folder has more logins than the vault's: of other agents, clouds, package registries, browsers, mail and wallets. Whoever can read them needs no placeholder.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

const LOGINS = [
  ".ssh/id_ed25519", ".gnupg/private-keys-v1.d/a.key", ".aws/credentials", ".azure/msal_token_cache.json", ".config/gcloud/credentials.db", ".kube/config", ".docker/config.json", ".netrc", ".npmrc", ".pypirc", ".git-credentials", ".config/git/credentials", ".password-store/a.gpg", ".config/gh/hosts.yml", ".config/hub", ".config/glab-cli/config.yml", ".config/op/config",
  ".claude/.credentials.json", ".codex/auth.json", ".gemini/oauth_creds.json", ".local/share/opencode/auth.json", ".config/github-copilot/apps.json", ".mozilla/firefox/a.default/logins.json", ".config/google-chrome/Default/Login Data", ".config/chromium/Default/Cookies", ".thunderbird/a/logins.json", ".local/share/keyrings/login.keyring",
  ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history", ".mysql_history", ".terraform.d/credentials.tfrc.json", ".config/rclone/rclone.conf", ".vault-token", ".boto", ".s3cfg", ".cargo/credentials.toml", ".gem/credentials", ".bitcoin/wallet.dat", ".electrum/wallets/default",
];

story("none of the known ones can be read", async (wall) => {
  for (const login of LOGINS) wall.put(login, `login of ${login}\n`);
  const { said } = await wall.run(`${LOGINS.map((login) => `cat "$HOME/${login}"`).join("; ")}; grep -rs "^login of" ~; echo looked`);
  expect(said).toContain("looked\n");
  expect(said.match(/login of .*$/gm)?.filter((line) => !line.includes(": ")) ?? []).toEqual([]);
}, ["an ordinary user", "root"]);
