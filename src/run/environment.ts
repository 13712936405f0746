// The environment of a run's child: what it inherits, loses and is given. Pure.
import { delimiter } from "node:path";
import type { HostBinding } from "../vault/host.ts";
import type { Hiding } from "./hidden-values.ts";
import { findHidden, isProxyCredential, isSecretVariable } from "./hidden-values.ts";
import { filterNoProxy } from "./clients/no-proxy.ts";
import { KUBE_VARIABLE } from "./clients/kube-config.ts";
import { appendNodeOptions } from "./clients/node-options.ts";
import { PHP_VARIABLE } from "./clients/php-ini.ts";
import { PYTHON_VARIABLE } from "./clients/python-site.ts";
import { FURTHER_TRUST_VARIABLES, TRUST_VARIABLES, isTlsSwitch, turnsTlsOff } from "./clients/trust-variables.ts";
import { WGETRC_VARIABLE } from "./clients/wgetrc.ts";

export interface EnvironmentInput extends Hiding {
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** What the child gets in the place of each granted secret. */
  readonly placeholders: readonly { readonly variable: string; readonly placeholder: string }[];
  /** `http://user:token@127.0.0.1:port`. */
  readonly proxyUrl: string;
  readonly caFile: string;
  /** From `writeWgetrc`. */
  readonly wgetrc?: string;
  /** From `writePythonSite`. */
  readonly pythonFolder?: string;
  /** From `writePhpIni`. */
  readonly phpFolder?: string;
  /** From `writeKubeConfig`. */
  readonly kubeConfig?: string;
  /** What the tools of a provider look for, by variables of their own: placeholders, and paths of files with placeholders. Undefined: what would lead them elsewhere is taken away. */
  readonly forTools?: Readonly<Record<string, string | undefined>>;
  readonly boundHosts: readonly HostBinding[];
  /** Words for NODE_OPTIONS, unquoted, such as `--require` and a path: what makes a Node that ignores proxy variables heed them. */
  readonly nodeOptions?: readonly string[];
}

export interface RunEnvironment {
  readonly variables: Record<string, string>;
  /** For the user; they name variables, never values. */
  readonly warnings: readonly string[];
  /** True for what the child does not get as it is because it is secret. Another process's environment may show it all the same. */
  readonly isSecret: (name: string, value: string) => boolean;
}

/** curl reads `http_proxy` only in lower case, Go prefers upper: hence both. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] as const;

/**
 * Pointed at the run's proxy where the user has set them, and otherwise left unset. ALL_PROXY stands here because ours would take over schemes that an HTTP proxy does not
 * speak (curl's ftp, for one), and nothing that reads it for HTTP lacks a variable above; but ureq prefers it to them, so one that is set must not lead past us.
 * Package managers prefer theirs likewise, and `npm run` sets them.
 */
const FURTHER_PROXY_VARIABLES = new Set(
  ["ALL_PROXY", "WS_PROXY", "WSS_PROXY", "npm_config_proxy", "npm_config_http_proxy", "npm_config_https_proxy", "YARN_HTTP_PROXY", "YARN_HTTPS_PROXY", "PIP_PROXY", "CARGO_HTTP_PROXY", "GLOBAL_AGENT_HTTP_PROXY", "GLOBAL_AGENT_HTTPS_PROXY"].map(fold),
);
const NO_PROXY_VARIABLES = new Set(["NO_PROXY", "npm_config_noproxy", "GLOBAL_AGENT_NO_PROXY"].map(fold));
const GIVEN = new Set([...PROXY_VARIABLES, ...TRUST_VARIABLES, "NODE_USE_ENV_PROXY"].map(fold));
const FURTHER_TRUST = new Set<string>(FURTHER_TRUST_VARIABLES.map(fold));

/** HashiCorp's CLI reads these; who set them would look for the reason why a child lacks them. */
const OTHER_VAULT = new Set(["VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE", "VAULT_CACERT", "VAULT_SKIP_VERIFY"]);

/** Variables by which programs are found, loaded or told where they are: a placeholder there breaks the child, or runs what an attacker named. */
const BASIC_VARIABLES = new Set([
  ...["PATH", "HOME", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME", "TERM", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "IFS", "ENV", "BASH_ENV", "PS1", "PS4", "PROMPT_COMMAND", "DISPLAY", "EDITOR", "VISUAL", "PAGER"],
  ...["NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT", "RUBYLIB", "RUBYOPT", "CLASSPATH", "GOFLAGS"],
  ...["GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "SSH_AUTH_SOCK", "SSL_CERT_DIR", "OPENSSL_CONF", "SSLKEYLOGFILE", "WGETRC", WGETRC_VARIABLE, "CURL_HOME", PHP_VARIABLE, "PHPRC", "PERL_LWP_ENV_PROXY", KUBE_VARIABLE],
  ...["APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "PROGRAMDATA", "SYSTEMDRIVE", "SYSTEMROOT", "USERPROFILE", "WINDIR"],
]);
const RESERVED_PREFIX = /^(?:VAULT_|LD_|DYLD_|XDG_|LC_)/;

/** True for a name that no granted secret may have in the child: the run sets or drops it, or the child cannot do without it. Case counts for nothing, as on Windows. */
export function isReservedVariable(name: string): boolean {
  const folded = fold(name);
  if (GIVEN.has(folded) || FURTHER_PROXY_VARIABLES.has(folded) || NO_PROXY_VARIABLES.has(folded) || FURTHER_TRUST.has(folded)) return true;
  return BASIC_VARIABLES.has(folded) || RESERVED_PREFIX.test(folded) || isTlsSwitch(folded);
}

/**
 * What the child gets: the inherited environment without keys, TLS-off switches and granted values; the placeholders; the proxy and whom to trust.
 *
 * SSLKEYLOGFILE stays. What it lets one read is the child's own connections, and on those to the proxy stand placeholders alone; the proxy's own connections to servers do not heed it.
 * For a bound `localhost` a limit remains that no variable lifts: Go and Ruby go past every proxy for loopback hosts, with a placeholder in hand.
 */
export function buildEnvironment(input: EnvironmentInput): RunEnvironment {
  const variables = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(input.inherited)) {
    if (value === undefined) continue;
    const passed = passOn(name, value, input);
    if (passed.value !== undefined) variables.set(name, passed.value);
    if (passed.warning !== undefined) warnings.push(passed.warning);
  }
  for (const name of PROXY_VARIABLES) variables.set(name, input.proxyUrl);
  for (const name of TRUST_VARIABLES) variables.set(name, input.caFile);
  variables.set("NODE_USE_ENV_PROXY", "1");
  if (input.wgetrc !== undefined) variables.set(WGETRC_VARIABLE, input.wgetrc);
  if (input.nodeOptions !== undefined) variables.set("NODE_OPTIONS", appendNodeOptions(variables.get("NODE_OPTIONS") ?? "", input.nodeOptions));
  if (input.pythonFolder !== undefined) variables.set(PYTHON_VARIABLE, joinFolders(input.pythonFolder, variables.get(PYTHON_VARIABLE)));
  // What stands last counts most; an empty list before it stands for the folder that PHP was built with.
  if (input.phpFolder !== undefined) variables.set(PHP_VARIABLE, `${variables.get(PHP_VARIABLE) ?? ""}${delimiter}${input.phpFolder}`);
  if (input.kubeConfig !== undefined) variables.set(KUBE_VARIABLE, input.kubeConfig);
  variables.set("PERL_LWP_ENV_PROXY", "1");
  for (const [name, value] of Object.entries(input.forTools ?? {})) {
    if (value === undefined) variables.delete(name);
    else variables.set(name, value);
  }
  for (const { variable, placeholder } of input.placeholders) variables.set(variable, placeholder);
  // Unlike assignment, this makes a member of `__proto__` too.
  return { variables: Object.fromEntries(variables), warnings, isSecret: (name, value) => isSecretVariable(name, value, input) };
}

/** An empty entry of such a list would be the working folder: a program must not get one that it did not have. */
function joinFolders(first: string, rest: string | undefined): string {
  return rest === undefined || rest === "" ? first : `${first}${delimiter}${rest}`;
}

interface Passed {
  /** Undefined: the child does not inherit the variable. */
  readonly value?: string;
  readonly warning?: string;
}

function passOn(name: string, value: string, input: EnvironmentInput): Passed {
  const folded = fold(name);
  if (OTHER_VAULT.has(folded)) return { warning: `${name} is not passed on to the program, like every VAULT_ variable` };
  if (folded.startsWith("VAULT_") || input.withheld?.some((other) => fold(other) === folded) === true) return {};
  if (GIVEN.has(folded)) return {};
  if (turnsTlsOff(name, value)) return { warning: `${name} is not passed on to the program: it turns certificate checks off` };
  if (FURTHER_PROXY_VARIABLES.has(folded)) return { value: input.proxyUrl };
  if (FURTHER_TRUST.has(folded)) return { value: input.caFile };
  if (NO_PROXY_VARIABLES.has(folded)) return passNoProxy(name, value, input.boundHosts);
  // Proxies for other schemes, as with rsync and ftp: the user's own stay otherwise.
  if (isProxyCredential(folded, value)) return { warning: `${name} is not passed on to the program: it holds a credential for a proxy` };
  return hide(name, value, input.hidden);
}

function passNoProxy(name: string, value: string, boundHosts: readonly HostBinding[]): Passed {
  const { kept, dropped } = filterNoProxy(value, boundHosts);
  if (dropped.length === 0) return { value };
  const warning = `${name} is passed on without ${dropped.map((entry) => `"${entry}"`).join(", ")}, by which requests with secrets could go past the proxy`;
  return kept === "" ? { warning } : { value: kept, warning };
}

/** A secret that the user has exported as well. Of one inside a longer value the user is told. */
function hide(name: string, value: string, hidden: EnvironmentInput["hidden"]): Passed {
  const found = findHidden(value, hidden);
  if (found === undefined) return { value };
  return found.kind === "whole" ? { value: found.placeholder } : { value, warning: `${name} holds a secret of this run within a longer value, which the program can read: unset it` };
}

function fold(name: string): string {
  return name.toUpperCase();
}
