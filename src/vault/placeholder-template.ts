// What a placeholder looks like: in `github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}` some letters stay as they are, and classes say how many characters of which are drawn.

export interface Alphabet {
  /** Its class, without brackets. */
  readonly name: string;
  readonly characters: string;
  /** So many characters are 128 bits: nobody guesses them. */
  readonly leastCount: number;
}

export type TemplatePiece = { readonly kind: "literal"; readonly text: string } | { readonly kind: "drawn"; readonly alphabet: Alphabet; readonly count: number };

export interface PlaceholderTemplate {
  readonly text: string;
  readonly pieces: readonly TemplatePiece[];
  /** What the last 128 bits are drawn from. */
  readonly lastAlphabet: Alphabet;
}

const DIGITS = "0123456789";
const SMALL = "abcdefghijklmnopqrstuvwxyz";
const CAPITALS = SMALL.toUpperCase();

/** What placeholders are made of, and nothing else: who looks for them has to know. All of it stands in headers, URLs and JSON as it is. */
export const ALPHABETS = {
  digits: makeAlphabet("0-9", DIGITS),
  hex: makeAlphabet("0-9a-f", `${DIGITS}abcdef`),
  capitalHex: makeAlphabet("0-9A-F", `${DIGITS}ABCDEF`),
  small: makeAlphabet("a-z", SMALL),
  capitals: makeAlphabet("A-Z", CAPITALS),
  smallAndDigits: makeAlphabet("a-z0-9", SMALL + DIGITS),
  capitalsAndDigits: makeAlphabet("A-Z0-9", CAPITALS + DIGITS),
  letters: makeAlphabet("A-Za-z", CAPITALS + SMALL),
  lettersAndDigits: makeAlphabet("A-Za-z0-9", CAPITALS + SMALL + DIGITS),
} as const;

/** The classes of templates. Of the one with - and _ in it, letters and digits alone are drawn: all of its characters would be no harder to guess, and these two separate words. */
const CLASSES: ReadonlyMap<string, Alphabet> = new Map([...Object.values(ALPHABETS).map((alphabet) => [alphabet.name, alphabet] as const), ["A-Za-z0-9_-", ALPHABETS.lettersAndDigits]]);
export const TEMPLATE_CLASSES = [...CLASSES.keys()];

const LENGTH_MAX = 512;
const PIECE = /(?<text>[A-Za-z0-9_.:-]+)|\[(?<name>[^\]]*)\]\{(?<count>[1-9][0-9]{0,2})\}/y;
/** What separates the parts of a key. It tells nothing, and the characters on both sides count as one row. */
const SEPARATORS = /^[_.:-]+$/;

/**
 * What a secret's record may say, a service's file, and the user (FORMAT.md, "Placeholders").
 *
 * @returns undefined for what is no template: other characters, an unknown class, more than 512 characters, a `-` at the beginning (programs take that for a flag),
 *   or anything but 128 bits from one alphabet at the end, with nothing but separators among them. Behind them only what begins with a separator may stand (DeepL's `:fx`).
 */
export function findPlaceholderTemplate(text: string): PlaceholderTemplate | undefined {
  const pieces = findPieces(text);
  const last = pieces?.findLast((piece) => piece.kind === "drawn");
  if (pieces === undefined || last === undefined || text.startsWith("-") || !/^(?:[_.:-]|$)/.test(literalEnd({ pieces }))) return undefined;
  if (lengthOf({ pieces }) > LENGTH_MAX) return undefined;
  return countLast(pieces, last.alphabet) < last.alphabet.leastCount ? undefined : { text, pieces, lastAlphabet: last.alphabet };
}

/** One of the program's own. @throws RangeError */
export function getPlaceholderTemplate(text: string): PlaceholderTemplate {
  const template = findPlaceholderTemplate(text);
  if (template === undefined) throw new RangeError(`"${text}" is no template`);
  return template;
}

/** The letters at the beginning that stay as they are. */
export function literalStart({ pieces: [first] }: Pick<PlaceholderTemplate, "pieces">): string {
  return first?.kind === "literal" ? first.text : "";
}

/** Those at the end. */
export function literalEnd({ pieces }: Pick<PlaceholderTemplate, "pieces">): string {
  const last = pieces.at(-1);
  return last?.kind === "literal" ? last.text : "";
}

/** Of what is made by it, in characters. */
export function lengthOf({ pieces }: Pick<PlaceholderTemplate, "pieces">): number {
  return pieces.reduce((sum, piece) => sum + (piece.kind === "literal" ? piece.text.length : piece.count), 0);
}

function findPieces(text: string): TemplatePiece[] | undefined {
  const pieces: TemplatePiece[] = [];
  for (let at = 0; at < text.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const groups = PIECE.exec(text)?.groups;
    if (groups === undefined) return undefined;
    if (groups["text"] !== undefined) pieces.push({ kind: "literal", text: groups["text"] });
    else {
      const alphabet = CLASSES.get(groups["name"] ?? "");
      if (alphabet === undefined) return undefined;
      pieces.push({ kind: "drawn", alphabet, count: Number(groups["count"]) });
    }
  }
  return pieces;
}

/** How many characters of the alphabet are drawn at the end, before anything else stands. */
function countLast(pieces: readonly TemplatePiece[], alphabet: Alphabet): number {
  let count = 0;
  for (const piece of pieces.slice(0, pieces.at(-1)?.kind === "literal" ? -1 : undefined).reverse()) {
    if (piece.kind === "literal" ? !SEPARATORS.test(piece.text) : piece.alphabet !== alphabet) break;
    if (piece.kind === "drawn") count += piece.count;
  }
  return count;
}

function makeAlphabet(name: string, characters: string): Alphabet {
  return { name, characters, leastCount: Math.ceil(128 / Math.log2(characters.length)) };
}
