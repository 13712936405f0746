// Whether a variable of a `.env` file is a credential, by all that is known here: its name, the shapes of known services' keys, and its looks.
import { looksLikeCredential, tellingShapes } from "../../env-files/credential-look.ts";
import type { Registry } from "../../services/registry.ts";
import { findServiceOfVariable } from "../../services/registry.ts";

/** @returns the test for a variable and its value as the program would get it. */
export function makeCredentialTest(registry: Registry): (name: string, text: string) => boolean {
  const shapes = tellingShapes(registry.services.map(({ shape }) => shape));
  return (name, text) => (text !== "" && findServiceOfVariable(registry, name) !== undefined) || looksLikeCredential(name, text, shapes);
}
