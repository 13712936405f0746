// What no walled program has any business with: logins, keys, histories. Paths are relative to the home folder.
import type { DiskView } from "./disk-view.ts";
import { moveByXdg } from "./moved-logins.ts";

/** A star stands for any letters, in the last part only. */
const LOGINS = [
  ".ssh", ".gnupg", ".pki/private", ".aws", ".azure", ".oci", ".aliyun", ".bluemix", ".config/gcloud", ".config/doctl", ".config/hcloud", ".config/linode-cli", ".config/scw", ".config/flyctl", ".fly", ".config/heroku",
  ".kube", ".minikube", ".docker", ".config/containers", ".local/share/containers", ".netrc", "_netrc", ".authinfo", ".authinfo.gpg",
  ".config/gh", ".config/hub", ".config/glab-cli", ".git-credentials", ".config/git/credentials", ".git-credential-cache", ".cache/git", ".subversion/auth",
  ".npmrc", ".yarnrc.yml", ".pypirc", ".gem/credentials", ".cargo/credentials", ".cargo/credentials.toml", ".m2/settings.xml", ".m2/settings-security.xml", ".gradle/gradle.properties", ".nuget/NuGet", ".config/composer/auth.json", ".composer/auth.json", ".hex", ".config/pypoetry/auth.toml", ".config/hatch", ".config/pnpm/rc", ".local/share/uv/credentials", ".jfrog",
  ".terraform.d", ".terraformrc", ".pulumi", ".vault-token", ".config/op", ".op", ".config/Bitwarden CLI", ".config/Bitwarden", ".config/1Password", ".config/keepassxc", ".password-store", ".local/share/gopass", ".config/gopass", ".config/sops", ".config/age", ".age",
  ".boto", ".s3cfg", ".config/rclone", ".rclone.conf", ".passwd-s3fs", ".snowsql", ".dbt", ".databrickscfg", ".pgpass", ".my.cnf", ".mylogin.cnf", ".mongorc.js", ".config/stripe", ".config/netlify", ".netlify", ".config/vercel", ".local/share/com.vercel.cli", ".config/railway", ".railway", ".config/supabase", ".supabase", ".wrangler", ".config/.wrangler", ".kaggle", ".huggingface", ".cache/huggingface/token", ".config/huggingface", ".modal.toml", ".ngrok2", ".config/ngrok", ".cloudflared", ".config/configstore", ".config/sentry", ".sentryclirc", ".config/github-copilot", ".config/io.datasette.llm/keys.json", ".config/amp", ".local/share/amp", ".config/crush", ".local/share/crush", ".factory", ".augment", ".kiro", ".continue", ".kimi", ".iflow", ".cline",
  ".local/share/keyrings", ".local/share/kwalletd", ".local/share/kwallet", ".local/share/evolution", ".gnome2/keyrings", ".Xauthority", ".ICEauthority", ".config/dconf",
  ".mozilla", ".config/mozilla", ".config/chromium", ".config/google-chrome*", ".config/BraveSoftware", ".config/microsoft-edge*", ".config/vivaldi*", ".config/opera*", ".thunderbird", ".librewolf", ".zen", ".var/app", "snap",
  ".config/Slack", ".config/discord", ".config/Signal", ".local/share/TelegramDesktop", ".config/Code/User/globalStorage", ".config/Cursor", ".config/JetBrains", ".config/Claude",
  ".*_history", ".*history", ".local/share/fish/fish_history", ".local/share/powershell/PSReadLine", ".local/share/atuin", ".lesshst", ".viminfo", ".local/state/nvim", ".local/share/recently-used.xbel",
  ".bitcoin", ".ethereum", ".electrum", ".config/solana", ".config/Exodus", ".monero", ".sparrow", ".near-credentials", ".foundry/keystores",
  ".config/neomutt", ".mutt", ".muttrc", ".msmtprc", ".mbsyncrc", ".offlineimaprc", ".config/msmtp", ".config/rbw", ".tsh", ".config/sshuttle", ".putty", ".config/remmina", ".local/share/remmina", ".config/filezilla", ".lftp", ".config/weechat", ".irssi",
];
/** Settings that programs need, and in which a credential may stand. */
const MIXED = [".config/pip/pip.conf", ".pip/pip.conf", ".config/uv/uv.toml", ".config/pdm/config.toml", ".condarc", ".bunfig.toml", ".yarnrc", ".curlrc", ".config/curlrc", ".wgetrc", ".gitconfig", ".config/git/config"];
const CREDENTIAL = [
  /[a-z]:\/\/[^/\s:@"']*:[^/\s@"']+@/i, /https?:\/\/[^/\s:@"']{16,}@/i, /\/t\/[A-Za-z0-9_-]{16,}\//,
  /^[ \t"']*[\w:/.-]*(?:passw(?:or)?d|token|secret|_auth|extraheader)["']?[ \t]*[=: \t][ \t]*\S/im, /^[ \t]*-{0,2}(?:u|user|proxy-user|header)[ \t]*[=: \t][ \t]*"?[^\s:]+:[ \t]*\S/im,
];
/** For a program that runs as root, which reads what belongs to root. */
const SYSTEM = ["/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers.d", "/etc/ssl/private", "/etc/wireguard", "/etc/NetworkManager/system-connections", "/etc/docker", "/etc/kubernetes", "/etc/rancher", "/etc/letsencrypt", "/etc/ppp", "/var/lib/docker", "/var/lib/kubelet", "/var/spool/cron", "/var/log", "/etc/ssh/ssh_host_*_key"];

/** Those that are there, as absolute paths whose last part may be a link. */
export function listHiddenPlaces(view: DiskView, home: string, uid: number, variables: Readonly<Record<string, string | undefined>> = {}): string[] {
  const patterns = [...LOGINS.map((name) => `${home}/${name}`), ...moveByXdg(LOGINS, variables), ...(uid === 0 ? SYSTEM : []), ...listWithCredential(view, [...MIXED.map((name) => `${home}/${name}`), ...moveByXdg(MIXED, variables)])];
  return [...new Set(patterns.flatMap((pattern) => expand(view, pattern)))].filter((path) => view.kindOf(path) !== undefined);
}

/** Of files that hold much else, those that hold a credential as well. One that is too large to be looked through counts. */
export function listWithCredential(view: DiskView, paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const real = view.realOf(path);
    if (real === undefined || view.kindOf(real) !== "file") return false;
    const text = view.textOf(real);
    return text === undefined || CREDENTIAL.some((form) => form.test(text));
  });
}

function expand(view: DiskView, pattern: string): string[] {
  if (!pattern.includes("*")) return [pattern];
  const folder = pattern.slice(0, pattern.lastIndexOf("/"));
  const [start = "", end = ""] = pattern.slice(folder.length + 1).split("*");
  return view.namesIn(folder).filter((name) => name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end)).map((name) => `${folder}/${name}`);
}
