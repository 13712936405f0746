import { Flags } from "@oclif/core";
import { VaultError } from "../../errors.ts";
import { formatHostBinding, parseHostBinding } from "../../vault/host.ts";
import type { Place } from "../../vault/place.ts";
import { isPlace, PLACES } from "../../vault/place.ts";
import { findPlaceholderTemplate, TEMPLATE_CLASSES } from "../../vault/placeholder-template.ts";

export const bindingFlags = {
  host: Flags.string({ description: "a host that the secret may be sent to; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "H[:PORT]" }),
  service: Flags.string({ description: "the service whose hosts the secret is pinned to", helpValue: "ID" }),
  inject: Flags.string({ description: `where in a request it may be put: ${PLACES.join(",")}; one more header or parameter as header:NAME, query:NAME`, helpValue: "PLACES" }),
  widen: Flags.boolean({ description: "let a secret that is pinned to a service go to further hosts, and one with rules be used for more than before" }),
  scrub: Flags.boolean({ description: "look through answers for its value, and mask it there; so it is where nothing is said", allowNo: true }),
  placeholder: Flags.string({ description: "what its placeholder looks like, such as xyz_[A-Za-z0-9]{32}; default: as its service says", helpValue: "TEMPLATE" }),
  "allow-private": Flags.boolean({ description: "let the hosts be at private addresses", allowNo: true }),
};

/** Canonical texts of hosts as typed. @throws VaultError `usage`. */
export function parseHosts(hosts: readonly string[] | undefined): string[] {
  return (hosts ?? []).flatMap((list) => list.split(",")).map((host) => formatHostBinding(parseHostBinding(host.trim())));
}

/** @returns undefined for the word `default`. @throws VaultError `usage` for anything else that is no template. */
export function parseTemplate(text: string): string | undefined {
  if (text === "default") return undefined;
  if (findPlaceholderTemplate(text) !== undefined) return text;
  throw new VaultError("usage", "--placeholder takes how a placeholder begins, one class of characters and how many of them, with 128 bits at least", `such as xyz_[A-Za-z0-9]{32}; the classes are ${TEMPLATE_CLASSES.map((name) => `[${name}]`).join(" ")}`);
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
