// Which host a connection behind the wall was meant for: every address leads to the wall, and the connection tells which one was dialled.
import type { Authority } from "../../vault/host.ts";
import { findAuthority } from "../../vault/host.ts";
import type { NameTable } from "./name-table.ts";

/** The addresses that names have. */
const NAMED = /^127\.1\./;
const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/**
 * @param end where the connection came to, as `socket.localAddress` and `localPort` say it.
 * @param isBound what nobody can tell apart is what a secret is bound to: `localhost` or its address.
 * @returns undefined for an address of the names' that no name was given, and for what is none at all.
 */
export function findMeantAuthority({ localAddress = "", localPort }: { readonly localAddress?: string | undefined; readonly localPort?: number | undefined }, table: Pick<NameTable, "nameOf">, isBound: (authority: Authority) => boolean): Authority | undefined {
  if (localPort === undefined) return undefined;
  // How a listener for both kinds of addresses writes the older one.
  const address = localAddress.replace(/^::ffff:(?=[0-9.]+$)/, "");
  const dialled = findAuthority(`${address.includes(":") ? `[${address}]` : address}:${localPort}`);
  if (NAMED.test(address)) return findAuthority(`${table.nameOf(address) ?? ""}:${localPort}`);
  if (dialled === undefined || !LOOPBACK.includes(address) || isBound(dialled)) return dialled;
  return { host: "localhost", port: localPort };
}
