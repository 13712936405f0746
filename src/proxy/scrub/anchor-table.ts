// Where in each form the search takes hold of it, and what the form weighs around that place.
import type { Form } from "./form.ts";
import { oddKey } from "./form.ts";

export const WORD_BYTES = 4;
/** An anchor is so long: two words of a text, which are found in a table by their hash. */
export const ANCHOR_BYTES = 2 * WORD_BYTES;
/** No more than so many words of a form are weighed to either side of its anchor. */
export const SIDE_WORDS_MAX = 512;
const SIDE_BYTES_MAX = SIDE_WORDS_MAX * WORD_BYTES;
/** What a row has: how many words are weighed before the anchor's beginning, and from there on; the factor of what comes before them; their weight. */
const ROW_NUMBERS = 4;
/** There is room for so many anchors for each that there is: they lie apart. */
const ROOM = 32;
/** Of a place in the smallest table. */
const BITS_MIN = 14;
/** So often keys are made for a table, where two anchors that differ would have one place. With many forms there are always some, and a second table. */
const [TRIES, RETRIED_FORMS_MAX] = [8, 128] as const;
/** So many beginnings of a form's anchors are tried. */
const BASES_MAX = 32;
/** Each table is another pass over a text. In the last one forms share places. */
const TABLES_MAX = 2;
/** Large letters are weighed as if they were small ones: forms are in pairs that differ in nothing else, and can have one row together. */
const FOLD_BYTE = 0x20;
export const FOLD = 0x20202020;

/** A form, and where in it an anchor begins. */
export interface Hold {
  readonly form: Form;
  readonly offset: number;
}

export interface AnchorTable {
  /** Of an anchor's hash: a factor for either word. */
  readonly keys: readonly [number, number];
  /** The first bits of an anchor's hash are its place in `rowAt`, where the beginning of its row in `rows` stands. */
  readonly shift: number;
  readonly rowAt: Uint16Array | Int32Array;
  /** The first row is for what is no form's anchor. No text weighs as much. */
  readonly rows: Int32Array;
  readonly holdsAt: (row: number) => readonly Hold[];
}

/** Forms whose anchors are found in one place, and what they have alike around it: so many bytes before the anchor's beginning, and from there on. */
interface Anchor {
  readonly holds: Hold[];
  /** Of the first of them. */
  readonly wordAt: WordAt;
  before: number;
  after: number;
}

/** The word of a form that begins there, folded, as the processor reads it from memory. */
type WordAt = (offset: number) => number;

interface FilledTable {
  readonly keys: readonly [number, number];
  readonly anchors: ReadonlyMap<number, Anchor>;
  /** Forms that are in it in part or not at all. */
  readonly rest: readonly Form[];
  /** How many of those would be in it, were it not for a hash. */
  readonly clashes: number;
}

/**
 * Tables in which every form has its own rows, and is weighed whole. Only where many forms are alike for the most part, some are weighed by what they have alike.
 *
 * @param phases how many anchors, each a byte further, every form needs.
 * @param power of a weight: it is a sum of words, each times this once for every word behind it.
 */
export function makeAnchorTables(forms: readonly Form[], phases: number, power: number): AnchorTable[] {
  const tables: AnchorTable[] = [];
  let rest: readonly Form[] = [...forms].sort((a, b) => a.bytes.length - b.bytes.length);
  while (rest.length > 0) {
    const isLast = tables.length === TABLES_MAX - 1;
    const shift = 32 - Math.max(BITS_MIN, Math.ceil(Math.log2(rest.length * phases * ROOM)));
    let filled = fillTable(rest, phases, shift, isLast);
    for (let tries = 1; filled.clashes > 0 && rest.length <= RETRIED_FORMS_MAX && tries < TRIES; tries += 1) {
      const next = fillTable(rest, phases, shift, isLast);
      if (next.clashes < filled.clashes) filled = next;
    }
    tables.push(layOut(filled, shift, power));
    if (isLast) break;
    ({ rest } = filled);
  }
  return tables;
}

/** @param shares whether forms that find no place of their own are put where the most of them is weighed. */
function fillTable(forms: readonly Form[], phases: number, shift: number, shares: boolean): FilledTable {
  const keys = [oddKey(), oddKey()] as const;
  const anchors = new Map<number, Anchor>();
  const rest: Form[] = [];
  let clashes = 0;
  for (const form of forms) {
    const wordAt = foldedWords(form.bytes);
    const placeAt = (offset: number): number => (Math.imul(wordAt(offset), keys[0]) + Math.imul(wordAt(offset + WORD_BYTES), keys[1])) >>> shift;
    const { base, alikeBytes } = chooseBase(form, placeAt, phases, anchors);
    if (alikeBytes < ANCHOR_BYTES) clashes += 1;
    if (alikeBytes < Infinity) {
      rest.push(form);
      if (!shares) continue;
    }
    for (let offset = base; offset < base + phases; offset += 1) {
      const place = placeAt(offset);
      const anchor = anchors.get(place);
      if (anchor === undefined) anchors.set(place, { holds: [{ form, offset }], wordAt, before: Math.min(offset, SIDE_BYTES_MAX), after: Math.min(form.bytes.length - offset, SIDE_BYTES_MAX) });
      else {
        const { before, after } = alike(anchor, form, offset);
        anchor.before = before;
        anchor.after = after;
        anchor.holds.push({ form, offset });
      }
    }
  }
  return { keys, anchors, rest, clashes };
}

/** Where the form's anchors may begin: where no other has any of their places, or else where what they have alike is longest. Infinity where nothing else need be in one row with the form. */
function chooseBase(form: Form, placeAt: (offset: number) => number, phases: number, anchors: ReadonlyMap<number, Anchor>): { readonly base: number; readonly alikeBytes: number } {
  const last = form.bytes.length - ANCHOR_BYTES - phases + 1;
  let [best, most] = [0, -1];
  for (let base = 0, tries = 0; base <= last && tries < BASES_MAX; tries += 1) {
    let [least, leastAt] = [Infinity, base];
    const own = new Set<number>();
    for (let offset = base; offset < base + phases; offset += 1) {
      const place = placeAt(offset);
      if (own.has(place)) [least, leastAt] = [0, offset];
      own.add(place);
      const anchor = anchors.get(place);
      if (anchor === undefined) continue;
      const { before, after } = alike(anchor, form, offset);
      if (before === anchor.before && after === anchor.after && before + after === form.bytes.length) continue;
      if (before + after <= least) [least, leastAt] = [before + after, offset];
    }
    if (least === Infinity) return { base, alikeBytes: Infinity };
    if (least > most) [best, most] = [base, least];
    base = leastAt + 1;
  }
  return { base: best, alikeBytes: most };
}

/** What is alike still, with this form. */
function alike({ holds: [first], before, after }: Anchor, { bytes }: Form, offset: number): Pick<Anchor, "before" | "after"> {
  if (first === undefined) return { before, after };
  const [other, at] = [first.form.bytes, first.offset];
  const isAlike = (by: number): boolean => ((bytes[offset + by] ?? 0) | FOLD_BYTE) === ((other[at + by] ?? 0) | FOLD_BYTE);
  let [back, on] = [0, 0];
  while (on < after && offset + on < bytes.length && isAlike(on)) on += 1;
  while (on > 0 && back < before && back < offset && isAlike(-back - 1)) back += 1;
  return { before: back, after: on };
}

function layOut({ keys, anchors }: FilledTable, shift: number, power: number): AnchorTable {
  const rows = new Int32Array((anchors.size + 1) * ROW_NUMBERS);
  // The smaller it is, the nearer to the processor it stays.
  const rowAt = rows.length <= 65_536 ? new Uint16Array(2 ** (32 - shift)) : new Int32Array(2 ** (32 - shift));
  rows.set([0, 0, 1, 1]);
  const holds: (readonly Hold[])[] = [[]];
  for (const [place, anchor] of anchors) {
    const [first] = anchor.holds;
    if (first === undefined) continue;
    const [before, after] = [wholeWords(anchor.before), wholeWords(anchor.after)];
    let [factor, weight] = [1, 0];
    for (let offset = first.offset - before * WORD_BYTES; offset < first.offset + after * WORD_BYTES; offset += WORD_BYTES) {
      factor = Math.imul(factor, power);
      weight = (Math.imul(weight, power) + anchor.wordAt(offset)) | 0;
    }
    rowAt[place] = holds.length * ROW_NUMBERS;
    rows.set([before, after, factor, weight], holds.length * ROW_NUMBERS);
    holds.push(anchor.holds);
  }
  return { keys, shift, rowAt, rows, holdsAt: (row) => holds[row / ROW_NUMBERS] ?? [] };
}

function wholeWords(bytes: number): number {
  return Math.floor(bytes / WORD_BYTES);
}

function foldedWords(bytes: Uint8Array): WordAt {
  const words = Array.from({ length: WORD_BYTES }, (_none, start) => {
    const end = bytes.length - ((bytes.length - start) % WORD_BYTES);
    return new Int32Array(new Uint8Array(bytes.subarray(start, end)).buffer);
  });
  return (offset) => (words[offset % WORD_BYTES]?.[offset >> 2] ?? 0) | FOLD;
}
