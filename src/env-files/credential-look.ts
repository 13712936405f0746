// Whether a value looks like a credential, judged by its looks alone. Errs towards yes: a yes stops and asks, a no hands a key to a program.

/** Of names that say so; what follows the word, as in TOKEN_LIMIT or SECRET_NAME, makes it something else. */
const SECRET_NAME = /(?:^|_)(?:SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|PWD|API_?KEY|APIKEY|AUTH_?KEY|PRIVATE_?KEY|SECRET_?KEY|ACCESS_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|CREDENTIALS?)$/;
/** By convention these are built into what browsers download. */
const PUBLIC_NAME = /^(?:NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|REACT_APP|VITE|GATSBY|PUBLIC)_/;
/** Names of what merely identifies something. */
const IDENTIFYING_NAME = /(?:^|_)(?:ID|UUID|GUID|SHA|SHA256|COMMIT|REVISION|HASH|DIGEST|CHECKSUM|VERSION|TAG|FINGERPRINT|IMAGE)$/;

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY/;
const PUBLIC_BLOCK = /^-----BEGIN (?:CERTIFICATE|[A-Z ]*PUBLIC KEY)|^ssh-[a-z0-9-]+ |^ecdsa-/;
const WEB_TOKEN = /^eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\./;
const PLAIN = /^(?:true|false|yes|no|on|off|null|none|undefined|-?[0-9][0-9.,_]*[a-z%]{0,3}|change-?me|your[-_ ].*|<.*>|x+|\*+|\.{3}|…)$/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/([^/@:]*):([^/@]+)@(\[[^\]]*\]|[^/:]*)/i;
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\]|[a-z][a-z0-9-]*)$/i;
const PATH = /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/;
/** The pin of a package or an image: a hash that the world may know. */
const PINNED = /sha(?:256|384|512)[:-]/;

const NAMED_LENGTH_MIN = 8;
/** A part of the length that keys of a form have. */
const LIKE_LENGTH_MIN = 0.6;
const RANDOM_LENGTH_MIN = 16;
const DISTINCT_MIN = 9;
/** How often small letters, capitals and digits take turns: some 0.45 in random hex and 0.6 in base64, below 0.4 where capitals begin words. */
const TURNS_MIN = { withDigits: 0.28, withoutDigits: 0.42 } as const;

/** What tells a service's keys from other texts. */
export interface KeyLook {
  readonly start: string;
  /** Of a whole key, in characters; others of the same kind may be shorter or longer. */
  readonly length: number;
}

/**
 * @param looks of the keys of known services.
 * @param value as the program would get it.
 */
export function looksLikeCredential(name: string, value: string, looks: readonly KeyLook[]): boolean {
  const trimmed = value.trim();
  if (trimmed === "" || PLAIN.test(trimmed)) return false;
  if (PRIVATE_KEY.test(trimmed) || looks.some((look) => isLike(trimmed, look))) return true;
  if (PUBLIC_BLOCK.test(trimmed) || PINNED.test(trimmed)) return false;
  if (hasPassword(trimmed)) return true;
  const folded = name.toUpperCase();
  if (PUBLIC_NAME.test(folded)) return false;
  if (WEB_TOKEN.test(trimmed)) return true;
  if (SECRET_NAME.test(folded) && trimmed.length >= NAMED_LENGTH_MIN && !PATH.test(trimmed) && !/^https?:\/\//.test(trimmed)) return true;
  return !IDENTIFYING_NAME.test(folded) && hasRandomPart(trimmed);
}

/** @param name in capitals. */
export function isSecretVariable(name: string): boolean {
  return SECRET_NAME.test(name) && !PUBLIC_NAME.test(name);
}

/** One word, and not of small letters alone, as `re_calculate_something` is. */
function isLike(value: string, { start, length }: KeyLook): boolean {
  const rest = value.slice(start.length);
  return value.startsWith(start) && value.length >= length * LIKE_LENGTH_MIN && /^[A-Za-z0-9_.+/=:-]+$/.test(rest) && /[A-Z0-9]/.test(rest);
}

/** The password of a database on this machine that is the user's name is everybody's. */
function hasPassword(value: string): boolean {
  const [, user = "", password = "", host = ""] = URL_WITH_PASSWORD.exec(value) ?? [];
  if (password === "" || password.startsWith("$")) return false;
  return !(LOCAL.test(host) && (password === user || /^(?:pass|password|secret|example|test|dev)$/i.test(password)));
}

/** Whether a part of it looks drawn by chance: by its length, and by how often kinds of letters take turns. */
export function hasRandomPart(value: string): boolean {
  if (/\s/.test(value)) return value.split(/\s+/).some(hasRandomPart);
  return value.split(/[^A-Za-z0-9]+/).some(isRandom) || isUuid(value);
}

function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);
}

function isRandom(part: string): boolean {
  if (part.length < RANDOM_LENGTH_MIN || new Set(part).size < DISTINCT_MIN) return false;
  let turns = 0;
  for (let at = 1; at < part.length; at += 1) if (kindOf(part.charAt(at)) !== kindOf(part.charAt(at - 1))) turns += 1;
  return turns / (part.length - 1) >= (/[0-9]/.test(part) ? TURNS_MIN.withDigits : TURNS_MIN.withoutDigits);
}

function kindOf(letter: string): "digit" | "small" | "capital" {
  if (letter >= "0" && letter <= "9") return "digit";
  return letter >= "a" ? "small" : "capital";
}
