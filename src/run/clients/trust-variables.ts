// Which variables tell programs whom to trust, and which tell them to trust everybody.

/** Each holds the path of a PEM file with the roots that a program trusts. Every child gets all of them. */
export const TRUST_VARIABLES = [
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "AWS_CA_BUNDLE",
  "PIP_CERT",
  "CARGO_HTTP_CAINFO",
  "DENO_CERT",
  "NIX_SSL_CERT_FILE",
  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
  "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
  "HTTPLIB2_CA_CERTS",
  "npm_config_cafile",
  // Read by Perl's LWP, Julia, Erlang's and Elixir's hex, PHP's composer and Ruby's bundler.
  "PERL_LWP_SSL_CA_FILE",
  "JULIA_SSL_CA_ROOTS_PATH",
  "HEX_CACERTS_PATH",
  "COMPOSER_CAFILE",
  "BUNDLE_SSL_CA_CERT",
] as const;

/** The same for rarer programs: pointed at the run's file where the user has set one, since the old file lacks the run's root, and otherwise left unset. */
export const FURTHER_TRUST_VARIABLES = ["HTTPS_CA_FILE", "YARN_HTTPS_CA_FILE_PATH"] as const;

/** Folders of PEM files, separated as in PATH. They only add to the files above, so a child keeps it. */
export const TRUST_FOLDER_VARIABLE = "SSL_CERT_DIR";

/**
 * Variables that turn certificate checks off. `presence` does so however it is set, `verify` unless it says yes, `skip` unless it says no:
 * programs read "yes" and "no" differently, so what is not plain counts as off.
 */
const TLS_OFF = new Map<string, "presence" | "verify" | "skip">([
  ["NODE_TLS_REJECT_UNAUTHORIZED", "verify"],
  ["GIT_SSL_NO_VERIFY", "presence"],
  ["PYTHONHTTPSVERIFY", "verify"],
  ["NPM_CONFIG_STRICT_SSL", "verify"],
  ["YARN_ENABLE_STRICT_SSL", "verify"],
  ["PIP_TRUSTED_HOST", "skip"],
  ["UV_INSECURE_HOST", "skip"],
  ["CONDA_SSL_VERIFY", "verify"],
  ["PERL_LWP_SSL_VERIFY_HOSTNAME", "verify"],
  ["BUNDLE_SSL_VERIFY_MODE", "verify"],
  ["CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION", "skip"],
  ["JULIA_SSL_NO_VERIFY_HOSTS", "skip"],
]);

const YES = /^(?:1|true|yes|on|peer)$/i;
const NO = /^(?:|0|false|no|off)$/i;

/** Whether a program that knows the variable would take any certificate. */
export function turnsTlsOff(name: string, value: string): boolean {
  switch (TLS_OFF.get(name.toUpperCase())) {
    case "presence":
      return true;
    case "verify":
      return !YES.test(value);
    case "skip":
      return !NO.test(value);
    case undefined:
      return false;
  }
}

/** Whether the variable could turn certificate checks off, whatever it holds. */
export function isTlsSwitch(name: string): boolean {
  return TLS_OFF.has(name.toUpperCase());
}
