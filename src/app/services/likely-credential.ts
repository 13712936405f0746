// Whether a variable of a `.env` file is a credential, by all that is known here: its name, the shapes of known services' keys, and its looks.
import type { KeyLook } from "../../env-files/credential-look.ts";
import { looksLikeCredential } from "../../env-files/credential-look.ts";
import type { Registry } from "../../services/registry.ts";
import { findServiceOfVariable } from "../../services/registry.ts";
import { lengthOf, literalStart } from "../../vault/placeholder-template.ts";

/** @returns the test for a variable and its value as the program would get it. */
export function makeCredentialTest(registry: Registry): (name: string, text: string) => boolean {
  const looks = keyLooks(registry);
  return (name, text) => (text !== "" && findServiceOfVariable(registry, name) !== undefined) || looksLikeCredential(name, text, looks);
}

/** What of the forms of known keys tells one by itself: a beginning of three characters or more. */
export function keyLooks({ services }: Registry): KeyLook[] {
  return services.flatMap(({ placeholders }) => placeholders.map((form) => ({ start: literalStart(form), length: lengthOf(form) }))).filter(({ start }) => start.length >= 3);
}
