// Which variables hold what a run keeps from its program. Pure.
import { equalBytes } from "../bytes.ts";
import { Secret } from "../secret.ts";
import { isRunProxy } from "./clients/proxy-variables.ts";

export interface Hiding {
  /** Values that the child must not see, wherever it would inherit them. */
  readonly hidden: readonly { readonly value: Secret; readonly placeholder: string }[];
  /** Variables beside `VAULT_*` that hold key material: the one that the env provider was told to read, say. */
  readonly withheld?: readonly string[];
}

export type Hidden =
  | { readonly kind: "whole"; readonly placeholder: string }
  /** Within a longer value: it cannot be swapped without breaking what reads that. */
  | { readonly kind: "part" };

/** Below this a value turns up in others by chance. */
export const CONTAINED_BYTES_MIN = 8;
/** Of ours, and of HashiCorp's CLI. Others of that prefix say where things are. */
const SECRET_VAULT = /^VAULT_(?:.*_)?(?:PASSPHRASE|PASSWORD|TOKEN|KEY|SECRET|SECRET_ID)$/;
const PROXY = /_PROXY$/;
const PASSWORD = /^[^/@]*(?:\/\/)?[^/@]+@/;

/** What of a variable's value is to be hidden, if anything. */
export function findHidden(value: string, hidden: Hiding["hidden"]): Hidden | undefined {
  const bytes = Buffer.from(value);
  const same = hidden.find((secret) => secret.value.length > 0 && equalBytes(secret.value.reveal(), bytes));
  if (same !== undefined) return { kind: "whole", placeholder: same.placeholder };
  return hidden.some((secret) => secret.value.length >= CONTAINED_BYTES_MIN && bytes.indexOf(secret.value.reveal()) >= 0) ? { kind: "part" } : undefined;
}

/** True for a proxy's URL with a credential of the user's in it. @param name in capitals. */
export function isProxyCredential(name: string, value: string): boolean {
  return PROXY.test(name) && PASSWORD.test(value) && !isRunProxy(value);
}

/** True for a key, a passphrase, a proxy's credential, or a value that is hidden: whoever reads the variable in the environment of another process has got it. */
export function isSecretVariable(name: string, value: string, { hidden, withheld = [] }: Hiding): boolean {
  const folded = name.toUpperCase();
  if (value === "") return false;
  return SECRET_VAULT.test(folded) || withheld.some((other) => other.toUpperCase() === folded) || isProxyCredential(folded, value) || findHidden(value, hidden) !== undefined;
}

/** The bytes with each hidden value replaced by its placeholder; undefined where there is none in them. Short values, which turn up by chance, stay. */
export function replaceHidden(bytes: Uint8Array, hidden: Hiding["hidden"]): Uint8Array | undefined {
  const longestFirst = hidden.filter(({ value }) => value.length >= CONTAINED_BYTES_MIN).sort((one, other) => other.value.length - one.value.length);
  // As Latin-1, each byte is a letter, and text of any encoding stays what it is.
  const before = Buffer.from(bytes).toString("latin1");
  const after = longestFirst.reduce((text, { value, placeholder }) => text.replaceAll(Buffer.from(value.reveal()).toString("latin1"), () => placeholder), before);
  return after === before ? undefined : Buffer.from(after, "latin1");
}

/** How else a file of settings may spell the values: in double quotes, with other line ends, in a URL. The caller wipes them. */
export function spellOtherwise(hidden: Hiding["hidden"]): Hiding["hidden"] {
  return hidden.flatMap(({ value, placeholder }) => {
    const text = Buffer.from(value.reveal()).toString("utf8");
    const line = text.trimEnd();
    const others = new Set([line, JSON.stringify(text).slice(1, -1), line.replaceAll("\n", "\\n"), text.replaceAll("\n", "\r\n"), line.replaceAll("$", "\\$"), encodeURIComponent(line)]);
    others.delete(text);
    return [...others].map((other) => ({ value: Secret.fromText(other), placeholder }));
  });
}
