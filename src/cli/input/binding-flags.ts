import { Flags } from "@oclif/core";
import { VaultError } from "../../errors.ts";
import { formatHostBinding, parseHostBinding } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import { isPlace, PLACES } from "../../vault/place.ts";

export const bindingFlags = {
  host: Flags.string({ description: "a host that the secret may be sent to; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "H[:PORT]" }),
  service: Flags.string({ description: "the service whose hosts the secret is pinned to", helpValue: "ID" }),
  inject: Flags.string({ description: `where in a request it may be put: ${PLACES.join(",")}; one more header or parameter as header:NAME, query:NAME`, helpValue: "PLACES" }),
  widen: Flags.boolean({ description: "let a secret that is pinned to a service go to further hosts" }),
  "allow-private": Flags.boolean({ description: "let the hosts be at private addresses", allowNo: true }),
};

/** Canonical texts of hosts as typed. @throws VaultError `usage`. */
export function parseHosts(hosts: readonly string[] | undefined): string[] {
  return (hosts ?? []).flatMap((list) => list.split(",")).map((host) => formatHostBinding(parseHostBinding(host.trim())));
}

/** @throws VaultError `usage` for a word that is no place. */
export function parsePlaces(list: string | undefined): Place[] | undefined {
  if (list === undefined) return undefined;
  // A header's name has no case; a parameter's has.
  const words = list.split(",").map((word) => word.trim()).map((word) => (word.startsWith("header:") ? word.toLowerCase() : word));
  const places = words.filter(isPlace);
  if (places.length !== words.length || places.length === 0) throw new VaultError("usage", "--inject takes a list of places", `places are ${PLACES.join(", ")}, header:NAME and query:NAME`);
  return places;
}
