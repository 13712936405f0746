import { VaultError } from "../errors.ts";

/** The vault file itself nests four levels deep. */
const DEPTH_MAX = 8;

/**
 * Counts brackets outside strings before anything is parsed, so that a file of a million `[` costs a glance.
 *
 * @throws VaultError `too-deep` beyond 8 levels.
 */
function requireShallow(text: string): void {
  // What has no more brackets than that, in strings or not, nests no deeper: nearly every text, and told many times as quickly.
  if (text.replace(NO_OPENING, "").length <= DEPTH_MAX) return;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (isInString) {
      if (unit === BACKSLASH) at += 1;
      else if (unit === QUOTE) isInString = false;
    } else if (unit === QUOTE) isInString = true;
    else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      depth += 1;
      if (depth > DEPTH_MAX) throw new VaultError("too-deep", `the vault file nests deeper than ${DEPTH_MAX} levels`);
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) depth -= 1;
  }
}

const NO_OPENING = /[^[{]+/g;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** JSON.parse quotes its input in its messages, so those go no further. @throws VaultError `too-deep`, `bad-json`. */
export function parseShallowJson(text: string): unknown {
  requireShallow(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new VaultError("bad-json", "the vault file is not valid JSON");
  }
}
