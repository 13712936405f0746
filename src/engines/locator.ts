// Where a vault's place on an engine is: what `--store` takes, and what this machine keeps in store.json, where it has no password.
import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { VaultError } from "../errors.ts";
import { Secret } from "../secret.ts";

export type Locator = PostgresLocator | RedisLocator | S3Locator;

interface Reached {
  /** A name or an address; one of IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Verified, always. Without it only this machine is spoken to: see `openConnection`. */
  readonly isTls: boolean;
  /** A file of PEM with the only roots that are believed; absolute. Those that came with Node (and those of NODE_EXTRA_CA_CERTS), where there is none. */
  readonly ca: string | undefined;
  /** How it is written, without a password. The same place is always written alike. */
  readonly url: string;
}

export interface PostgresLocator extends Reached {
  readonly kind: "postgres";
  readonly user: string;
  readonly database: string;
  /** Which of the vaults in one database. */
  readonly name: string;
}

export interface RedisLocator extends Reached {
  readonly kind: "redis";
  readonly user: string | undefined;
  readonly database: number;
  readonly name: string;
}

export interface S3Locator extends Reached {
  readonly kind: "s3";
  readonly bucket: string;
  /** Before the name of each object, with a `/` between. */
  readonly key: string;
  readonly region: string;
  /** Whether the bucket stands in the path, as it does at most servers but Amazon's own, or in the host's name. */
  readonly isPathStyle: boolean;
}

export interface ParsedLocator {
  readonly locator: Locator;
  /** That stood in the URL. */
  readonly password: Secret | undefined;
}

const EXAMPLES = "write postgres://user@host/database, s3://bucket/key or rediss://host/0";
const NAME = /^[a-z0-9-]{1,63}$/;
const DEFAULT_NAME = "vault";
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY = /^(?!\/)[A-Za-z0-9!_.()/-]{1,512}(?<!\/)$/;

/**
 * `postgres://user@host[:5432]/database[/name][?tls=off&ca=FILE]`, `redis[s]://[user@]host[:6379][/database[/name]][?ca=FILE]`, `s3://bucket/key[?region=…&endpoint=URL&style=virtual&ca=FILE]`.
 *
 * @throws VaultError `usage`, which repeats no part of what may be a password.
 */
export function parseLocator(text: string): ParsedLocator {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new VaultError("usage", "the store's address is no URL", EXAMPLES);
  }
  if (url.hash !== "") throw new VaultError("usage", "the store's address has a \"#\"", "in a password it is written as %23");
  const password = url.password === "" ? undefined : Secret.fromText(decoded(url.password, "password"));
  switch (url.protocol) {
    case "postgres:":
    case "postgresql:":
      return { locator: parsePostgres(url), password };
    case "redis:":
    case "rediss:":
      return { locator: parseRedis(url), password };
    case "s3:":
      if (url.username !== "" || password !== undefined) throw new VaultError("usage", "an s3:// address has no user and no password", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead");
      return { locator: parseS3(url), password: undefined };
    default:
      throw new VaultError("usage", `a store of the kind "${url.protocol}" is not known`, EXAMPLES);
  }
}

function parsePostgres(url: URL): PostgresLocator {
  const options = optionsOf(url, ["tls", "ca"]);
  const tls = options.get("tls") ?? "on";
  if (tls !== "on" && tls !== "off") throw new VaultError("usage", "the store's \"tls\" is neither \"on\" nor \"off\"", "leave it out, or write ?tls=off for a server on this machine");
  const user = decoded(url.username, "user");
  if (user === "") throw new VaultError("usage", "the store's address names no user", "write postgres://user@host/database");
  const [database = "", name = DEFAULT_NAME, ...rest] = partsOf(url);
  if (database === "" || rest.length > 0) throw new VaultError("usage", "the store's address names no database", "write postgres://user@host/database, or postgres://user@host/database/name for one vault of several");
  const isTls = tls === "on";
  const reached = reachedOf(url, 5432, isTls, options);
  const query = queryOf([["tls", isTls ? undefined : "off"], ["ca", reached.ca]]);
  return { kind: "postgres", ...reached, user, database, name: checkedName(name), url: `postgres://${encodeURIComponent(user)}@${authorityOf(reached, 5432)}/${encodeURIComponent(database)}${name === DEFAULT_NAME ? "" : `/${name}`}${query}` };
}

function parseRedis(url: URL): RedisLocator {
  const options = optionsOf(url, ["ca"]);
  const isTls = url.protocol === "rediss:";
  const user = url.username === "" ? undefined : decoded(url.username, "user");
  const [number = "0", name = DEFAULT_NAME, ...rest] = partsOf(url);
  if (!/^\d{1,5}$/.test(number) || rest.length > 0) throw new VaultError("usage", "the store's database is no number", "write rediss://host/0, or rediss://host/0/name for one vault of several");
  const database = Number(number);
  const reached = reachedOf(url, 6379, isTls, options);
  return { kind: "redis", ...reached, user, database, name: checkedName(name), url: `${url.protocol}//${user === undefined ? "" : `${encodeURIComponent(user)}@`}${authorityOf(reached, 6379)}/${database}${name === DEFAULT_NAME ? "" : `/${name}`}${queryOf([["ca", reached.ca]])}` };
}

function parseS3(url: URL): S3Locator {
  const options = optionsOf(url, ["region", "endpoint", "style", "ca"]);
  const [bucket, key, region] = [url.hostname, decoded(url.pathname.slice(1), "key"), options.get("region") ?? "us-east-1"];
  if (!BUCKET.test(bucket) || url.port !== "") throw new VaultError("usage", "the store's address names no bucket", "write s3://bucket/key");
  if (!KEY.test(key) || key.split("/").some((part) => /^\.{0,2}$/.test(part))) throw new VaultError("usage", "the store's address names no key that can be used", "write s3://bucket/key, of letters, digits and -_.!()/");
  if (!/^[a-z0-9-]{1,63}$/.test(region)) throw new VaultError("usage", "the store's region is no region's name", "write ?region=eu-central-1, or the word that your provider names");
  const endpoint = options.get("endpoint");
  const style = options.get("style") ?? (endpoint === undefined ? "virtual" : "path");
  if (style !== "path" && style !== "virtual") throw new VaultError("usage", "the store's \"style\" is neither \"path\" nor \"virtual\"", "leave it out");
  const server = endpointOf(endpoint ?? `https://s3.${region}.amazonaws.com`);
  // A name with dots is none that the wildcard of the server's certificate covers.
  const isPathStyle = style === "path" || bucket.includes(".");
  const isTls = server.protocol === "https:";
  const reached = reachedOf(server, isTls ? 443 : 80, isTls, options);
  const query = queryOf([["region", region], ["endpoint", endpoint === undefined ? undefined : `${server.protocol}//${authorityOf(reached, isTls ? 443 : 80)}`], ["style", endpoint !== undefined && !isPathStyle ? "virtual" : undefined], ["ca", reached.ca]]);
  return { kind: "s3", ...reached, bucket, key, region, isPathStyle, url: `s3://${bucket}/${key}${query}` };
}

function endpointOf(text: string): URL {
  const hint = "write ?endpoint=https://host";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new VaultError("usage", "the store's endpoint is no URL", hint);
  }
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") throw new VaultError("usage", "the store's endpoint is more than a host", hint);
  return url;
}

function reachedOf(url: URL, defaultPort: number, isTls: boolean, options: ReadonlyMap<string, string>): Omit<Reached, "url"> {
  const host = decoded(url.hostname, "host").replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (!/^[a-z0-9_.-]{1,253}$/.test(host) && isIP(host) === 0) throw new VaultError("usage", "the store's address names no host", EXAMPLES);
  if (!isTls && !isThisMachine(host)) {
    throw new VaultError("usage", `without TLS the store at "${host}" would hear the password in plain text, and so would everyone on the way`, "write rediss:// for Redis, leave out tls=off for PostgreSQL, and https:// in an endpoint; plain text is for a server on this machine");
  }
  const ca = options.get("ca");
  if (ca !== undefined && !isAbsolute(ca)) throw new VaultError("usage", "the store's \"ca\" is no absolute path", "write ?ca=/path/to/roots.pem");
  return { host, port: url.port === "" ? defaultPort : Number(url.port), isTls, ca };
}

/** By its spelling. What a name leads to is looked at when it is connected to. */
function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function authorityOf({ host, port }: Pick<Reached, "host" | "port">, defaultPort: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}${port === defaultPort ? "" : `:${port}`}`;
}

function optionsOf(url: URL, known: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name)) throw new VaultError("usage", "the store's address has an option that is not known", `known are ${known.map((word) => `"${word}"`).join(", ")}; a ? within a password is written as %3F`);
    if (options.has(name)) throw new VaultError("usage", "the store's address has an option twice", "write it once");
    options.set(name, value);
  }
  return options;
}

function queryOf(pairs: readonly (readonly [string, string | undefined])[]): string {
  const given = pairs.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return given.length === 0 ? "" : `?${given.join("&")}`;
}

function partsOf(url: URL): string[] {
  const path = url.pathname.replace(/^\//, "").replace(/\/$/, "");
  return path === "" ? [] : path.split("/").map((part) => decoded(part, "path"));
}

function checkedName(name: string): string {
  if (!NAME.test(name)) throw new VaultError("usage", "the vault's name in the store has other letters than a-z, 0-9 and -", "the name is the part behind the database");
  return name;
}

function decoded(text: string, what: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw new VaultError("usage", `the store's ${what} has a "%" that stands for no letter`, "in a URL a % is written as %25");
  }
  // A NUL ends a string within PostgreSQL's protocol.
  if (/\p{Cc}/u.test(plain)) throw new VaultError("usage", `the store's ${what} has a control character`, EXAMPLES);
  return plain;
}
