// Logins that variables move elsewhere: whoever has set one keeps them there. Pure.
import { resolve } from "node:path";

type Variables = Readonly<Record<string, string | undefined>>;

/** The parts of the home folder that the XDG variables move. */
const XDG: readonly (readonly [string, string])[] = [["XDG_CONFIG_HOME", ".config/"], ["XDG_DATA_HOME", ".local/share/"], ["XDG_STATE_HOME", ".local/state/"], ["XDG_CACHE_HOME", ".cache/"]];

/** Each names a file or a folder with a login, or with what was typed, or several between colons. */
const NAMING = [
  "KUBECONFIG", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "CLOUDSDK_CONFIG", "GOOGLE_APPLICATION_CREDENTIALS", "BOTO_CONFIG", "AZURE_CONFIG_DIR", "OCI_CLI_CONFIG_FILE", "DATABRICKS_CONFIG_FILE", "SNOWFLAKE_HOME", "KAGGLE_CONFIG_DIR",
  "DOCKER_CONFIG", "DOCKER_CERT_PATH", "REGISTRY_AUTH_FILE", "HELM_REGISTRY_CONFIG", "HELM_REPOSITORY_CONFIG", "MINIKUBE_HOME", "TF_CLI_CONFIG_FILE", "PULUMI_HOME", "RCLONE_CONFIG", "ANSIBLE_VAULT_PASSWORD_FILE",
  "NETRC", "NPM_CONFIG_USERCONFIG", "npm_config_userconfig", "GNUPGHOME", "GH_CONFIG_DIR", "GLAB_CONFIG_DIR", "PGPASSFILE", "PGSERVICEFILE", "MYSQL_TEST_LOGIN_FILE", "PASSWORD_STORE_DIR", "OP_CONFIG_DIR", "SOPS_AGE_KEY_FILE", "HF_TOKEN_PATH", "UV_CREDENTIALS_DIR", "DOPPLER_CONFIG_DIR", "FLY_CONFIG_DIR", "WRANGLER_HOME",
  "XAUTHORITY", "ICEAUTHORITY", "HISTFILE", "LESSHISTFILE", "NODE_REPL_HISTORY", "PYTHON_HISTORY", "PSQL_HISTORY", "MYSQL_HISTFILE", "SQLITE_HISTORY", "REDISCLI_HISTFILE",
];
/** Folders with much else in them. */
const HOLDING: readonly (readonly [string, readonly string[]])[] = [
  ["CARGO_HOME", ["credentials", "credentials.toml"]], ["COMPOSER_HOME", ["auth.json"]], ["GRADLE_USER_HOME", ["gradle.properties"]], ["POETRY_CONFIG_DIR", ["auth.toml"]], ["HF_HOME", ["token", "stored_tokens"]], ["CURL_HOME", [".netrc"]], ["ZDOTDIR", [".zsh_history", ".zhistory"]],
];
/** Each is a preset's own folder, by its id. */
const AGENTS: readonly (readonly [string, string])[] = [["CLAUDE_CONFIG_DIR", "claude"], ["CODEX_HOME", "codex"], ["COPILOT_HOME", "copilot"], ["OPENCODE_CONFIG_DIR", "opencode"]];

/** Files that a variable names, in which a credential may stand. */
const MIXED = ["PIP_CONFIG_FILE", "GIT_CONFIG_GLOBAL", "WGETRC", "CONDARC", "UV_CONFIG_FILE"];

/** Where names of the home folder are, too. @param names relative to it. */
export function moveByXdg(names: readonly string[], variables: Variables): string[] {
  // The specification has relative paths ignored.
  return XDG.flatMap(([variable, start]) => (variables[variable]?.startsWith("/") === true ? names.filter((name) => name.startsWith(start)).map((name) => resolve(variables[variable] ?? "/", name.slice(start.length))) : []));
}

/** @param chosen the id of the preset in use, which keeps its own. */
export function listNamedLogins(variables: Variables, cwd: string, chosen: string | undefined): string[] {
  const all = [...NAMING, ...AGENTS.filter(([, preset]) => preset !== chosen).map(([variable]) => variable)].flatMap((variable) => pathsIn(variables[variable], cwd));
  return [...all, ...HOLDING.flatMap(([variable, names]) => pathsIn(variables[variable], cwd).flatMap((folder) => names.map((name) => resolve(folder, name))))];
}

export function listNamedMixed(variables: Variables, cwd: string): string[] {
  return MIXED.flatMap((variable) => pathsIn(variables[variable], cwd));
}

function pathsIn(value: string | undefined, cwd: string): string[] {
  return (value ?? "").split(":").filter((path) => path !== "").map((path) => resolve(cwd, path));
}
