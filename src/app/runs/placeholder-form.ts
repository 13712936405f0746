// What a secret's placeholder looks like: like its value, as far as that tells nothing that helps to guess it.
import type { Secret } from "../../secret.ts";
import type { Alphabet, PlaceholderTemplate } from "../../vault/placeholder-template.ts";
import { ALPHABETS, getPlaceholderTemplate, literalEnd, literalStart } from "../../vault/placeholder-template.ts";

/** Lengths that keys have. A longer value gets the next one: which it is exactly does not show, nor how long one beyond the last is. */
const LENGTHS = [32, 35, 40, 48, 64, 96, 128, 192, 256];
/** What a placeholder begins with where its alphabet has these letters, so that people know it for one. */
const NAMES: readonly (readonly [Alphabet, string, RegExp])[] = [
  [ALPHABETS.digits, "", /^[0-9]*$/],
  [ALPHABETS.hex, "", /^[0-9a-f]*$/],
  [ALPHABETS.capitalHex, "", /^[0-9A-F]*$/],
  [ALPHABETS.smallAndDigits, "vaultph", /^[a-z0-9]*$/],
  [ALPHABETS.capitalsAndDigits, "VAULTPH", /^[A-Z0-9]*$/],
  [ALPHABETS.lettersAndDigits, "vaultph", /^[A-Za-z0-9]*$/],
];
const USUAL_NAME = "vault_ph_";
const USUAL_LENGTH = 35;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** With no version in it, all of it is drawn. */
const LIKE_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const WEB_TOKEN = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** `{"alg":"HS256","typ":"JWT"}` and `{}`: clients that look into a token find one that claims nothing and never expires. */
const LIKE_WEB_TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.[A-Za-z0-9]{43}";

/**
 * The form of a service's keys that begins and ends as the value does, else the first of them. Beginnings of keys are public, as are such ends: they stand in the service's file, and of the value nothing else shows.
 *
 * @param forms those of the secret's service; none where it has no service.
 */
export function chooseForm(value: Secret, forms: readonly PlaceholderTemplate[]): PlaceholderTemplate {
  const bytes = value.reveal();
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const fitting = forms.filter((form) => text.startsWith(literalStart(form)) && text.endsWith(literalEnd(form))).sort((a, b) => knownLength(b) - knownLength(a));
  return fitting[0] ?? forms[0] ?? formLike(text);
}

function knownLength(form: PlaceholderTemplate): number {
  return literalStart(form).length + literalEnd(form).length;
}

/**
 * For a value that nobody knows the form of: its alphabet and about its length, where it has 128 bits by these alone. What is shorter could be
 * guessed, and of that nothing is told but that it is short; nothing of a beginning either, which may be a part of the secret.
 */
function formLike(text: string): PlaceholderTemplate {
  if (UUID.test(text)) return getPlaceholderTemplate(LIKE_UUID);
  if (WEB_TOKEN.test(text)) return getPlaceholderTemplate(LIKE_WEB_TOKEN);
  const [alphabet, name] = NAMES.find(([one, , pattern]) => text.length >= one.leastCount && pattern.test(text)) ?? [ALPHABETS.lettersAndDigits, USUAL_NAME];
  const least = name === USUAL_NAME ? USUAL_LENGTH : name.length + alphabet.leastCount;
  const length = LENGTHS.find((one) => one >= Math.max(text.length, least)) ?? Math.max(...LENGTHS);
  return getPlaceholderTemplate(`${name}[${alphabet.name}]{${length - name.length}}`);
}
