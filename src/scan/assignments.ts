// Values that a name stands before, as programs, settings, shells and manifests write that. Pure.
import type { Attention } from "./attention.ts";
import type { Hit, Judges } from "./clue.ts";
import { bitsPerCharacter, isInnocent } from "./innocent.ts";

const VALUE = `"((?:[^"\\\\\\n]|\\\\.){1,4096})"|'([^'\\n]{1,4096})'`;
const PLAIN_VALUE = `((?:(?:bearer|basic|token|bot)[ \\t]{1,4})?[^\\s"'\`,;<>(){}\\[\\]]{1,4096})`;
/** Without quotes, to its end: what goes on with a bracket is a call, and no value. Properties escape their own signs. */
const BARE_VALUE = `((?:(?:bearer|basic|token|bot)[ \\t]{1,4})?(?:[^\\s"'\`,;<>(){}\\[\\]\\\\]|\\\\[=:#!]){16,512})(?=[\\s"'\`,;)}\\]<]|\\\\[rnt"]|$)`;
export const NAME = "([A-Za-z_][A-Za-z0-9_.-]{0,127})";
/** Where a word begins. */
export const FRESH = "(?<![A-Za-z0-9_.$-])";
/** Many line their signs up. */
const SIGN = "[ \\t]{0,32}(?:=>|:=|[:=])[ \\t]{0,32}";
const QUOTED_ASSIGNMENT = new RegExp(`${FRESH}["']?${NAME}["']?${SIGN}(?:${VALUE})`, "g");
const ASSIGNMENT = new RegExp(`${FRESH}["']?(?:--?)?${NAME}["']?${SIGN}(?:${VALUE}|${PLAIN_VALUE})`, "gi");
const SHELL_ASSIGNMENT = new RegExp(`^[ \\t]{0,16}(?:export[ \\t]+)?([A-Z][A-Z0-9_]{2,127})=(?:${VALUE}|${PLAIN_VALUE})[ \\t]{0,16}$`, "gm");
/** Of YAML, INI, properties, lists of variables; in YAML a value may stand on the next line. */
const BARE_ASSIGNMENT = new RegExp(`${FRESH}(?:--?)?["']?${NAME}["']?${SIGN}(?:[|>][+-]?[ \\t]{0,4}\\r?\\n[ \\t]{1,64})?${BARE_VALUE}`, "gi");
/** Of Dockerfiles, web servers and C shells: a word that sets, a name, a value. */
const SET_LINE = new RegExp(`^[ \\t]{0,16}(?:ENV|ARG|SetEnv|setenv|set|fastcgi_param)[ \\t]{1,16}${NAME}[ \\t]{1,32}(?:${VALUE}|${BARE_VALUE})`, "gim");
/** Of manifests: a member that is the name, and next to it one that is the value. */
const NAMED_MEMBER = new RegExp(`${FRESH}["']?(?:name|key)["']?[ \\t]{0,4}[:=][ \\t]{0,4}["']?${NAME}["']?,?\\s{1,64}["']?value["']?[ \\t]{0,4}[:=][ \\t]{0,4}(?:${VALUE}|${BARE_VALUE})`, "gi");
const FLAG = new RegExp(`(?<!\\S)--?([A-Za-z][A-Za-z0-9-]{0,63})[ \\t]{1,4}(?:${VALUE}|${PLAIN_VALUE})`, "gi");
const ELEMENT = /<([A-Za-z][A-Za-z0-9.-]{0,63})>([^<>\s]{1,4096})<\/\1>/g;
const NETRC = /(?<!\S)(password|account)\s{1,16}(\S{1,1024})/g;
const PGPASS = /^[^#:\n][^:\n]{0,255}:[^:\n]{0,16}:[^:\n]{0,128}:[^:\n]{0,128}:([^\n]{1,1024})$/gm;
const WHOLE = /^\s{0,16}(\S{8,4096})\s{0,16}$/g;
const SCHEME = /^(?:bearer|basic|token|bot)[ \t]+(?=\S+$)/i;
const LENGTH_MIN = 16;
const BITS_MIN = { hex: 3, other: 3.5 } as const;
/** Of 40 characters of base64 that are drawn by chance, nearly all have more: 4.5 to 5 bits, and six turns in ten. */
const DRAWN_BITS_MIN = 4.2;
const DRAWN_TURNS_MIN = 0.45;
/** What is left of words are numbers and single letters; of what is drawn, most is left. */
const REST_OF_WORDS_MAX = 0.25;

export function* findNamed(text: string, attention: Attention, judges: Judges): Generator<Hit> {
  if (attention === "source" || attention === "lines") {
    const isSure = (name: string, value: string): boolean => isSureSecret(name, value, judges);
    for (const pattern of [QUOTED_ASSIGNMENT, SHELL_ASSIGNMENT, NAMED_MEMBER]) yield* findAssigned(text, pattern, isSure);
    if (attention === "lines") for (const pattern of [BARE_ASSIGNMENT, SET_LINE, ELEMENT]) yield* findAssigned(text, pattern, (name, value) => !isPath(value) && isSure(name, value));
    return;
  }
  const looks = (name: string, value: string): boolean => judges.isCredential(name, value);
  // A form of its own goes first: a password may have an equals sign in it.
  if (attention === "history") yield* findAssigned(text, FLAG, looks);
  if (attention === "netrc") yield* findAssigned(text, NETRC, () => true);
  const own = attention === "pgpass" ? PGPASS : attention === "token" ? WHOLE : undefined;
  if (own !== undefined) for (const { 0: whole, 1: value = "", index } of text.matchAll(own)) yield { kind: "assignment", name: undefined, service: undefined, start: index + whole.indexOf(value), end: index + whole.indexOf(value) + value.length, value };
  yield* findAssigned(text, ASSIGNMENT, looks);
  yield* findAssigned(text, ELEMENT, looks);
}

function* findAssigned(text: string, pattern: RegExp, isMeant: (name: string, value: string) => boolean): Generator<Hit> {
  // A copy: somebody else may go on with the pattern in the meantime.
  const search = new RegExp(pattern);
  for (let match = search.exec(text); match !== null; match = search.exec(text)) {
    const [whole, name = "", ...values] = match;
    // Of the ways to write a value, one has matched.
    const written = values.join("");
    const bare = written.replace(SCHEME, "");
    // Behind the word `Bearer`, whatever the header is called.
    const folded = bare.length < written.length ? "TOKEN" : fold(name);
    const value = pattern === BARE_ASSIGNMENT ? bare.replaceAll(/\\([=:#!])/g, "$1") : bare;
    const start = match.index + whole.lastIndexOf(bare);
    if (value === "" || isInnocent(value)) continue;
    if (isMeant(folded, value)) yield { kind: "assignment", name, service: undefined, start, end: start + bare.length, value };
    // `Environment=NAME=VALUE`: what is no value may be a name, and has one of its own.
    else if (pattern === BARE_ASSIGNMENT) search.lastIndex = match.index + whole.indexOf(name) + name.length;
  }
}

function isSureSecret(name: string, value: string, { isSecretName, isRandom }: Judges): boolean {
  if (value.length < LENGTH_MIN || /[\s\\]/.test(value) || !isSecretName(name) || isWords(value) || !(isRandom(value) || isDrawn(value))) return false;
  return bitsPerCharacter(value) >= (/^[0-9a-f-]+$/i.test(value) ? BITS_MIN.hex : BITS_MIN.other);
}

/** `myClientSecret2ForTests`, `prod/db-password/Main2`. */
function isWords(value: string): boolean {
  return /[A-Z/_.-]/.test(value) && value.replaceAll(/[A-Z][a-z]{2,}|[a-z]{3,}|[A-Z]{3,}|[^A-Za-z0-9]/g, "").length <= value.length * REST_OF_WORDS_MAX;
}

/** Base64 whose signs cut it into parts that are too short to judge each by itself. */
function isDrawn(value: string): boolean {
  if (!/^[A-Za-z0-9+/_-]{32,}={0,2}$/.test(value) || bitsPerCharacter(value) < DRAWN_BITS_MIN) return false;
  const kinds = value.replaceAll(/[a-z]/g, "a").replaceAll(/[A-Z]/g, "A").replaceAll(/[0-9]/g, "0");
  return ["a", "A", "0"].every((kind) => kinds.split(kind).length > 3) && kinds.replaceAll(/(.)\1+/g, "$1").length >= kinds.length * DRAWN_TURNS_MIN;
}

/** A secret in base64 may begin with a stroke as well, and hardly goes on as a folder's name does. */
function isPath(value: string): boolean {
  return /^(?:\.{1,2}\/|~\/|[A-Za-z]:[\\/]|\/[a-z][a-z0-9_.-]*\/)|\.(?:pem|key|crt|cer|p12|pfx|jks|json|ya?ml|toml|txt|env|conf|pub|gpg|asc|html?|php|js|ts|py|sh)$/.test(value);
}

/** `clientSecret`, `client-secret`, `client.secret`: CLIENT_SECRET. */
export function fold(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/[.-]/g, "_").toUpperCase();
}
