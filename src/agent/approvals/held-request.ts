// What waits for a person: a request of a program's that a rule has somebody asked for, or something that a program wishes for. What is in it the program has chosen, but for the names of secrets, rules and programs:
// whoever shows it makes what cannot be seen visible.
import { encodeBase64, findBase64, findText, utf8 } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import { parseArray, parseBoolean, parseInteger, parseText } from "../../vault/json-shape.ts";
import { parseBytes, parseMembers } from "../wire/message.ts";

/** The longest body that is held, and that a person can read. */
const HELD_BODY_BYTES_MAX = 1024 * 1024;
const SECRETS_MAX = 256;
const RULES_MAX = 256;
const PROGRAMS_MAX = 16;
const TEXT_MAX = 8192;
/** Of a target: what the proxy's parser lets through is shorter. */
const PATH_MAX = 128 * 1024;
const BODY_MAX = 2 ** 53 - 1;
/** The longest body, twice in base64, and what stands around it. */
const HELD_BYTES_MAX = 3 * HELD_BODY_BYTES_MAX;

export type HeldBody =
  | { readonly kind: "none" }
  /** With placeholders in it, and not values. */
  | { readonly kind: "held"; readonly bytes: Uint8Array }
  /** It is not shown. `isHashed`: it counts in the digest. Otherwise it has not been read: it is asked for before it is. `length` in bytes, null where nobody has said. */
  | { readonly kind: "unread"; readonly length: number | null; readonly isHashed: boolean };

export interface HeldRequest {
  readonly kind: "request" | "wish";
  /** The run's id, as the log has it. */
  readonly run: string;
  /** Which programs ask, the nearest first, then their parents: as the system names them. Empty where it does not tell. */
  readonly programs: readonly string[];
  readonly secrets: readonly string[];
  /** What these are called for ever: two scopes may have secrets of one name. */
  readonly secretIds: readonly string[];
  /** Those that have it asked for, as they were typed. */
  readonly rules: readonly string[];
  readonly method: string;
  /** `host:port`. */
  readonly host: string;
  /** Path and query as they were sent, placeholders and not values in them. Of a wish: why, in the program's words. */
  readonly path: string;
  readonly body: HeldBody;
  /** SHA-256 over all that the request is, hex. */
  readonly digest: string;
}

/** As it goes across the socket: base64 of JSON, as is all that a program has chosen. */
export function encodeHeld({ body, ...request }: HeldRequest): string {
  return encodeBase64(utf8(JSON.stringify({ ...request, body: body.kind === "held" ? { kind: body.kind, bytes: encodeBase64(body.bytes) } : body })));
}

/** @throws VaultError for anything but a request that can be held, correct in every detail. */
export function parseHeld(value: unknown): HeldRequest {
  const held = parseMembers(parseJson(parseBytes(value, 1, HELD_BYTES_MAX)), ["kind", "run", "programs", "secrets", "secretIds", "rules", "method", "host", "path", "body", "digest"]);
  const { kind } = held;
  if (kind !== "request" && kind !== "wish") throw new VaultError("bad-schema", "nothing like that is held");
  return {
    kind,
    run: parseMatching(held["run"], /^[0-9a-f]{1,64}$/, "a run's id"),
    programs: parseTexts(held["programs"], PROGRAMS_MAX, "the programs"),
    secrets: parseTexts(held["secrets"], SECRETS_MAX, "the secrets"),
    secretIds: parseTexts(held["secretIds"], SECRETS_MAX, "the secrets' ids"),
    rules: parseTexts(held["rules"], RULES_MAX, "the rules"),
    method: parseBounded(held["method"], TEXT_MAX, "the method"),
    host: parseBounded(held["host"], TEXT_MAX, "the host"),
    path: parseBounded(held["path"], PATH_MAX, "the path"),
    body: parseBody(held["body"]),
    digest: parseDigest(held["digest"]),
  };
}

/** @throws VaultError unless it is the SHA-256 of something, hex. */
export function parseDigest(value: unknown): string {
  return parseMatching(value, /^[0-9a-f]{64}$/, "a digest");
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(findText(bytes) ?? "");
  } catch {
    throw new VaultError("bad-schema", "no JSON");
  }
}

function parseBody(value: unknown): HeldBody {
  const { kind } = typeof value === "object" && value !== null && "kind" in value ? value : { kind: undefined };
  switch (kind) {
    case "none":
      parseMembers(value, ["kind"]);
      return { kind };
    case "held": {
      const text = parseText(parseMembers(value, ["kind", "bytes"])["bytes"], "a body");
      const bytes = text.length > 2 * HELD_BODY_BYTES_MAX ? undefined : findBase64(text);
      if (bytes === undefined || bytes.length > HELD_BODY_BYTES_MAX) throw new VaultError("out-of-bounds", "a body is not base64, or too long to be held");
      return { kind, bytes };
    }
    case "unread": {
      const { length, isHashed } = parseMembers(value, ["kind", "length", "isHashed"]);
      return { kind, length: length === null ? null : parseInteger(length, 0, BODY_MAX, "the length of a body"), isHashed: parseBoolean(isHashed, "isHashed") };
    }
    default:
      throw new VaultError("bad-schema", "no such body");
  }
}

function parseTexts(value: unknown, lengthMax: number, what: string): string[] {
  return parseArray(value, lengthMax, what).map((text) => parseBounded(text, TEXT_MAX, what));
}

/** @throws VaultError `bad-schema`, or `out-of-bounds` for a longer text. */
function parseBounded(value: unknown, lengthMax: number, what: string): string {
  const text = parseText(value, what);
  if (text.length > lengthMax) throw new VaultError("out-of-bounds", `${what}: more than ${lengthMax}`);
  return text;
}

function parseMatching(value: unknown, form: RegExp, what: string): string {
  const text = parseText(value, what);
  if (!form.test(text)) throw new VaultError("bad-schema", `${what} looks otherwise`);
  return text;
}
