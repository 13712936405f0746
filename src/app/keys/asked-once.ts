// A passphrase for an act that opens the vault twice: nobody types it twice.
import type { Secret } from "../../secret.ts";
import type { Surroundings } from "../surroundings.ts";

/** @returns surroundings that remember what was typed, until they are told to forget it. */
export function askedOnce(given: Surroundings): { readonly surroundings: Surroundings; readonly forget: () => void } {
  let asked: Promise<Secret | undefined> | undefined;
  const findPassphrase = async (): Promise<Secret | undefined> => {
    const passphrase = await (asked ??= given.findPassphrase());
    return passphrase?.copy();
  };
  return { surroundings: { ...given, findPassphrase }, forget: () => { void asked?.then((passphrase) => { passphrase?.wipe(); }, () => undefined); } };
}
