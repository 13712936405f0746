// Hosts that a person takes for another: told by what is left when letters that look the same are made the same.
import { domainToUnicode } from "node:url";

/** Letters of other scripts that stand for a Latin one on a screen (from Unicode's confusables), those that IDNA lets into a name. */
const TWINS: Readonly<Record<string, string>> = {
  а: "a", ɑ: "a", α: "a", в: "b", ь: "b", с: "c", ϲ: "c", ԁ: "d", е: "e", ҽ: "e", ɡ: "g", ց: "g", һ: "h", հ: "h", і: "i", ı: "i", ι: "i", ј: "j", к: "k", κ: "k", ӏ: "l", ⅼ: "l", м: "m",
  п: "n", ո: "n", о: "o", ο: "o", օ: "o", р: "p", ρ: "p", ԛ: "q", г: "r", ѕ: "s", τ: "t", т: "t", υ: "u", ս: "u", ѵ: "v", ν: "v", ԝ: "w", ω: "w", х: "x", χ: "x", у: "y", γ: "y", ᴢ: "z",
};
const PAIRS: readonly (readonly [RegExp, string])[] = [[/rn/g, "m"], [/vv/g, "w"], [/cl/g, "d"], [/0/g, "o"], [/[1|i]/g, "l"], [/5/g, "s"], [/[-_]/g, ""]];

/** What a host looks like. Two hosts that differ and share this are each other's look-alikes. @param host canonical, without port. */
export function skeletonOf(host: string): string {
  const letters = domainToUnicode(host).normalize("NFD").replace(/\p{M}/gu, "").replace(/[^a-z0-9.-]/gu, (letter) => TWINS[letter] ?? letter);
  return PAIRS.reduce((text, [pattern, twin]) => text.replace(pattern, twin), letters);
}

/** The name under which a host was registered, as far as one can tell without a list: two labels, or three below the likes of co.uk. */
export function registeredName(host: string): string {
  const labels = host.split(".");
  const [second = "", top = ""] = labels.slice(-2);
  return labels.slice(top.length === 2 && second.length <= 3 && labels.length > 2 ? -3 : -2).join(".");
}

/** The known host that another one looks like, if it is not below the same registered name. */
export function findLookedLike(host: string, known: readonly string[]): string | undefined {
  const name = registeredName(host);
  const skeleton = skeletonOf(name);
  return known.find((other) => registeredName(other) !== name && skeletonOf(registeredName(other)) === skeleton);
}
