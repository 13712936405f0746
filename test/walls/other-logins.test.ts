// The home folder has more logins than the vault's: of other agents, clouds, package registries, browsers, mail and wallets. Whoever can read them needs no placeholder.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

const LOGINS = [
  ".ssh/id_ed25519", ".gnupg/private-keys-v1.d/a.key", ".aws/credentials", ".azure/msal_token_cache.json", ".config/gcloud/credentials.db", ".kube/config", ".docker/config.json", ".netrc", ".npmrc", ".pypirc", ".git-credentials", ".config/git/credentials", ".password-store/a.gpg", ".config/gh/hosts.yml", ".config/hub", ".config/glab-cli/config.yml", ".config/op/config",
  ".claude/.credentials.json", ".codex/auth.json", ".gemini/oauth_creds.json", ".local/share/opencode/auth.json", ".config/github-copilot/apps.json", ".mozilla/firefox/a.default/logins.json", ".config/google-chrome/Default/Login Data", ".config/chromium/Default/Cookies", ".thunderbird/a/logins.json", ".local/share/keyrings/login.keyring",
  ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history", ".mysql_history", ".terraform.d/credentials.tfrc.json", ".config/rclone/rclone.conf", ".vault-token", ".boto", ".s3cfg", ".cargo/credentials.toml", ".gem/credentials", ".bitcoin/wallet.dat", ".electrum/wallets/default",
  ".qwen/oauth_creds.json", ".config/pypoetry/auth.toml", ".config/pnpm/rc", ".local/share/uv/credentials/credentials.toml", ".local/share/amp/secrets.json",
];

story("none of the known ones can be read", async (wall) => {
  for (const login of LOGINS) wall.put(login, `login of ${login}\n`);
  const { said } = await wall.run(`${LOGINS.map((login) => `cat "$HOME/${login}"`).join("; ")}; grep -rs "^login of" ~; echo looked`);
  expect(said).toContain("looked\n");
  expect(said.match(/login of .*$/gm)?.filter((line) => !line.includes(": ")) ?? []).toEqual([]);
}, ["an ordinary user", "root"]);

/** Variables, and what is put where they lead; `~` is the home folder. */
const MOVED: readonly (readonly [string, string, string])[] = [
  ["XDG_CONFIG_HOME", "~/moved/config", "/gh/hosts.yml"], ["XDG_CONFIG_HOME", "~/moved/config", "/opencode/opencode.json"], ["XDG_DATA_HOME", "~/moved/data", "/opencode/auth.json"], ["KUBECONFIG", "~/moved/plain:~/moved/kube-one:~/moved/kube-two", ""], ["AWS_SHARED_CREDENTIALS_FILE", "~/moved/aws", ""],
  ["CLOUDSDK_CONFIG", "~/moved/gcloud", "/credentials.db"], ["DOCKER_CONFIG", "~/moved/docker", "/config.json"], ["NETRC", "~/moved/netrc", ""], ["NPM_CONFIG_USERCONFIG", "~/moved/npmrc", ""], ["GNUPGHOME", "~/moved/gnupg", "/secring.gpg"], ["CODEX_HOME", "~/moved/codex", "/auth.json"],
  ["CARGO_HOME", "~/moved/cargo", "/credentials.toml"], ["GOOGLE_APPLICATION_CREDENTIALS", "service-account.json", ""], ["HISTFILE", "~/moved/history", ""],
];

story("nor can those that variables have moved, and what else is in those folders can", async (wall) => {
  const placed = MOVED.flatMap(([name, value, below]) => {
    wall.set(name, value.replaceAll("~", wall.home));
    return value.split(":").map((path) => `${path.startsWith("~/") ? path.slice(2) : `project/${path}`}${below}`);
  });
  // The vault is another one then.
  wall.vault(["init", "--provider", "file"]);
  for (const path of placed) wall.put(path, `login of ${path}\n`);
  for (const path of ["moved/cargo/config.toml", "moved/config/plain/settings"]) wall.put(path, `settings of ${path}\n`);
  const { said } = await wall.run(`${placed.map((path) => `cat "$HOME/${path}"`).join("; ")}; grep -rs "^login of" ~; cat ~/moved/cargo/config.toml ~/moved/config/plain/settings; echo looked`);
  expect(said).toContain("settings of moved/cargo/config.toml\nsettings of moved/config/plain/settings\nlooked\n");
  expect(said.match(/login of .*$/gm)?.filter((line) => !line.includes(": ")) ?? []).toEqual([]);
});

/** Settings with a credential in them. */
const MIXED: Readonly<Record<string, string>> = {
  ".config/pip/pip.conf": "[global]\nindex-url = https://me:login-of-pip@pypi.example.com/simple\n",
  ".gitconfig": '[user]\n\tname = Me\n[url "https://me:login-of-git@github.com/"]\n\tinsteadOf = https://github.com/\n',
  ".config/git/config": "[http]\n\textraHeader = Authorization: Basic login-of-git\n",
  ".curlrc": "user = me:login-of-curl\n",
  ".wgetrc": "http_password=login-of-wget\n",
  ".condarc": "channels:\n  - https://conda.example.com/t/login-of-conda-123456/main\n",
  ".bunfig.toml": '[install.scopes]\nmine = { token = "x" }\ntoken = "login-of-bun"\n',
};

story("settings can be read where no credential is in them, and cannot where one is", async (wall) => {
  const cat = Object.keys(MIXED).map((path) => `cat "$HOME/${path}"`).join("; ");
  for (const [path, text] of Object.entries(MIXED)) wall.put(path, text);
  const { said } = await wall.run(`${cat}; echo looked`);
  expect(said).toContain("looked\n");
  expect(said).not.toContain("login-of");
  for (const path of Object.keys(MIXED)) wall.put(path, `[user]\n\tname = Me of ${path}\n\temail = me@example.com\nindex-url = https://pypi.example.com/simple\nssh://git@github.com/me\n`);
  const open = await wall.run(`${cat}; echo looked`);
  for (const path of Object.keys(MIXED)) expect(open.said).toContain(`Me of ${path}\n`);
});
