// Logins, as they are typed.
import { Flags } from "@oclif/core";
import type { AskedLogin } from "../../app/logins/log-in.ts";
import { VaultError } from "../../errors.ts";
import { parseHosts } from "./binding-flags.ts";
import { readInput } from "./file-input.ts";
import { findScope, viewpointFlags } from "./scope-flags.ts";

const PEM_BYTES_MAX = 32 * 1024;

export const loginFlags = {
  issuer: Flags.string({ description: "instead of a provider: an OpenID or OAuth server, or an MCP server, by its metadata", helpValue: "URL", exclusive: ["base-url"] }),
  name: Flags.string({ description: "the secret's name; default: as programs look for the provider's token", helpValue: "N" }),
  host: Flags.string({ description: "a host that the token may be sent to, beside the provider's own; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "H[:PORT]" }),
  "allow-private": Flags.boolean({ description: "let the hosts be at private addresses", default: false }),
  scope: Flags.string({ description: "what the login is for, in the provider's words; may be repeated; default: what is usual there", multiple: true, multipleNonGreedy: true, helpValue: "S" }),
  device: Flags.boolean({ description: "log in by a code that is typed on any machine", default: false }),
  "client-id": Flags.string({ description: "the client that this login is by, where you have made one in the provider's settings", helpValue: "I" }),
  "client-secret-file": Flags.string({ description: "read that client's secret from a file, - for stdin, where it has one", helpValue: "F", dependsOn: ["client-id"] }),
  "base-url": Flags.string({ description: "where the provider's server of your company is", helpValue: "U" }),
  "redirect-port": Flags.string({ description: "the port of this machine that the browser is sent back to, where the provider knows one only", helpValue: "N" }),
  "upstream-ca": Flags.string({ description: "trust the certificates in this PEM file too, now and when the token is renewed", helpValue: "F" }),
  ...viewpointFlags,
};

interface LoginWords {
  readonly issuer: string | undefined;
  readonly name: string | undefined;
  readonly host: readonly string[] | undefined;
  readonly "allow-private": boolean;
  readonly scope: readonly string[] | undefined;
  readonly device: boolean;
  readonly "client-id": string | undefined;
  readonly "base-url": string | undefined;
  readonly "redirect-port": string | undefined;
  readonly "upstream-ca": string | undefined;
  readonly workspace: string | undefined;
  readonly group: string | undefined;
}

/** @throws VaultError `usage`. */
export async function parseLogin(word: string | undefined, flags: LoginWords): Promise<AskedLogin> {
  if ((word === undefined) === (flags.issuer === undefined)) throw new VaultError("usage", word === undefined ? "say where to log in" : "a provider and --issuer exclude each other", "to see the providers: vault login --list; then: vault login PROVIDER; or: vault login --issuer URL");
  return {
    server: word !== undefined ? { kind: "named", word, baseUrl: flags["base-url"] } : { kind: "issuer", address: flags.issuer ?? "" },
    name: flags.name,
    scope: findScope({ workspace: flags.workspace, group: flags.group }),
    hosts: parseHosts(flags.host),
    allowPrivate: flags["allow-private"],
    scopes: parseScopes(flags.scope),
    wantsDevice: flags.device,
    clientId: parseClientId(flags["client-id"]),
    roots: flags["upstream-ca"] === undefined ? undefined : await readRoots(flags["upstream-ca"]),
    port: flags["redirect-port"] === undefined ? undefined : parsePort(flags["redirect-port"]),
  };
}

/** Several may stand in one word, as providers write them. */
function parseScopes(given: readonly string[] | undefined): readonly string[] | undefined {
  const scopes = given?.flatMap((text) => text.split(/\s+/)).filter((scope) => scope !== "");
  if (scopes?.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(scope)) === false || (scopes?.length ?? 0) > 64) throw new VaultError("usage", "--scope takes a word of visible characters, without \" and \\, at most 64 times");
  return scopes;
}

function parseClientId(id: string | undefined): string | undefined {
  if (id !== undefined && !/^(?=.{1,512}$)[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(id)) throw new VaultError("usage", "--client-id takes at most 512 characters of printable ASCII");
  return id;
}

function parsePort(text: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1024 || port > 65_535) throw new VaultError("usage", "--redirect-port takes a port from 1024 to 65535", "leave it out for a port that is free, or give one such as --redirect-port 8765");
  return port;
}

async function readRoots(path: string): Promise<string> {
  const text = Buffer.from(await readInput(path, "the certificates", PEM_BYTES_MAX)).toString("latin1");
  const pems = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  if (pems === null) throw new VaultError("usage", `"${path}" holds no certificate`, "--upstream-ca takes a PEM file");
  return `${pems.join("\n")}\n`;
}
